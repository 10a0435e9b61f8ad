// Several names at once.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/verbs.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace pgbraid::sftp {

result<verbs::looks> verbs::look_at(std::span<const std::string> paths) {
  std::deque<std::pair<uint32_t, std::string>> under_way;
  looks out;
  const auto settle = [&]() -> result<void> {
    const auto [number, full_path] = std::move(under_way.front());
    under_way.pop_front();
    auto about = seen_by(*on_, number, full_path);
    if (!about)
      return about.failure();
    out.push_back(std::move(*about));
    return success();
  };
  result<void> outcome = success();
  for (size_t i = 0; i < paths.size() && outcome; ++i) {
    if (under_way.size() >= requests_max)
      outcome = settle();
    auto number = on_->send(packet_kind::lstat, fields().text(full(paths[i])));
    if (number)
      under_way.emplace_back(*number, full(paths[i]));
    else
      outcome = number.failure();
  }
  while (!under_way.empty() && outcome)
    outcome = settle();
  for (const auto& [number, full_path] : under_way)
    on_->forget(number);
  if (!outcome)
    return outcome.failure();
  return out;
}

result<std::vector<std::string>> verbs::unknown_parents(std::span<const std::string> paths) const {
  std::set<std::string> parents;
  for (const auto& path : paths) {
    if (auto fine = check_storage_path(path); !fine)
      return fine.failure();
    for (auto end = path.find('/'); end != path.npos; end = path.find('/', end + 1))
      if (auto parent = path.substr(0, end); !at_.real.has(parent))
        parents.insert(std::move(parent));
  }
  return std::vector<std::string>(parents.begin(), parents.end());
}

result<void> verbs::note(std::span<const std::string> paths, const looks& seen) {
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto kind = seen[i] ? kind_of(*seen[i]) : entry_kind::file;
    if (kind == entry_kind::link)
      return link_refused(full(paths[i]));
    if (kind == entry_kind::path)
      at_.real.add(paths[i]);
  }
  return success();
}

result<std::vector<std::optional<entry_info>>>
verbs::many_infos(std::span<const std::string> paths) {
  auto parents = unknown_parents(paths);
  if (!parents)
    return parents.failure();
  auto all = *parents;
  all.insert(all.end(), paths.begin(), paths.end());
  auto seen = look_at(all);
  if (!seen)
    return seen.failure();
  if (auto fine = note(*parents, *seen); !fine)
    return fine.failure();
  std::vector<std::optional<entry_info>> out(paths.size());
  for (size_t i = 0; i < paths.size(); ++i)
    if (const auto& about = (*seen)[parents->size() + i]) {
      auto info = info_of(paths[i], *about);
      if (!info)
        return info.failure();
      out[i] = std::move(*info);
    }
  return out;
}

/// Nothing is sent before all parents are known to be no links.
result<void> verbs::remove_files(std::span<const std::string> paths) {
  auto parents = unknown_parents(paths);
  if (!parents)
    return parents.failure();
  auto seen = look_at(*parents);
  if (!seen)
    return seen.failure();
  if (auto fine = note(*parents, *seen); !fine)
    return fine;
  std::deque<std::pair<uint32_t, std::string_view>> under_way;
  const auto settle = [&]() -> result<void> {
    const auto [number, path] = under_way.front();
    under_way.pop_front();
    auto done = told(*on_, number);
    if (!done)
      return done.failure();
    if (done->code == status_code::ok || done->code == status_code::no_such_file)
      return success();
    return refused(errc::file_remove, "unable to remove", full(path), *done);
  };
  result<void> outcome = success();
  for (size_t i = 0; i < paths.size() && outcome; ++i) {
    if (under_way.size() >= requests_max)
      outcome = settle();
    auto number = on_->send(packet_kind::remove, fields().text(full(paths[i])));
    if (number)
      under_way.emplace_back(*number, paths[i]);
    else
      outcome = number.failure();
  }
  while (!under_way.empty() && outcome)
    outcome = settle();
  for (const auto& [number, path] : under_way)
    on_->forget(number);
  return outcome;
}

result<void> verbs::make_many_paths(std::span<const std::string> paths, uint32_t mode) {
  while (!paths.empty()) {
    const auto some = paths.first(std::min(requests_max, paths.size()));
    if (auto made = make_some_paths(some, mode); !made)
      return made;
    paths = paths.subspan(some.size());
  }
  return success();
}

/// A link among them, or above one, would be followed by those that are below it.
result<void> verbs::look_before_making(std::span<const std::string> paths) {
  auto all = unknown_parents(paths);
  if (!all)
    return all.failure();
  all->insert(all->end(), paths.begin(), paths.end());
  std::ranges::sort(*all);
  const auto twice = std::ranges::unique(*all);
  all->erase(twice.begin(), twice.end());
  std::erase_if(*all, [this](const auto& one) { return at_.real.is_below_made(one); });
  auto seen = look_at(*all);
  if (!seen)
    return seen.failure();
  return note(*all, *seen);
}

/// The server makes them in this order, so parents are there when they are needed.
result<void> verbs::make_some_paths(std::span<const std::string> paths, uint32_t mode) {
  if (auto fine = look_before_making(paths); !fine)
    return fine;
  std::vector<std::pair<std::string, uint32_t>> asked;
  for (const auto& path : paths) {
    if (at_.real.has(path))
      continue;
    auto number = on_->send(packet_kind::mkdir, fields().text(full(path)).about({.mode = mode}));
    if (!number)
      return number.failure();
    asked.emplace_back(path, *number);
  }
  std::vector<std::string> others; // that somebody else made, or that have no parent
  for (const auto& [path, number] : asked) {
    auto done = told(*on_, number);
    if (!done)
      return done.failure();
    if (done->code != status_code::ok) {
      others.push_back(path);
      continue;
    }
    at_.real.add(path, true);
    // The server's umask may have taken some bits.
    auto set = on_->send(packet_kind::setstat, fields().text(full(path)).about({.mode = mode}));
    if (!set)
      return set.failure();
    on_->forget(*set);
  }
  for (const auto& path : others)
    if (auto made = make_path(path, mode); !made)
      return made;
  return success();
}

} // namespace pgbraid::sftp
