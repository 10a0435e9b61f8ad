// A transport over plain descriptors: pipes or a socket.
// SPDX-License-Identifier: MIT
#include "engine/net/transport.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace pgbraid::net {

namespace {

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR;
}

/// What a peer that ended at once leaves behind.
bool broken(int error_number) {
  return error_number == EPIPE || error_number == ECONNRESET;
}

class fd_transport final : public transport {
public:
  fd_transport(int read_fd, int write_fd) : read_fd_(read_fd), write_fd_(write_fd) {
    set_non_blocking(read_fd);
    if (write_fd != read_fd)
      set_non_blocking(write_fd);
    int type = 0;
    socklen_t size = sizeof(type);
    socket_ = ::getsockopt(write_fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  }
  ~fd_transport() override { close(); }

  result<progress> read(byte_span out) override {
    const auto got = ::read(read_fd_, out.data(), out.size());
    if (got > 0)
      return progress{.bytes = static_cast<size_t>(got)};
    if (got == 0 || broken(errno))
      return progress{.closed = true};
    if (would_block(errno))
      return progress{.waits_for = readiness::readable};
    return system_error(errc::protocol, "unable to read from the other host", errno);
  }

  result<progress> write(byte_view in) override {
    // A socket must not raise SIGPIPE; for pipes the process ignores it.
    const auto put = socket_ ? ::send(write_fd_, in.data(), in.size(), MSG_NOSIGNAL)
                             : ::write(write_fd_, in.data(), in.size());
    if (put >= 0)
      return progress{.bytes = static_cast<size_t>(put)};
    if (would_block(errno))
      return progress{.waits_for = readiness::writable};
    return system_error(errc::protocol, "unable to write to the other host", errno);
  }

  int read_fd() const override { return read_fd_; }
  int write_fd() const override { return write_fd_; }

  void close() override {
    if (read_fd_ >= 0)
      ::close(read_fd_);
    if (write_fd_ >= 0 && write_fd_ != read_fd_)
      ::close(write_fd_);
    read_fd_ = write_fd_ = -1;
  }

private:
  static void set_non_blocking(int fd) {
    if (const int flags = ::fcntl(fd, F_GETFL); flags >= 0)
      ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }

  int read_fd_;
  int write_fd_;
  bool socket_ = false;
};

} // namespace

std::unique_ptr<transport> make_fd_transport(int read_fd, int write_fd) {
  return std::make_unique<fd_transport>(read_fd, write_fd);
}

} // namespace pgbraid::net
