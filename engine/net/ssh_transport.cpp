// A transport through the system's ssh client.
// Source of the message: cli/command/README.md, section 1.7.
// SPDX-License-Identifier: MIT
#include "engine/net/ssh_transport.hpp"

#include "engine/base/printable.hpp"
#include "engine/net/child_process.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <chrono>
#include <utility>

namespace pgbraid::net {

namespace {

constexpr auto farewell_limit = std::chrono::milliseconds(1000);
constexpr size_t words_limit_bytes = 4096;

/// What ssh and the other program printed, without the line feeds around it. The end matters most.
std::string last_words(const child_process& child) {
  auto text = child.said();
  const auto is_space = [](char c) { return c == '\n' || c == '\r' || c == ' '; };
  while (!text.empty() && is_space(text.back()))
    text.pop_back();
  std::erase(text, '\r'); // ssh ends its lines with CR LF
  if (text.size() > words_limit_bytes)
    text = "..." + text.substr(text.size() - words_limit_bytes);
  return printable(text);
}

/// How it ended, as it stands behind "terminated unexpectedly".
std::string ending(int status) {
  return WIFSIGNALED(status) ? fmt::format(" on signal {}", WTERMSIG(status))
                             : fmt::format(" [{}]", WEXITSTATUS(status));
}

/// An exit status of ours says more than that something ended.
errc code_of(int status) {
  if (!WIFEXITED(status))
    return errc::execute;
  const auto code = static_cast<errc>(WEXITSTATUS(status));
  return error_name(code) == error_name(errc::unknown) ? errc::unknown : code;
}

class ssh_transport final : public transport {
public:
  ssh_transport(child_process child, const ssh_command& with)
      : child_(std::move(child)), host_(with.host), process_(with.process),
        bytes_(make_fd_transport(child_.from_child.get(), child_.to_child.get())) {
    child_.from_child.release();
    child_.to_child.release();
  }
  ~ssh_transport() override { close(); }

  result<progress> read(byte_span out) override { return bytes_->read(out); }
  result<progress> write(byte_view in) override { return bytes_->write(in); }
  int read_fd() const override { return bytes_->read_fd(); }
  int write_fd() const override { return bytes_->write_fd(); }

  std::optional<error> farewell() override {
    const auto status = child_.wait(farewell_limit);
    const auto words = last_words(child_);
    if (!status && words.empty())
      return std::nullopt;
    auto text = fmt::format("remote-{} process on '{}' terminated unexpectedly", process_, host_);
    if (status)
      text += ending(*status);
    if (!words.empty())
      text += ": " + words;
    return error{status ? code_of(*status) : errc::unknown, std::move(text)};
  }

  void close() override {
    bytes_->close();
    child_.end();
  }

private:
  child_process child_;
  std::string host_;
  unsigned process_;
  std::unique_ptr<transport> bytes_;
};

} // namespace

result<std::unique_ptr<transport>> make_ssh_transport(const ssh_command& with) {
  auto child = child_process::start(with.argv);
  if (!child)
    return child.failure();
  return std::unique_ptr<transport>(std::make_unique<ssh_transport>(std::move(*child), with));
}

} // namespace pgbraid::net
