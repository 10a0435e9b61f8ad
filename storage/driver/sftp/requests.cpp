// Requests that several verbs need.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/requests.hpp"

#include "storage/list_budget.hpp"
#include "storage/storage_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid::sftp {

namespace {

/// What is removed of a directory before it is listed again.
constexpr size_t removal_names = 10'000;
/// A directory that goes on having more than this to remove does not end.
constexpr size_t removals_max = 100'000'000;

error without_end() {
  return {errc::protocol, "the SFTP server sent a list without an end"};
}

constexpr size_t unlimited = std::numeric_limits<size_t>::max();

/// Which names of a directory are wanted.
struct name_wish {
  std::string_view after = {}; ///< only those behind this one
  size_t first = unlimited;    ///< so many of them, by name
  size_t enough = unlimited;   ///< so many, whichever come first
};

/// Keeps the first ones.
void cut(names_page& page, size_t count) {
  if (page.names.size() <= count)
    return;
  page.complete = false;
  const auto end = page.names.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(page.names.begin(), end, page.names.end(),
                   [](const named& a, const named& b) { return a.name < b.name; });
  page.names.erase(end, page.names.end());
}

/// Adds what one answer brings; false at the end.
result<bool> add_names(const reply& answer, const std::string& full_path, const name_wish& wish,
                       list_budget& budget, names_page& to) {
  status why;
  auto names = names_of(answer, why);
  if (!names)
    return names.failure();
  if (!*names && why.code == status_code::eof)
    return false;
  if (!*names)
    return refused(errc::path_open, "unable to list path", full_path, why);
  if ((*names)->empty())
    return without_end();
  for (auto& one : **names) {
    if (one.name == "." || one.name == "..")
      continue;
    if (one.name.find('/') != std::string::npos || one.name.empty() ||
        !check_storage_path(one.name))
      return error{errc::protocol, "the SFTP server sent an invalid name"};
    if (!budget.take(one.name))
      return list_budget::exceeded(full_path);
    if (one.name > wish.after)
      to.names.push_back(std::move(one));
  }
  if (to.names.size() / 2 >= wish.first)
    cut(to, wish.first);
  return true;
}

/// Asks ahead: most lists have one answer, and one that says so.
result<names_page> read_names(connection& on, const open_handle& directory,
                              const std::string& full_path, const name_wish& wish) {
  constexpr size_t ahead = 4;
  names_page out;
  list_budget budget;
  std::deque<uint32_t> asked;
  result<bool> more = true;
  while (more && *more && out.names.size() < wish.enough) {
    while (asked.size() < ahead) {
      auto number = on.send(packet_kind::readdir, fields().text(directory.name()));
      if (!number)
        return number.failure();
      asked.push_back(*number);
    }
    auto answer = on.wait(asked.front());
    asked.pop_front();
    more =
        answer ? add_names(*answer, full_path, wish, budget, out) : result<bool>(answer.failure());
  }
  for (const auto number : asked)
    on.forget(number);
  if (!more)
    return more.failure();
  out.complete = out.complete && !*more;
  cut(out, wish.first);
  return out;
}

result<names_page> read_some(const std::shared_ptr<connection>& on, const std::string& full_path,
                             const name_wish& wish) {
  auto number = on->send(packet_kind::opendir, fields().text(full_path));
  if (!number)
    return number.failure();
  status why;
  auto opened = opened_by(on, *number, why);
  if (!opened)
    return opened.failure();
  if (!*opened)
    return refused(errc::path_open, "unable to list path", full_path, why);
  return read_names(*on, **opened, full_path, wish);
}

} // namespace

error refused(errc code, std::string_view what, std::string_view shown, const status& why) {
  return {.code = code,
          .message = fmt::format("{} '{}': [{}] {}", what, shown, static_cast<uint32_t>(why.code),
                                 why.message.empty() ? "no reason given" : why.message),
          .transient =
              why.code == status_code::no_connection || why.code == status_code::connection_lost};
}

