// Names, one directory after the other.
// SPDX-License-Identifier: MIT
#include "actors/look/list_names.hpp"

#include "engine/base/path.hpp"
#include "engine/report/file_list.hpp"

#include <regex.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid::look {

namespace {

/// An extended regular expression that a name must match somewhere.
class name_filter {
public:
  name_filter() = default;
  ~name_filter() {
    if (compiled_)
      ::regfree(&expression_);
  }
  name_filter(const name_filter&) = delete;
  name_filter& operator=(const name_filter&) = delete;

  /// Fails with `format` (29).
  result<void> compile(const std::string& text) {
    if (const int problem = ::regcomp(&expression_, text.c_str(), REG_EXTENDED | REG_NOSUB);
        problem != 0) {
      std::array<char, 256> why{};
      ::regerror(problem, &expression_, why.data(), why.size());
      return error{errc::format, why.data(), "--filter is an extended regular expression."};
    }
    compiled_ = true;
    return success();
  }
  bool passes(const std::string& name) const {
    return !compiled_ || ::regexec(&expression_, name.c_str(), 0, nullptr, 0) == 0;
  }

private:
  regex_t expression_ = {};
  bool compiled_ = false;
};

report::listed_kind kind_of(entry_kind kind) {
  switch (kind) {
  case entry_kind::file:
    return report::listed_kind::file;
  case entry_kind::path:
    return report::listed_kind::path;
  case entry_kind::link:
    return report::listed_kind::link;
  case entry_kind::special:
    break;
  }
  return report::listed_kind::special;
}

/// Each path before what is in it, as if `/` came before all other bytes.
bool comes_before(const entry& a, const entry& b) {
  const auto key = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::ranges::lexicographical_compare(a.name, b.name, {}, key, key);
}

/// Hands on a list while it is made: no more than one directory is in memory, or what the store
/// lists at once.
class listing {
public:
  listing(storage& in, const list_wish& wish, const piece_taker& to)
      : in_(in), to_(to), recurse_(wish.recurse), down_(wish.descending), list_(wish.json) {}

  result<void> set_filter(const std::string& text) { return filter_.compile(text); }

  /// @param path  of the repository; what it is is told as `.`
  result<void> run(const std::string& path) {
    auto about = path.empty() ? result<std::optional<entry_info>>(std::nullopt) : in_.info(path);
    if (!about)
      return about.failure();
    const bool is_path = !*about || (*about)->kind == entry_kind::path;
    const auto self = is_path ? entry_info{.kind = entry_kind::path} : **about;
    if (is_path && list_.is_json()) // no line says that a path is there
      show(".", self);
    if (!is_path && filter_.passes(std::string(split_path(path).name)))
      add(".", self);
    if (is_path)
      if (auto listed = in_.features().tree_listing && recurse_ ? tree(path) : below(path, {});
          !listed)
        return listed;
    list_.end();
    return hand_over();
  }

private:
  void show(const std::string& name, const entry_info& of) {
    if (filter_.passes(name))
      add(name, of);
  }

  void add(const std::string& name, const entry_info& of) {
    list_.add({.name = name,
               .kind = kind_of(of.kind),
               .size_bytes = of.size_bytes,
               .mtime_s = of.mtime_s,
               .destination = of.link_destination,
               .version = of.version});
  }

  result<void> hand_over() {
    if (!reading_)
      return success();
    auto taken = to_(list_.take());
    if (!taken)
      return taken.failure();
    reading_ = *taken;
    return success();
  }

  /// @param shown  the way from where the list begins
  result<void> below(const std::string& path, const std::string& shown) {
    auto listed = in_.list(path);
    if (!listed)
      return listed.failure();
    auto entries = std::move(*listed).value_or(std::vector<entry>());
    if (down_)
      std::ranges::reverse(entries);
    for (const auto& one : entries) {
      if (!reading_)
        return success();
      const auto name = join_path(shown, one.name);
      if (!down_)
        show(name, one.info);
      if (recurse_ && one.info.kind == entry_kind::path)
        if (auto deeper = below(join_path(path, one.name), name); !deeper)
          return deeper;
      if (down_)
        show(name, one.info);
    }
    return hand_over();
  }

  result<void> tree(const std::string& path) {
    auto listed = in_.list_tree(path);
    if (!listed)
      return listed.failure();
    auto entries = std::move(*listed).value_or(std::vector<entry>());
    std::ranges::sort(entries, comes_before);
    if (down_)
      std::ranges::reverse(entries);
    for (const auto& one : entries)
      show(one.name, one.info);
    return hand_over();
  }

  storage& in_;
  const piece_taker& to_;
  const bool recurse_;
  const bool down_;
  name_filter filter_;
  report::file_list list_;
  bool reading_ = true;
};

} // namespace

result<void> list_names(storage& in, const std::string& path, const list_wish& wish,
                        const piece_taker& to) {
  listing list(in, wish, to);
  if (wish.filter)
    if (auto compiled = list.set_filter(*wish.filter); !compiled)
      return compiled;
  return list.run(path);
}

} // namespace pgbraid::look
