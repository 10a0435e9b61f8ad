// Asking the resident archiver for one WAL file.
// SPDX-License-Identifier: MIT
#include "cli/archiver/ask_archiver.hpp"

#include "engine/base/clock.hpp"
#include "engine/format/archiver_message.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;
using kind = archiver_reply::kind;

class conversation {
public:
  conversation(const archiver_question& question, io::unique_fd socket)
      : question_(question), socket_(std::move(socket)),
        until_(monotonic::now() + question.timeout) {}

  result<archiver_reply> run();

private:
  bool ask() const;
  std::optional<archiver_reply> hear();
  bool wait() const;

  const archiver_question& question_;
  const io::unique_fd socket_;
  const monotonic::time_point until_;
  monotonic::time_point heard_ = monotonic::now();
  std::string received_ = {};
};

/// It is so short that a socket always has room for it.
bool conversation::ask() const {
  if (question_.wal.directory.size() + question_.wal.name.size() > size_t{2} * PATH_MAX)
    return false;
  const auto sent = format::render(
      format::archiver_request(format::archiver_push{question_.wal.directory, question_.wal.name}));
  return ::send(socket_.get(), sent.data(), sent.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(sent.size());
}

/// Until something comes, or it has been silent for too long, or all of the time is over.
bool conversation::wait() const {
  const auto limit = std::min(until_, heard_ + question_.silence);
  while (monotonic::now() < limit) {
    const auto left = std::chrono::ceil<milliseconds>(limit - monotonic::now());
    pollfd one = {socket_.get(), POLLIN, 0};
    const int count = ::poll(&one, 1, static_cast<int>(std::clamp<int64_t>(left.count(), 1, 1000)));
    if (count > 0)
      return true;
    if (count < 0 && errno != EINTR)
      return false;
  }
  return false;
}

/// What was said last, as soon as it is there. Whoever breaks off is nobody.
std::optional<archiver_reply> conversation::hear() {
  std::array<char, 4096> part = {};
  const auto got = ::recv(socket_.get(), part.data(), part.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return std::nullopt;
  if (got <= 0)
    return archiver_reply{};
  heard_ = monotonic::now();
  received_.append(part.data(), static_cast<size_t>(got));
  while (true) {
    auto answer = format::take_archiver_answer(received_);
    if (!answer)
      return archiver_reply{};
    if (!*answer)
      return std::nullopt;
    if (const auto* done = std::get_if<format::archiver_done>(&**answer))
      return archiver_reply{kind::done, done->code, done->text};
    if (const auto* other = std::get_if<format::archiver_elsewhere>(&**answer))
      return archiver_reply{kind::elsewhere, 0, other->why};
    if (!std::holds_alternative<format::archiver_wait>(**answer))
      return archiver_reply{};
  }
}

result<archiver_reply> conversation::run() {
  if (!ask())
    return archiver_reply{};
  while (wait())
    if (auto said = hear())
      return std::move(*said);
  if (monotonic::now() < until_)
    return archiver_reply{};
  return error{errc::archive_timeout,
               fmt::format("the archive server did not archive WAL file '{}' in {} ms",
                           question_.wal.name, question_.timeout.count())};
}

} // namespace

result<archiver_reply> ask_archiver(const archiver_question& question) {
  auto socket = connect_to_archiver(question.place);
  if (!socket)
    return socket.failure();
  if (!*socket)
    return archiver_reply{};
  return conversation(question, std::move(*socket)).run();
}

} // namespace pgbraid::cli