entry_kind kind_of(const attributes& about) {
  const auto mode = about.mode.value_or(0);
  return S_ISREG(mode)   ? entry_kind::file
         : S_ISDIR(mode) ? entry_kind::path
         : S_ISLNK(mode) ? entry_kind::link
                         : entry_kind::special;
}

error link_refused(const std::string& full_path) {
  return {errc::link_destination, fmt::format("'{}' is a symbolic link", full_path)};
}

namespace {

result<std::optional<open_handle>> handle_from(const std::shared_ptr<connection>& on,
                                               const reply& answer, status& why) {
  auto handle = handle_of(answer, why);
  if (!handle)
    return handle.failure();
  if (!*handle)
    return std::optional<open_handle>();
  return std::optional(open_handle(on, std::move(**handle)));
}

} // namespace

result<std::optional<open_handle>> opened_by(const std::shared_ptr<connection>& on, uint32_t number,
                                             status& why) {
  auto answer = on->wait(number);
  if (!answer)
    return answer.failure();
  return handle_from(on, *answer, why);
}

result<opening> begin_open(const std::shared_ptr<connection>& on, const std::string& full_path,
                           uint32_t flags) {
  auto looked = on->send(packet_kind::lstat, fields().text(full_path));
  if (!looked)
    return looked.failure();
  auto opened = on->send(packet_kind::open, fields().text(full_path).u32(flags).about({}));
  if (!opened) {
    on->forget(*looked);
    return opened.failure();
  }
  return opening{on, *looked, *opened};
}

result<opened_file> end_open(const opening& begun, const std::string& full_path) {
  auto looked = begun.on->wait(begun.looked);
  auto opened = begun.on->wait(begun.opened);
  if (!looked || !opened)
    return looked ? opened.failure() : looked.failure();
  status why;
  auto about = attributes_of(*looked, why);
  auto handle = handle_from(begun.on, *opened, why);
  if (!about || !handle)
    return about ? handle.failure() : about.failure();
  if (!*about || (!*handle && why.code == status_code::no_such_file))
    return error{errc::file_missing, fmt::format("unable to open missing file '{}'", full_path)};
  const auto kind = kind_of(**about);
  if (kind == entry_kind::link)
    return link_refused(full_path);
  if (!*handle)
    return refused(errc::file_open, "unable to open", full_path, why);
  if (kind != entry_kind::file)
    return error{errc::file_open, fmt::format("'{}' is no file", full_path)};
  return opened_file{std::move(**handle), **about};
}

result<opened_file> open_file(const std::shared_ptr<connection>& on, const std::string& full_path) {
  auto begun = begin_open(on, full_path);
  if (!begun)
    return begun.failure();
  return end_open(*begun, full_path);
}

bool same_content(const attributes& one, const attributes& other) {
  return one.size == other.size && one.mtime_s == other.mtime_s;
}

result<uint32_t> send_rename(connection& on, const std::string& from, const std::string& to) {
  if (on.offers(posix_rename_extension))
    return on.send(packet_kind::extended,
                   fields().text(posix_rename_extension).text(from).text(to));
  if (auto gone = ask_status(on, packet_kind::remove, fields().text(to)); !gone)
    return gone.failure();
  return on.send(packet_kind::rename, fields().text(from).text(to));
}

result<status> told(connection& on, uint32_t number) {
  auto answer = on.wait(number);
  if (!answer)
    return answer.failure();
  return status_of(*answer);
}

result<status> ask_status(connection& on, packet_kind kind, const fields& what) {
  auto number = on.send(kind, what);
  if (!number)
    return number.failure();
  return told(on, *number);
}

result<std::optional<attributes>> look(connection& on, const std::string& full_path) {
  auto asked = on.send(packet_kind::lstat, fields().text(full_path));
  if (!asked)
    return asked.failure();
  return seen_by(on, *asked, full_path);
}

