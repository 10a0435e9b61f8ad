// Any sequence of verbs on two drivers: the same outcomes, and the same tree afterwards.
// Rules: storage/storage.hpp, the contract.
// SPDX-License-Identifier: MIT
#include "tests/unit/property.hpp"
#include "tests/unit/storage/rigs.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::string any_path(int least = 0) {
  std::string out;
  for (int left = *rc::gen::inRange(least, 4); left > 0; --left)
    out += (out.empty() ? "" : "/") + *rc::gen::element<std::string>("a", "b", "c");
  return out;
}

/// A verb with its arguments, to be done to any storage; says what came of it.
struct action {
  std::string shown;
  std::function<std::string(storage&)> run;
};

template <class T> std::string outcome(const result<T>& of) {
  return of ? "fine" : "[" + std::to_string(static_cast<int>(of.failure().code)) + "]";
}

std::string told(const std::optional<entry_info>& one) {
  if (!one)
    return "none";
  switch (one->kind) {
  case entry_kind::file:
    return "file of " + std::to_string(one->size_bytes);
  case entry_kind::path:
    return "path";
  case entry_kind::link:
    return "link to " + one->link_destination;
  case entry_kind::special:
    return "special";
  }
  return "";
}

action any_action() {
  const auto path = any_path();
  const auto file = any_path(1);
  const auto other = any_path(1);
  const auto content = *rc::gen::element<std::string>("", "x", "some content");
  const bool flag = *rc::gen::arbitrary<bool>();
  switch (*rc::gen::inRange(0, 12)) {
  case 0:
  case 1: {
    const auto how = flag ? publish::atomic : publish::in_place;
    const bool parents = *rc::gen::inRange(0, 3) != 0;
    return {"write " + file + (flag ? " atomic" : " in place") + (parents ? "" : " alone"),
            [=](storage& in) {
              return outcome(write_all(in, file, content,
                                       {.how = how, .make_parents = parents, .sync = false}));
            }};
  }
  case 2:
    return {"read " + file, [=](storage& in) {
              const auto got = read_all(in, file, 100);
              return got ? "'" + *got + "'" : outcome(got);
            }};
  case 3:
    return {"info " + path, [=](storage& in) {
              const auto got = in.info(path);
              return got ? told(*got) : outcome(got);
            }};
  case 4:
    return {"list " + path, [=](storage& in) {
              const auto got = in.list(path);
              if (!got || !*got)
                return got ? std::string("no such path") : outcome(got);
              std::string out;
              for (const auto& one : **got)
                out += one.name + " " + told(one.info) + ";";
              return out;
            }};
  case 5:
    return {"make path " + path, [=](storage& in) { return outcome(in.make_path(path)); }};
  case 6:
    return {"remove file " + file, [=](storage& in) { return outcome(in.remove_file(file)); }};
  case 7:
    return {"remove tree " + file, [=](storage& in) { return outcome(in.remove_tree(file)); }};
  case 8:
    return {"move " + file + " to " + other,
            [=](storage& in) { return outcome(in.move(file, other)); }};
  case 9:
    return {"hard link " + file + " of " + other,
            [=](storage& in) { // what stands in its way first is nobody's promise
              return std::string(in.make_hardlink(file, other) ? "fine" : "refused");
            }};
  case 10: {
    const auto to = *rc::gen::element<std::string>("a", "../b", "/nowhere");
    return {"link " + file + " to " + to,
            [=](storage& in) { return outcome(in.make_symlink(file, to)); }};
  }
  default:
    return {"read small " + file + " and " + other, [=](storage& in) {
              std::vector<small_read> both = {{.path = file, .limit_bytes = 5},
                                              {.path = other, .limit_bytes = 5}};
              in.read_small(both, nullptr);
              std::string out;
              for (const auto& one : both)
                out += one.failure ? "[" + std::to_string(static_cast<int>(one.failure->code)) + "]"
                                   : "'" + std::string(as_text(one.content)) + "'";
              return out;
            }};
  }
}

/// Everything below a path, with the content of files.
std::map<std::string, std::string> tree_of(storage& in, const std::string& path = "") {
  std::map<std::string, std::string> out;
  const auto listed = in.list(path);
  RC_ASSERT(static_cast<bool>(listed));
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    const auto name = path.empty() ? one.name : path + "/" + one.name;
    out[name] = told(one.info);
    if (one.info.kind == entry_kind::file)
      out[name] += ": " + *read_all(in, name, 100);
    if (one.info.kind == entry_kind::path)
      out.merge(tree_of(in, name));
  }
  return out;
}

/// Does the same to both, and compares.
template <class One, class Other> void agree(int cases) {
  for_all(
      [] {
        One one;
        Other other;
        for (int left = *rc::gen::inRange(1, 30); left > 0; --left) {
          const auto what = any_action();
          const auto here = what.run(one.repo);
          const auto there = what.run(other.repo);
          RC_LOG() << what.shown << ": " << here << "\n";
          RC_ASSERT(here == there);
        }
        RC_ASSERT(tree_of(one.repo) == tree_of(other.repo));
      },
      cases);
}

} // namespace

TEST_CASE("storage: memory and posix come to the same, whatever is done") {
  agree<memory_rig, posix_rig>(250);
}

TEST_CASE("storage: names are resolved alike by the kernel and one after the other") {
  agree<posix_rig, posix_by_segment_rig>(60);
}
