// Info files by the words of engine/format/README.md, section 4: a second reader and a second
// checksum. SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/json_writer.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_equality.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/format/any_content.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <openssl/sha.h>

#include <algorithm>
#include <map>

using namespace pgbraid;
using namespace pgbraid::format;
using format_test::any;
using test::between;

namespace {

struct line {
  std::string section;
  std::string key;
  std::string value;
  friend bool operator==(const line&, const line&) = default;
};
using lines = std::vector<line>;

std::string sha1_of(const std::string& text) {
  std::array<std::byte, 20> sum{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(sum.data()));
  return to_hex(sum);
}

/// Section 4.3, word for word.
std::string checksum_of(const lines& all) {
  std::string text = "{";
  for (size_t i = 0; i < all.size(); ++i) {
    const bool opens = i == 0 || all[i - 1].section != all[i].section;
    if (opens)
      text += (i == 0 ? "\"" : "},\"") + all[i].section + "\":{";
    text += (opens ? "" : ",") + json_string(all[i].key) + ":" + all[i].value;
  }
  return sha1_of(text + (all.empty() ? "}" : "}}"));
}

/// A file of these lines in their order, with whatever stands between them.
std::string file_of(const lines& all, std::string_view checksum) {
  std::string text;
  std::string section;
  for (const auto& one : all) {
    if (one.section != section)
      text += (text.empty() ? "[" : "\n[") + one.section + "]\n";
    section = one.section;
    text += one.key + "=" + one.value + "\n";
  }
  return text + "\n[backrest]\nbackrest-checksum=\"" + std::string(checksum) + "\"\n";
}

result<lines> read(const std::string& text) {
  lines seen;
  const auto version = parse_info(text, [&](const info_line& at) {
    seen.push_back({std::string(at.section), std::string(at.key), std::string(at.value)});
    return success();
  });
  if (!version)
    return version.failure();
  return seen;
}

/// All lines but the checksum.
lines split(const std::string& text) {
  const std::string version = "\nbackrest-version=";
  const auto at = text.find(version) + version.size();
  lines out{{"backrest", "backrest-format", "5"},
            {"backrest", "backrest-version", text.substr(at, text.find('\n', at) - at)}};
  const auto others = *read(text);
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

std::string recorded_checksum(const std::string& text) {
  const std::string key = "backrest-checksum=\"";
  return text.substr(text.rfind(key) + key.size(), 40);
}

/// Header lines and some more, in sections that may come again.
lines any_lines() {
  lines out{{"backrest", "backrest-format", "5"}, {"backrest", "backrest-version", "\"x\""}};
  for (auto more = *between(0, 8); more > 0; --more)
    out.push_back({*rc::gen::element<std::string>("a", "b", "c:d"), "k" + std::to_string(more),
                   *rc::gen::element<std::string>("1", "\"x=1\"", "{\"a\":[1,2]}", "null", "-5")});
  return out;
}

/// The same lines with sections, and those of each section, in any order; the header first.
std::string shuffled(const std::string& text) {
  const auto all = split(text);
  std::map<std::string, lines> sections;
  for (const auto& one : all)
    sections[one.section].push_back(one);
  const auto shuffle = [](auto& items) {
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[*between<size_t>(0, i - 1)]);
  };
  std::vector<std::string> names;
  for (auto& [name, content] : sections) {
    if (name == "backrest")
      continue;
    names.push_back(name);
    // Of lines with one key the order may mean something.
    const auto twice = std::ranges::adjacent_find(content, {}, &line::key);
    if (twice == content.end())
      shuffle(content);
  }
  shuffle(names);
  auto out = sections["backrest"];
  for (const auto& name : names)
    out.insert(out.end(), sections[name].begin(), sections[name].end());
  return file_of(out, checksum_of(out));
}

} // namespace

