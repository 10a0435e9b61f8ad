// Whatever the writers of the format can write, its readers read as it was meant.
// SPDX-License-Identifier: MIT
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/checked_text.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/json_reader.hpp"
#include "engine/format/json_writer.hpp"
#include "engine/format/label.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_equality.hpp"
#include "engine/format/manifest_values.hpp"
#include "engine/format/timeline_history.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/format/any_content.hpp"
#include "tests/unit/engine/format/proved.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;
using pgbraid::format_test::any;

namespace {

constexpr unsigned rounds = 400;

/// Runs a property with many seeds; the seed of a failure is shown.
template <class Property> void for_all(Property property) {
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    CAPTURE(seed);
    any from(seed);
    property(from);
  }
}

struct kept_line {
  std::string section;
  std::string key;
  std::string value;
  friend bool operator==(const kept_line&, const kept_line&) = default;
};

std::optional<std::vector<kept_line>> lines_of(std::string_view text) {
  std::vector<kept_line> lines;
  const auto version = parse_info(text, [&](const info_line& at) -> result<void> {
    lines.push_back({std::string(at.section), std::string(at.key), std::string(at.value)});
    return success();
  });
  return version ? std::optional(lines) : std::nullopt;
}

/// The values that lines with free keys have.
std::string any_object(any& from) {
  std::string text;
  json_writer out(text);
  out.begin_object();
  if (from.chance(3))
    return out.end_object(), text;
  out.member("a").string(from.text());
  out.member("b").number(from.number());
  out.member("c").begin_array().string(from.text()).null().boolean(from.chance(2)).end_array();
  out.end_object();
  return text;
}

} // namespace

TEST_CASE("round trip: any bytes are a JSON string") {
  for_all([](any& from) {
    test::hostile("random damage and noise");
    const auto name = from.text();
    const auto value = from.text();
    const auto number = from.signed_number();
    std::string text;
    json_writer(text)
        .begin_object()
        .member(name)
        .string(value)
        .member(name)
        .number(number)
        .end_object();
    json_reader in(text);
    in.begin_object();
    CHECK(in.next_member().value_or("?") == name);
    CHECK(in.read_string() == value);
    CHECK(in.next_member().value_or("?") == name);
    CHECK(in.read_int() == number);
    CHECK_FALSE(in.next_member());
    CHECK(in.check());
  });
}

TEST_CASE("round trip: any key that ends with its line is found again") {
  for_all([](any& from) {
    test::hostile("random damage and noise");
    std::vector<kept_line> lines;
    info_writer out("0.1.0");
    for (unsigned i = from.below(6); i > 0; --i) {
      lines.push_back({"target:file", from.text(is_line_key), any_object(from)});
      out.line(lines.back().section, lines.back().key, lines.back().value);
    }
    const auto text = out.finish();
    CAPTURE(text);
    CHECK(lines_of(text) == lines);
  });
}

TEST_CASE("round trip: any other key is not, so that writers must know") {
  for (const std::string key : {"", "\n", "a\n", "\nb", "a\nb", "a\n[c]\nd"}) {
    test::hostile("control characters and line feeds");
    REQUIRE_FALSE(is_line_key(key));
    info_writer out("0.1.0");
    const kept_line line{"db", key, R"({"db-id":1})"};
    out.line(line.section, line.key, line.value);
    const auto read = lines_of(out.finish());
    CHECK((!read || *read != std::vector{line}));
  }
}

TEST_CASE("round trip: values of all kinds") {
  for_all([](any& from) {
    const auto value = from.text();
    const auto number = from.number();
    const bool flag = from.chance(2);
    info_writer out(from.text());
    out.text("a", "text", value);
    out.number("a", "number", number);
    out.boolean("a", "flag", flag);
    std::string read_text;
    uint64_t read_number = 0;
    bool read_flag = !flag;
    CHECK(parse_info(out.finish(), [&](const info_line& at) {
      return at.key == "text"     ? read_value(at, read_text)
             : at.key == "number" ? read_value(at, read_number)
                                  : read_value(at, read_flag);
    }));
    CHECK(read_text == value);
    CHECK(read_number == number);
    CHECK(read_flag == flag);
  });
}

TEST_CASE("round trip: archive.info and backup.info") {
  for_all([](any& from) {
    const auto archive = from.archive();
    CHECK(checked_text(archive));
    const auto read = parse_archive_info(render(archive));
    REQUIRE(read);
    CHECK(render(*read) == render(archive));

    const auto backups = from.backups();
    const auto text = checked_text(backups);
    REQUIRE_MESSAGE(text, text.failure().message);
    CHECK(render(*parse_backup_info(*text)) == *text);
  });
}

TEST_CASE("round trip: manifests") {
  for_all([](any& from) {
    const auto made = from.whole_manifest();
    const auto proved = test::prove_readable(made);
    CHECK_MESSAGE(proved, proved.failure().message);
    const auto text = render(made);
    const auto read = parse_manifest(text);
    REQUIRE(read);
    CHECK(first_difference(made, *read).value_or("") == "");
    CHECK(render(*read) == text);
  });
}

TEST_CASE("round trip: the pieces in which a manifest comes make no difference") {
  for_all([](any& from) {
    const auto made = from.whole_manifest();
    const auto text = render(made);
    manifest_feed feed;
    for (std::string_view rest = text; !rest.empty();) {
      const auto piece = rest.substr(0, 1 + from.below(from.chance(2) ? 3 : 300));
      REQUIRE(feed.feed(piece));
      rest.remove_prefix(piece.size());
    }
    const auto read = feed.finish();
    REQUIRE(read);
    CHECK_FALSE(first_difference(made, *read));
  });
}

