// Looking, and opening files.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/verbs.hpp"

#include "storage/storage_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

namespace pgbraid::sftp {

namespace {

constexpr uint32_t create_flags = flag_write | flag_create | flag_exclusive;

} // namespace

bool real_paths::has(std::string_view path) const {
  const std::lock_guard held(mutex_);
  return all_.contains(path);
}

void real_paths::add(std::string path, bool made) {
  const std::lock_guard held(mutex_);
  all_.emplace(std::move(path), made);
}

bool real_paths::is_below_made(std::string_view path) const {
  const std::lock_guard held(mutex_);
  for (auto end = path.rfind('/'); end != path.npos; end = path.rfind('/', end - 1)) {
    path = path.substr(0, end);
    if (const auto found = all_.find(path); found != all_.end() && found->second)
      return true;
  }
  return false;
}

void real_paths::forget(std::string_view path) {
  const std::lock_guard held(mutex_);
  std::erase_if(all_, [&](const auto& entry) {
    const auto& one = entry.first;
    return path.empty() || one == path ||
           (one.starts_with(path) && one.size() > path.size() && one[path.size()] == '/');
  });
}

std::string place::full(std::string_view path) const {
  return join_path(root, path);
}

error verbs::not_there(std::string_view path) const {
  return {errc::file_missing, fmt::format("unable to open missing file '{}'", full(path))};
}

result<std::optional<entry_info>> verbs::info_of(std::string_view path,
                                                 const attributes& about) const {
  if (!about.mode)
    return error{errc::protocol, "the SFTP server tells no kinds of files"};
  entry_info out{.kind = kind_of(about),
                 .size_bytes = about.size.value_or(0),
                 .mtime_s = about.mtime_s.value_or(0),
                 .mode = *about.mode & 07777,
                 .uid = about.uid.value_or(0),
                 .gid = about.gid.value_or(0)};
  if (out.kind != entry_kind::link)
    return std::optional(std::move(out));
  auto answer = on_->ask(packet_kind::readlink, fields().text(full(path)));
  if (!answer)
    return answer.failure();
  status why;
  auto names = names_of(*answer, why);
  if (!names)
    return names.failure();
  if (!*names)
    return std::optional<entry_info>();
  if ((*names)->size() != 1)
    return error{errc::protocol, "the SFTP server sent no destination of a link"};
  out.link_destination = std::move((**names)[0].name);
  return std::optional(std::move(out));
}

result<verbs::parents_asked> verbs::begin_check(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  parents_asked asked;
  for (auto end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
    const auto parent = path.substr(0, end);
    if (at_.real.has(parent))
      continue;
    auto sent = on_->send(packet_kind::lstat, fields().text(full(parent)));
    if (!sent)
      return sent.failure();
    asked.emplace_back(parent, *sent);
  }
  return asked;
}

result<void> verbs::end_check(std::string_view path, const parents_asked& asked) {
  result<void> outcome = success();
  for (const auto& [parent, number] : asked) {
    auto answer = on_->wait(number);
    if (!answer || !outcome) {
      if (outcome)
        outcome = answer.failure();
      continue;
    }
    status why;
    auto about = attributes_of(*answer, why);
    if (!about)
      outcome = about.failure();
    else if (*about && kind_of(**about) == entry_kind::link)
      outcome = error{errc::link_destination,
                      fmt::format("a symbolic link on the way to '{}' is not allowed", full(path))};
    else if (*about && kind_of(**about) == entry_kind::path)
      at_.real.add(parent);
  }
  return outcome;
}

result<void> verbs::check(std::string_view path) {
  auto asked = begin_check(path);
  if (!asked)
    return asked.failure();
  return end_check(path, *asked);
}

// The parents are asked about together with what is wanted: it only counts when they are real.

result<std::optional<attributes>> verbs::find(std::string_view path) {
  auto parents = begin_check(path);
  if (!parents)
    return parents.failure();
  auto found = look(*on_, full(path));
  if (auto fine = end_check(path, *parents); !fine)
    return fine.failure();
  return found;
}

result<std::optional<entry_info>> verbs::info(std::string_view path) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return std::optional<entry_info>();
  return info_of(path, **about);
}