result<std::optional<attributes>> seen_by(connection& on, uint32_t asked,
                                          const std::string& full_path) {
  auto answer = on.wait(asked);
  if (!answer)
    return answer.failure();
  status why;
  auto about = attributes_of(*answer, why);
  if (!about || *about)
    return about;
  if (why.code == status_code::no_such_file)
    return std::optional<attributes>();
  return refused(errc::file_open, "unable to get info for", full_path, why);
}

result<names_page> read_directory(const std::shared_ptr<connection>& on,
                                  const std::string& full_path, std::string_view after,
                                  size_t count) {
  return read_some(on, full_path, {.after = after, .first = count});
}

namespace {

/// What was found in a directory; its files go together.
result<void> remove_all(const std::shared_ptr<connection>& on, const std::string& full_path,
                        const std::vector<named>& names) {
  std::deque<std::pair<uint32_t, std::string>> under_way;
  result<void> outcome = success();
  const auto settle = [&] {
    auto done = told(*on, under_way.front().first);
    if (outcome && !done)
      outcome = done.failure();
    else if (outcome && done->code != status_code::ok && done->code != status_code::no_such_file)
      outcome = refused(errc::file_remove, "unable to remove", under_way.front().second, *done);
    under_way.pop_front();
  };
  for (const auto& one : names) {
    auto below = join_path(full_path, one.name);
    if (!outcome)
      break;
    if (kind_of(one.about) == entry_kind::path) {
      outcome = remove_directory(on, below);
      continue;
    }
    auto number = on->send(packet_kind::remove, fields().text(below));
    if (!number)
      outcome = number.failure();
    else
      under_way.emplace_back(*number, std::move(below));
    if (under_way.size() >= requests_max)
      settle();
  }
  while (!under_way.empty())
    settle();
  return outcome;
}

/// A part of it at a time: what a list takes does not depend on the directory.
result<void> remove_below(const std::shared_ptr<connection>& on, const std::string& full_path) {
  for (size_t removed = 0; removed < removals_max;) {
    const auto some = read_some(on, full_path, {.enough = removal_names});
    if (!some)
      return some.failure();
    if (auto done = remove_all(on, full_path, some->names); !done)
      return done;
    if (some->complete)
      return success();
    removed += some->names.size();
  }
  return without_end();
}

} // namespace

result<void> remove_directory(const std::shared_ptr<connection>& on, const std::string& full_path) {
  if (auto below = remove_below(on, full_path); !below)
    return below;
  auto done = ask_status(*on, packet_kind::rmdir, fields().text(full_path));
  if (!done)
    return done.failure();
  if (done->code == status_code::ok || done->code == status_code::no_such_file)
    return success();
  return refused(errc::path_remove, "unable to remove path", full_path, *done);
}

std::optional<uint64_t> handles_granted(const request& asked) {
  const auto answer = asked.on->wait(asked.number);
  if (!answer || answer->kind != packet_kind::extended_reply)
    return {};
  field_reader in(answer->rest);
  for (int of_packets = 0; of_packets < 3; ++of_packets)
    in.u64();
  const auto handles = in.u64();
  if (in.broken() || handles == 0)
    return {};
  return handles;
}

result<std::optional<uint64_t>> free_bytes_at(connection& on, std::string path) {
  constexpr std::string_view statvfs = "statvfs@openssh.com";
  if (!on.offers(statvfs))
    return std::optional<uint64_t>();
  for (;; path = std::string(split_path(path).parent)) {
    auto answer =
        on.ask(packet_kind::extended, fields().text(statvfs).text(path.empty() ? "/" : path));
    if (!answer)
      return answer.failure();
    if (answer->kind == packet_kind::extended_reply) {
      field_reader in(answer->rest);
      in.u64();
      const auto unit = in.u64();
      in.u64();
      in.u64();
      const auto free_units = in.u64();
      if (in.broken() || (unit != 0 && free_units > UINT64_MAX / unit))
        return error{errc::protocol, "the SFTP server sent impossible numbers"};
      return std::optional(unit * free_units);
    }
    if (path.empty())
      return std::optional<uint64_t>();
  }
}

} // namespace pgbraid::sftp