TEST_CASE("round trip: of a manifest whose damage is asked for, only those files are kept") {
  size_t damaged = 0;
  for_all([&](any& from) {
    const auto made = from.whole_manifest();
    manifest_feed feed(kept_files::with_wrong_pages);
    REQUIRE(feed.feed(render(made)));
    const auto read = feed.finish();
    REQUIRE(read);
    CHECK_FALSE(first_difference_beside_files(made, *read));
    auto at = read->files.begin();
    for (const auto& file : made.files) {
      if (file.pages != page_check::broken)
        continue;
      REQUIRE(at != read->files.end());
      CHECK(at->name == file.name);
      ++at;
      ++damaged;
    }
    CHECK(at == read->files.end());
  });
  CHECK(damaged > 0);
}

TEST_CASE("info feed: what is no info file is told by its first bytes, in whatever pieces") {
  const auto refusal = [](std::string_view text, size_t piece) {
    test::hostile("manifests and info files");
    info_feed feed([](const info_line&) { return success(); });
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
      if (auto fed = feed.feed(text.substr(0, piece)); !fed)
        return fed.failure().code;
    return feed.finish().failure().code;
  };
  for (const size_t piece : {size_t{1}, size_t{5}, size_t{100}}) {
    CHECK(refusal("Salted__12345678", piece) == errc::crypto);
    CHECK(refusal("PGBR006 and more", piece) == errc::format);
    CHECK(refusal("", piece) == errc::format);
    CHECK(refusal("[a]\nb=1\n", piece) == errc::format);
    CHECK(refusal("[backrest]\nbackrest-format=5\n", piece) == errc::checksum);
  }
}

TEST_CASE("info feed: a line without an end is not kept") {
  test::hostile("manifests and info files");
  info_feed feed([](const info_line&) { return success(); });
  REQUIRE(feed.feed("[a]\nb=\""));
  const std::string piece(size_t{1} << 20, 'x');
  size_t given = 0;
  while (given < 2 * info_feed::line_limit_bytes && feed.feed(piece))
    given += piece.size();
  CHECK(given < info_feed::line_limit_bytes);
}

TEST_CASE("round trip: what a manifest cannot name is told before, not by its readers") {
  const auto refused = [](auto&& change) {
    test::hostile("manifests and info files");
    any from(1);
    auto made = from.whole_manifest();
    change(made);
    made.sort();
    const auto proved = test::prove_readable(made);
    REQUIRE_FALSE(proved);
    CHECK(proved.failure().code == errc::format);
  };
  refused([](manifest& of) { of.databases.push_back({.name = "a\nb", .oid = 7}); });
  refused([](manifest& of) { of.files.push_back({.name = "pg_data/a\nb"}); });
  refused([](manifest& of) { of.files.push_back({.name = "pg_data/../b"}); });
  refused([](manifest& of) { of.paths.push_back({.name = "pg_data/a\nb"}); });
  refused([](manifest& of) { of.links.push_back({.name = "pg_tblspc/1/a", .destination = "/x"}); });
  refused([](manifest& of) { of.targets.push_back({.name = "pg_tblspc/01", .path = "/x"}); });
  refused([](manifest& of) { of.label = "today"; });
  refused([](manifest& of) { of.db_version = ""; });
  refused([](manifest& of) {
    of.files.push_back({.name = "pg_data/zz", .user = of.owner(std::string_view())});
    of.file_defaults.user.reset();
  });
  // Read, but as something else.
  refused([](manifest& of) {
    of.files.push_back({.name = "pg_data/zz"});
    of.set_rare(of.files.back(), {.block_size_bytes = 100});
  });
  refused([](manifest& of) {
    of.files.push_back({.name = "pg_data/zz", .size_bytes = 1, .has_checksum = true});
    of.files.push_back(of.files.back());
  });
}

TEST_CASE("round trip: lock files, labels and archive ids") {
  for_all([](any& from) {
    const lock_content made{.exec_id = from.text(),
                            .pid = from.number(),
                            .percent_hundredths = from.maybe_number(),
                            .size_bytes = from.maybe_number(),
                            .size_complete_bytes = from.maybe_number()};
    const auto read = parse_lock_content(render(made));
    REQUIRE(read);
    CHECK(read->exec_id == made.exec_id);
    CHECK(read->pid == made.pid);
    CHECK(read->percent_hundredths == made.percent_hundredths);
    CHECK(read->size_bytes == made.size_bytes);
    CHECK(read->size_complete_bytes == made.size_complete_bytes);

    const auto label = from.label();
    CHECK(is_label(label));
    CHECK(full_of_label(label).size() == 16);
    const auto history = from.history_entry(from.number() | 1);
    const auto parts = parse_archive_id(archive_id(history));
    REQUIRE(parts);
    CHECK(parts->id == history.id);
    CHECK(parts->version == history.version);
  });
}

TEST_CASE("round trip: timeline histories as PostgreSQL writes them") {
  for_all([](any& from) {
    std::string text;
    std::vector<timeline_switch> made;
    for (uint32_t timeline = 1; timeline < 1 + from.below(5); ++timeline) {
      made.push_back({timeline, from.number()});
      const auto lsn = made.back().lsn;
      text += fmt::format("{}\t{:X}/{:X}\t{}\n", timeline, lsn >> 32, lsn & UINT32_MAX,
                          from.text(is_line_key));
    }
    const auto read = parse_timeline_history(text);
    REQUIRE(read);
    CHECK(std::ranges::equal(*read, made, [](const auto& a, const auto& b) {
      return a.timeline == b.timeline && a.lsn == b.lsn;
    }));
  });
}
