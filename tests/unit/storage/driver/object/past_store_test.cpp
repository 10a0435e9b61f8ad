// A bucket as it was: every time of random histories, compared with what was there then.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/past_choice.hpp"
#include "storage/driver/object/past_store.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <doctest/doctest.h>

#include <random>

namespace pgbraid::test {
namespace {

/// Keeps all versions, and lists them in pages of any size.
class versioned final : public version_store {
public:
  explicit versioned(version_order how) : order_(how) {}

  struct state {
    std::string text;
    int64_t from_s;
    std::optional<int64_t> until_s;
    bool removed;
  };
  std::map<std::string, std::vector<state>> history; ///< oldest first
  size_t page_most = 1000;
  unsigned lists = 0;
  bool endless = false;

  void put(const std::string& key, const std::string& text, int64_t now_s) {
    end(key, now_s);
    history[key].push_back({text, now_s, {}, false});
  }
  /// One order knows notes of removals, the other one times of ends.
  void remove(const std::string& key, int64_t now_s) {
    end(key, now_s);
    if (order_ == version_order::newest_first)
      history[key].push_back({"", now_s, {}, true});
  }
  std::optional<std::string> was(const std::string& key, int64_t time_s) const {
    std::optional<std::string> out;
    for (const auto& one : history.at(key))
      if (one.from_s <= time_s)
        out = one.removed || (one.until_s && *one.until_s <= time_s) ? std::nullopt
                                                                     : std::optional(one.text);
    return out;
  }

  version_order order() const override { return order_; }
  asked<version_page> list_versions(const object_store::list_request& what) override {
    ++lists;
    const auto rows = rows_of(what);
    size_t at = what.from.empty() ? 0 : std::stoul(what.from);
    version_page page;
    const auto most = std::min<size_t>(what.most, page_most);
    for (size_t count = 0; at < rows.size() && count < most; ++at, ++count)
      if (rows[at].version.empty())
        page.prefixes.push_back(rows[at].key);
      else
        page.versions.push_back(rows[at]);
    if (at < rows.size() || endless)
      page.next = std::to_string(at);
    return std::make_unique<done<version_page>>(std::move(page));
  }
  asked<std::optional<object_piece>> read_version(const std::string& key,
                                                  const std::string& version, uint64_t offset,
                                                  uint64_t bytes) override {
    const auto& text = history.at(key).at(std::stoul(version) - 1).text;
    const auto part = text.substr(std::min<size_t>(offset, text.size()), bytes);
    object_piece piece{.object_bytes = text.size()};
    for (const char c : part)
      piece.bytes.push_back(static_cast<std::byte>(c));
    return std::make_unique<done<std::optional<object_piece>>>(std::optional(std::move(piece)));
  }

private:
  void end(const std::string& key, int64_t now_s) {
    auto& all = history[key];
    if (order_ == version_order::oldest_first && !all.empty() && !all.back().until_s)
      all.back().until_s = now_s;
  }
  /// Prefixes have no version.
  std::vector<object_version> rows_of(const object_store::list_request& what) const {
    std::vector<object_version> rows;
    for (const auto& [key, states] : history) {
      if (!key.starts_with(what.prefix))
        continue;
      const auto slash = key.find('/', what.prefix.size());
      if (!what.below && slash != std::string::npos) {
        if (rows.empty() || rows.back().key != key.substr(0, slash + 1))
          rows.push_back({.key = key.substr(0, slash + 1)});
        continue;
      }
      std::vector<object_version> some;
      for (size_t i = 0; i < states.size(); ++i)
        some.push_back({key, std::to_string(i + 1), states[i].text.size(), states[i].from_s,
                        states[i].until_s, states[i].removed});
      if (order_ == version_order::newest_first)
        std::ranges::reverse(some);
      rows.insert(rows.end(), some.begin(), some.end());
    }
    return rows;
  }