result<std::optional<std::vector<entry>>> verbs::list(std::string_view path) {
  auto all = list_some(path, {}, std::numeric_limits<size_t>::max());
  if (!all)
    return all.failure();
  if (!*all)
    return std::optional<std::vector<entry>>();
  return std::optional(std::move((*all)->entries));
}

result<std::optional<storage::list_page>> verbs::list_some(std::string_view path,
                                                           std::string_view after, size_t count) {
  auto parents = begin_check(path);
  if (!parents)
    return parents.failure();
  auto looked = on_->send(packet_kind::lstat, fields().text(full(path)));
  if (!looked)
    return looked.failure();
  // A link would be followed, and is refused below.
  auto page = read_directory(on_, full(path), after, count);
  if (auto fine = end_check(path, *parents); !fine)
    return fine.failure();
  auto about = seen_by(*on_, *looked, full(path));
  if (!about)
    return about.failure();
  if (!*about)
    return std::optional<storage::list_page>();
  if (kind_of(**about) == entry_kind::link)
    return link_refused(full(path));
  if (!page)
    return page.failure();
  at_.real.add(std::string(path));
  std::sort(page->names.begin(), page->names.end(),
            [](const named& a, const named& b) { return a.name < b.name; });
  storage::list_page out;
  assert(page->complete || !page->names.empty());
  if (!page->complete)
    out.next = page->names.back().name;
  for (auto& one : page->names) {
    auto info = info_of(join_path(path, one.name), one.about);
    if (!info)
      return info.failure();
    if (*info)
      out.entries.push_back({std::move(one.name), std::move(**info)});
  }
  return std::optional(std::move(out));
}

result<std::optional<uint64_t>> verbs::free_bytes() {
  return free_bytes_at(*on_, at_.root);
}

// ---- content

result<opened_file> verbs::open_read(std::string_view path) {
  auto parents = begin_check(path);
  if (!parents)
    return parents.failure();
  auto file = open_file(on_, full(path));
  if (auto fine = end_check(path, *parents); !fine)
    return fine.failure();
  return file;
}

result<uint32_t> verbs::ask_to_create(const std::string& full_path, const write_options& options) {
  return on_->send(packet_kind::open,
                   fields().text(full_path).u32(create_flags).about({.mode = options.mode}));
}

result<open_handle> verbs::create(std::string_view path, const std::string& full_path,
                                  const write_options& options) {
  bool parents_made = !options.make_parents;
  for (int attempt = 0; attempt < 4; ++attempt) {
    status why;
    auto number = ask_to_create(full_path, options);
    if (!number)
      return number.failure();
    auto opened = opened_by(on_, *number, why);
    if (!opened)
      return opened.failure();
    if (*opened)
      return std::move(**opened);
    if (why.code == status_code::no_such_file && parents_made)
      return not_there(path);
    if (why.code == status_code::no_such_file) {
      parents_made = true;
      if (auto made = make_path(split_path(path).parent, options.path_mode); !made)
        return made.failure();
      continue;
    }
    auto about = look(*on_, full_path);
    if (!about)
      return about.failure();
    const auto kind = kind_of(about->value_or(attributes{}));
    if (options.how == publish::in_place && *about && kind == entry_kind::link)
      return link_refused(full_path);
    if (!*about || kind == entry_kind::path)
      return refused(errc::file_open, "unable to open for write", full_path, why);
    auto gone = ask_status(*on_, packet_kind::remove, fields().text(full_path));
    if (!gone)
      return gone.failure();
  }
  return error{errc::file_open,
               fmt::format("unable to open '{}' for write: others make it, too", full_path)};
}

} // namespace pgbraid::sftp