TEST_CASE("info model: the example of section 4.3") {
  const lines example{{"backrest", "backrest-format", "5"},
                      {"backrest", "backrest-version", "\"0.1.0\""},
                      {"db", "db-id", "1"},
                      {"db", "db-system-id", "7710766669200556640"},
                      {"db", "db-version", "\"15\""},
                      {"db:history", "1", R"({"db-id":7710766669200556640,"db-version":"15"})"}};
  CHECK(checksum_of(example) == "a74a1c9b2000e9d45e4a852af5b6ba6ad8470886");
  const auto info = parse_archive_info(file_of(example, checksum_of(example)));
  REQUIRE(info);
  CHECK(render(*info) == file_of(example, checksum_of(example)));
}

TEST_CASE("info model: whatever we write has the checksum of its lines") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    for (const auto& text : {render(from.archive()), render(from.backups())})
      RC_ASSERT(recorded_checksum(text) == checksum_of(split(text)));
  });
}

TEST_CASE("info model: lines come as they stand, sections in any order and more than once") {
  test::for_all([] {
    const auto all = any_lines();
    const auto seen = read(file_of(all, checksum_of(all)));
    RC_ASSERT(bool(seen));
    RC_ASSERT(*seen == lines(all.begin() + 2, all.end()));
  });
}

TEST_CASE("info model: no line may change, go, come or move under the same checksum") {
  test::for_all(
      [] {
        test::hostile("manifests and info files");
        const auto all = any_lines();
        RC_PRE(all.size() > 2U);
        auto other = all;
        const auto at = *between<size_t>(2, all.size() - 1);
        switch (*between(0, 4)) {
        case 0:
          other[at].value = "6";
          break;
        case 1:
          other[at].key += "x";
          break;
        case 2:
          other.erase(other.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 3:
          other.insert(other.begin() + static_cast<std::ptrdiff_t>(at), line{"a", "new", "1"});
          break;
        default:
          std::swap(other[at], other[*between<size_t>(2, all.size() - 1)]);
        }
        RC_PRE(other != all);
        const auto seen = read(file_of(other, checksum_of(all)));
        RC_ASSERT(!seen);
        RC_ASSERT((seen.failure().code == errc::checksum));
      },
      200);
}

TEST_CASE("info model: a manifest says the same in whatever order its lines come") {
  test::for_all(
      [] {
        any from(*rc::gen::arbitrary<unsigned>());
        const auto made = from.whole_manifest();
        const auto again = parse_manifest(shuffled(render(made)));
        RC_ASSERT(bool(again));
        RC_ASSERT(!first_difference(made, *again).has_value());
      },
      60);
}

TEST_CASE("info model: backup.info and archive.info, too") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    const auto archive = render(from.archive());
    RC_ASSERT(render(*parse_archive_info(shuffled(archive))) == archive);
    const auto backups = render(from.backups());
    RC_ASSERT(render(*parse_backup_info(shuffled(backups))) == backups);
  });
}

TEST_CASE("info model: what a reader does not know is passed over, and counts for the checksum") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    const auto text = render(from.archive());
    auto all = split(text);
    const auto at = *between<size_t>(1, all.size());
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(at),
               {{"later", "key", "[1]"}, {"db", "db-later", "{\"x\":1}"}});
    RC_ASSERT(render(*parse_archive_info(file_of(all, checksum_of(all)))) == text);
    RC_ASSERT(!parse_archive_info(file_of(all, recorded_checksum(text))));
  });
}

TEST_CASE("info model: line by line, what is neither section nor key and value") {
  for (const auto* bad : {"key", "=1", "key=", "key=x", "key=1 2", "key={", " [a]", "[a", "a]", "#",
                          "key='1'", "\t", "key=1\r", "\xef\xbb\xbf[a]"}) {
    test::hostile("manifests and info files");
    CAPTURE(bad);
    const auto seen = read("[backrest]\nbackrest-format=5\n[a]\n" + std::string(bad) + "\n");
    REQUIRE_FALSE(seen);
    CHECK(seen.failure().code == errc::format);
    // The line is counted, but not shown: it may be the one that holds a passphrase.
    CHECK(seen.failure().message.find("line 4") != std::string::npos);
    CHECK(seen.failure().message.find("key") == seen.failure().message.find("key=value"));
  }
}