  const version_order order_;
};

const std::vector<std::string> names = {"a",     "a/b", "a/c/d", "a/c/e", "ab",
                                        "b/c/d", "c",   "c/d",   "d/e/f", "e"};

std::shared_ptr<versioned> random_history(std::mt19937& chance, version_order how) {
  auto out = std::make_shared<versioned>(how);
  for (const auto& name : names)
    if (chance() % 4 != 0)
      out->put(name, "first of " + name, 1 + static_cast<int64_t>(chance() % 3));
  for (int64_t now_s = 4; now_s < 14; ++now_s)
    for (unsigned i = 0; i < chance() % 6; ++i) {
      const auto& name = names[chance() % names.size()];
      if (!out->history.contains(name))
        continue;
      if (chance() % 2 == 0)
        out->put(name, name + " at " + std::to_string(now_s) + std::to_string(i), now_s);
      else
        out->remove(name, now_s);
    }
  return out;
}

struct listed {
  std::map<std::string, uint64_t> objects;
  std::set<std::string> prefixes;
  bool operator==(const listed&) const = default;
};

listed all_of(object_store& in, const std::string& prefix, bool below) {
  listed out;
  object_store::list_request what{.prefix = prefix, .below = below};
  do {
    auto page = in.list(what)->wait();
    REQUIRE(page);
    for (const auto& one : page->objects)
      CHECK(out.objects.emplace(one.key, one.size_bytes).second);
    out.prefixes.insert(page->prefixes.begin(), page->prefixes.end());
    what.from = page->next;
  } while (!what.from.empty());
  return out;
}

listed expected_at(const versioned& in, const std::string& prefix, bool below, int64_t time_s) {
  listed out;
  for (const auto& [key, states] : in.history) {
    const auto text = in.was(key, time_s);
    if (!key.starts_with(prefix) || !text)
      continue;
    const auto slash = key.find('/', prefix.size());
    if (below || slash == std::string::npos)
      out.objects[key] = text->size();
    else
      out.prefixes.insert(key.substr(0, slash + 1));
  }
  return out;
}

TEST_CASE("past store: what was there, at any time, in pages of any size") {
  std::mt19937 chance(20261202);
  for (unsigned round = 0; round < 120; ++round) {
    CAPTURE(round);
    const auto how = round % 2 == 0 ? version_order::newest_first : version_order::oldest_first;
    const auto in = random_history(chance, how);
    in->page_most = 1 + round % 5;
    for (int64_t time_s = 0; time_s < 15; time_s += 2) {
      CAPTURE(time_s);
      const auto past = make_past_store(in, time_s);
      for (const auto* prefix : {"", "a/", "b/", "d/e/"})
        for (const bool below : {false, true})
          CHECK(all_of(*past, prefix, below) == expected_at(*in, prefix, below, time_s));
      for (const auto& [name, states] : in->history) {
        CAPTURE(name);
        const auto text = in->was(name, time_s);
        const auto about = past->look(name)->wait();
        const auto piece = past->read(name, 0, 1000, "")->wait();
        REQUIRE(about);
        REQUIRE(piece);
        CHECK(about->has_value() == text.has_value());
        CHECK(piece->has_value() == text.has_value());
        if (!text || !*about || !*piece)
          continue;
        CHECK((*about)->size_bytes == text->size());
        CHECK(as_text((*piece)->bytes) == *text);
      }
    }
  }
}

TEST_CASE("past store: who goes on with an object reads the same version") {
  const auto in = std::make_shared<versioned>(version_order::newest_first);
  in->put("a", "the first one", 10);
  in->put("a", "another", 20);
  const auto past = make_past_store(in, 15);
  const auto begin = past->read("a", 0, 4, "")->wait();
  REQUIRE(begin);
  REQUIRE(*begin);
  const auto lists = in->lists;
  const auto rest = past->read("a", 4, 100, (*begin)->tag)->wait();
  REQUIRE(rest);
  CHECK(as_text((*rest)->bytes) == "first one");
  CHECK(in->lists == lists);
}

TEST_CASE("past store: nothing is written") {
  const auto past = make_past_store(std::make_shared<versioned>(version_order::newest_first), 15);
  const std::vector<std::string> keys = {"a"};
  CHECK(past->put("a", {})->wait().failure().code == errc::option_invalid);
  CHECK(past->begin_parts("a")->wait().failure().code == errc::option_invalid);
  CHECK(past->put_part("a", "u", 1, {})->wait().failure().code == errc::option_invalid);
  CHECK(past->end_parts("a", "u", {}, 0)->wait().failure().code == errc::option_invalid);
  CHECK(past->drop_parts("a", "u")->wait().failure().code == errc::option_invalid);
  CHECK(past->remove(keys)->wait().failure().code == errc::option_invalid);
  CHECK(past->touch("a")->wait().failure().code == errc::option_invalid);
}

TEST_CASE("past store: a list of versions that never ends is an error") {
  const auto in = std::make_shared<versioned>(version_order::newest_first);
  in->endless = true;
  CHECK(make_past_store(in, 15)->look("a")->wait().failure().code == errc::protocol);
}

TEST_CASE("past choice: what is kept between pages is read back, and nothing else") {
  past_choice first(15, version_order::newest_first);
  CHECK(first.take({.versions = {{"a b", "v2", 7, 10}}, .next = "more"}).empty());
  past_choice second(15, version_order::newest_first);
  REQUIRE(second.go_on_from(first.kept()));
  const auto told = second.take({.versions = {{"a b", "v1", 5, 8}, {"c", "v1", 5, 20}}});
  REQUIRE(told.size() == 1);
  CHECK(told.front().version == "v2");
  CHECK(told.front().size_bytes == 7);
  for (const auto* wrong : {"", "a",
                            "a\x1fopen\x1fv\x1fx\x1f"
                            "1",
                            "a\x1fopen\x1fv\x1f"
                            "1"})
    CHECK_FALSE(past_choice(1, version_order::newest_first).go_on_from(wrong));
}

} // namespace
} // namespace pgbraid::test
