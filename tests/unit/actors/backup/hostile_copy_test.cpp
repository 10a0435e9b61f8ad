// Both ends of a copy against one that lies: what is sent back, and what is asked for.
// SPDX-License-Identifier: MIT
#include "actors/backup/remote_batch.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/backup/backup_rig.hpp"
#include "tests/unit/engine/link/rig.hpp"

#include <fmt/format.h>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::string length_of(uint32_t bytes) {
  return {static_cast<char>(bytes >> 24), static_cast<char>(bytes >> 16),
          static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
}

std::string answer_of(const std::string& content, const std::string& results) {
  return (content.empty() ? "" : length_of(static_cast<uint32_t>(content.size())) + content) +
         length_of(0) + length_of(static_cast<uint32_t>(results.size())) + results;
}

constexpr std::string_view sha1 = "587b596f04f7db9c2cad3d6b87dd2b3a05de4f35"; // of "15\n"

/// What a client makes of an answer.
result<copy_results> take(const std::string& body, const wire::copied_file& asked,
                          bool changed = false) {
  pair_of_ends ends([&](link::exchange& to) {
    static_cast<void>(to.write(as_bytes(body)));
    static_cast<void>(to.finish());
  });
  auto call = ends.asking->open("/v1/copy/file", "{}");
  REQUIRE(call);
  REQUIRE((*call)->end_write());
  std::shared_ptr<link::client_link> link(&*ends.asking, [](auto*) {});
  copy_answer answer({.link = link, .call = std::move(*call)}, changed);
  std::array<std::byte, 100> room;
  while (true) {
    auto got = answer.take(room, asked);
    if (!got)
      return got.failure();
    if (*got == 0)
      return answer.next_file().learned;
  }
}

std::string results_with(std::string_view more) {
  return fmt::format(R"({{"how":"stored","plain":3,"sha1":"{}"{}}})", sha1, more);
}

} // namespace

TEST_CASE("hostile copy: a good answer is taken") {
  const auto learned = take(answer_of("15\n", results_with("")), {.name = "f"});
  if (!learned)
    FAIL(learned.failure().text());
  CHECK(to_hex(learned->checksum) == sha1);
  CHECK(learned->plain_bytes == 3);
}

TEST_CASE("hostile copy: results that cannot be are refused") {
  const auto other = [](std::string_view text) { return std::string(text); };
  const std::string bodies[] = {
      "",
      length_of(3) + "15",
      length_of(UINT32_MAX) + "15\n",
      length_of(0) + length_of(UINT32_MAX),
      length_of(0) + length_of(50) + "{}",
      answer_of("15\n", ""),
      answer_of("15\n", "{}"),
      answer_of("15\n", "[]"),
      answer_of("15\n", "{"),
      answer_of("15\n", std::string(1000, '[')),
      answer_of("15\n", other(R"({"how":"odd"})")),
      answer_of("15\n", other(R"({"how":"stored","plain":-3})")),
      answer_of("15\n", other(R"({"how":"stored","plain":3,"sha1":"zz"})")),
      answer_of("15", results_with("")),
      answer_of("15\n", results_with(R"(,"repo_sha1":"587b596f04f7db9c2cad3d6b87dd2b3a05de4f35")")),
      answer_of("15\n", results_with(R"(,"pages_checked":true)")),
      answer_of("15\n", other(R"({"how":"vanished"})")),
      answer_of("15\n", other(R"({"how":"empty"})")),
      answer_of("", other(R"({"how":"empty"})")),
  };
  for (const auto& body : bodies) {
    hostile("requests and answers between hosts");
    CAPTURE(body);
    const auto learned = take(body, {.name = "f"});
    REQUIRE_FALSE(learned);
    CHECK(learned.failure().code == errc::protocol);
  }
}

TEST_CASE("hostile copy: more bytes than a file can have are stopped") {
  hostile("requests and answers between hosts");
  const wire::copied_file asked{.name = "f", .limit = 3};
  const auto learned = take(answer_of(std::string(200000, 'x'), results_with("")), asked, true);
  REQUIRE_FALSE(learned);
  CHECK(learned.failure().code == errc::protocol);
}

TEST_CASE("hostile copy: ranges of pages must ascend and agree with the verdict") {
  const wire::copied_file asked{.name = "f", .check_pages = true};
  const auto with = [&](std::string_view pages) {
    return take(answer_of("15\n", results_with(fmt::format(R"(,"pages_checked":true,{})", pages))),
                asked);
  };
  const auto refused = [&](std::string_view pages) {
    hostile("requests and answers between hosts");
    return !with(pages);
  };
  CHECK(with(R"("pages_valid":true)"));
  CHECK(with(R"("pages_valid":false,"bad_pages":[1,2,5,5])"));
  CHECK(with(R"("pages_valid":false,"pages_misaligned":true)"));
  CHECK(refused(R"("pages_valid":false)"));
  CHECK(refused(R"("pages_valid":true,"bad_pages":[1,2])"));
  CHECK(refused(R"("pages_valid":false,"bad_pages":[1])"));
  CHECK(refused(R"("pages_valid":false,"bad_pages":[2,1])"));
  CHECK(refused(R"("pages_valid":false,"bad_pages":[5,6,1,2])"));
  CHECK(refused(R"("pages_valid":false,"bad_pages":[1,5,5,6])"));
}

TEST_CASE("hostile copy: notes of blocks that cannot be are refused") {
  wire::copied_file asked{
      .name = "f", .limit = 8192, .blocks = wire::copied_blocks{8192, 6, 8192, 0}};
  const auto notes_of = [](std::string_view text) {
    return length_of(static_cast<uint32_t>(text.size()) | wire::notes_piece) + std::string(text);
  };
  const auto learned = take(notes_of("\5abcdef") + length_of(3) + "15\n" + notes_of("\16") +
                                answer_of("", results_with("")),
                            asked, true);
  if (!learned)
    FAIL(learned.failure().text());
  REQUIRE(learned->block_notes);
  CHECK(as_text(*learned->block_notes) == "\5abcdef\16");
  CHECK_FALSE(learned->repo_checksum);
  CHECK(take(answer_of("15\n", results_with("")), {.name = "f"})->block_notes == std::nullopt);
  CHECK(take(answer_of("15\n", results_with("")), asked, true)->block_notes->empty());
  const auto refused = [&](const std::string& body, errc code = errc::protocol) {
    hostile("requests and answers between hosts");
    CAPTURE(body.substr(0, 100));
    const auto got = take(body, asked, true);
    REQUIRE_FALSE(got);
    CHECK(got.failure().code == code);
  };
  const auto good = answer_of("15\n", results_with(""));
  refused(length_of(wire::notes_piece) + good);    // of nothing
  refused(length_of(9 | wire::notes_piece) + "x"); // it ends
  refused(length_of(UINT32_MAX) + good);           // larger than any piece
  refused(notes_of(std::string(27, 'x')) + good);  // more than a block has
  refused(notes_of("123") + answer_of("", R"({"how":"vanished"})"));
  refused(answer_of("15\n",
                    results_with(R"(,"repo_sha1":"587b596f04f7db9c2cad3d6b87dd2b3a05de4f35")")));
  refused(answer_of("15\n", fmt::format(R"({{"how":"stored","plain":8193,"sha1":"{}"}})", sha1)));
  // A file that may grow has a limit, too.
  asked.limit = {};
  std::string much;
  for (int i = 0; i < 5; ++i)
    much += notes_of(std::string(2 << 20, 'x'));
  refused(much + good, errc::memory);
  asked.blocks = {};
  refused(notes_of("x") + good);
}

TEST_CASE("hostile copy: more super blocks than a file can have are stopped") {
  hostile("requests and answers between hosts");
  const wire::copied_file asked{
      .name = "f", .limit = 8192, .blocks = wire::copied_blocks{8192, 6, 8192, 0}};
  const auto learned = take(answer_of(std::string(200000, 'x'), results_with("")), asked, true);
  REQUIRE_FALSE(learned);
  CHECK(learned.failure().code == errc::protocol);
}

TEST_CASE("hostile copy: blocks that a client may not ask for") {
  cluster_rig with;
  constexpr uint64_t memory = uint64_t{1} << 20;
  const auto lines_of = [](const wire::copied_blocks& how) {
    return wire::encode(wire::copied_file{.name = "n", .path = "PG_VERSION", .blocks = how});
  };
  const auto begun = [](link::remote_host& host, const wire::copy_rules& rules) {
    auto out = host.main()->open(wire::path::copy_begin, "{}");
    REQUIRE(out);
    REQUIRE((*out)->write(as_bytes(wire::encode(rules))));
    REQUIRE((*out)->end_write());
    return std::move(*out);
  };
  const wire::copied_blocks fine{8192, 6, 32768, 2};
  const std::string sums(12, 's');
  data_host other(with.data);
  const auto host = other.there.connect();
  const auto copy = begun(*host, {.file = {.blocks = true}, .block_memory_bytes = memory});
  REQUIRE(copy->head());
  const auto answers = [&](const wire::copied_blocks& how, const std::string& body) {
    const auto file = host->main()->ask(wire::path::copy_file, lines_of(how), body);
    const auto small = host->main()->ask(wire::path::copy_small, "{}", lines_of(how) + "\n" + body);
    CHECK(static_cast<bool>(file) == static_cast<bool>(small));
    if (!file)
      CHECK(file.failure().code == errc::protocol);
    if (!small)
      CHECK(small.failure().code == errc::protocol);
    return static_cast<bool>(file);
  };
  CHECK(answers(fine, sums));
  CHECK(answers({8192, 6, 32768, 0}, ""));
  const auto refused = [&](const wire::copied_blocks& how, const std::string& body) {
    hostile("requests and answers between hosts", 2);
    CAPTURE(lines_of(how));
    CHECK_FALSE(answers(how, body));
  };
  refused({0, 6, 32768, 0}, "");
  refused({8192, 0, 32768, 0}, "");
  refused({8192, 17, 32768, 0}, "");
  refused({8192, UINT32_MAX, 32768, 2}, sums);
  refused({4096, 6, 32768, 0}, "");
  refused({8192, 6, 0, 0}, "");
  refused({8192, 6, 4096, 0}, "");
  refused({8192, 6, 32769, 0}, "");
  refused({8192, 6, uint64_t{8192} << 40, 0}, "");
  refused({8192, 6, 2 * memory, 0}, ""); // beyond what was told
  refused({8192, 6, 32768, memory / 6}, std::string(memory, 's'));
  refused({8192, 6, 32768, UINT64_MAX}, sums);
  refused({8192, 16, 32768, UINT64_MAX / 16 + 2}, sums); // as bytes these are few
  refused(fine, sums.substr(1));
  refused(fine, sums + "x");
  refused(fine, "");
}

TEST_CASE("hostile copy: blocks in a copy without them, or with too much memory, are refused") {
  hostile("requests and answers between hosts", 4);
  cluster_rig with;
  data_host other(with.data);
  copy_client plain(other.there.connect(), {});
  auto asked = plain.ask({.file = {.name = "n",
                                   .path = "PG_VERSION",
                                   .blocks = wire::copied_blocks{8192, 6, 32768, 0}}});
  REQUIRE(asked);
  CHECK(asked->call->trailer().failure().code == errc::protocol);
  for (const uint64_t bytes : {uint64_t{1} << 40, uint64_t{1} << 62, UINT64_MAX}) {
    copy_client large(other.there.connect(), {});
    large.allow_blocks(bytes);
    const auto refused = large.ask({.file = {.name = "n", .path = "PG_VERSION"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().code == errc::memory);
  }
}

TEST_CASE("hostile copy: what a client may not ask for") {
  cluster_rig with;
  put(with.place / "secret", "secret");
  std::filesystem::create_symlink(with.place / "secret", with.data + "/base/5/30000");
  data_host other(with.data);
  const auto host = other.there.connect();
  copy_client good(host, {});
  const auto taken = [&](wire::copied_file file) -> errc {
    auto call = good.ask({.file = file});
    REQUIRE(call);
    copy_answer answer(std::move(*call), false);
    std::array<std::byte, 100> room;
    auto got = answer.take(room, file);
    while (got && *got > 0)
      got = answer.take(room, file);
    return got ? errc::unknown : got.failure().code;
  };
  CHECK(taken({.name = "n", .path = "PG_VERSION"}) == errc::unknown);
  hostile("names that leave their directory", 7);
  CHECK(taken({.name = "n", .path = "../secret"}) == errc::param_invalid);
  CHECK(taken({.name = "n", .path = "/etc/passwd"}) == errc::param_invalid);
  CHECK(taken({.name = "n", .through = "../conf", .path = "pg.conf"}) == errc::param_invalid);
  CHECK(taken({.name = "n", .through = "base", .path = "5/10000"}) == errc::link_expected);
  CHECK(taken({.name = "n", .through = "nothing", .path = "x"}) == errc::link_expected);
  CHECK(taken({.name = "n", .through = "pg_tblspc/16384", .path = "../secret"}) ==
        errc::param_invalid);
  CHECK(taken({.name = "n", .path = "base/5/30000"}) != errc::unknown);

  const std::vector<asked_file> many(65, {.file = {.name = "n", .path = "PG_VERSION"}});
  const std::vector<asked_file> large{{.file = {.name = "n", .path = "x", .expected = UINT64_MAX}}};
  for (const auto& files : {many, large}) {
    hostile("requests and answers between hosts");
    auto call = good.ask(files);
    REQUIRE(call);
    const auto head = call->call->trailer();
    CHECK_FALSE(head);
  }
  for (const auto& rules :
       {wire::copy_rules{.file = {.compression = compress_type::zst, .compress_level = 9999}},
        wire::copy_rules{.file = {.checksum_page = true, .page_bytes = 7}},
        wire::copy_rules{.file = {.checksum_page = true, .page_bytes = 0}}}) {
    hostile("requests and answers between hosts");
    data_host fresh(with.data);
    copy_client bad(fresh.there.connect(), rules);
    const auto asked = bad.ask({.file = {.name = "n", .path = "PG_VERSION"}});
    REQUIRE_FALSE(asked);
    CHECK(asked.failure().code == errc::protocol);
  }
}

TEST_CASE("hostile copy: requests without a copy, and a second copy, are refused") {
  hostile("requests and answers between hosts", 4);
  cluster_rig with;
  data_host other(with.data);
  const auto host = other.there.connect();
  const auto file = wire::encode(wire::copied_file{.name = "n", .path = "PG_VERSION"});
  CHECK(host->main()->ask(wire::path::copy_file, file).failure().code == errc::protocol);
  CHECK(host->main()->ask("/v1/copy/odd", "{}").failure().code == errc::protocol);
  CHECK(host->main()->ask(wire::path::copy_begin, "{}", "no json").failure().code ==
        errc::protocol);
  auto first = host->main()->open(wire::path::copy_begin, "{}");
  REQUIRE(first);
  REQUIRE((*first)->write(as_bytes("{}")));
  REQUIRE((*first)->end_write());
  REQUIRE((*first)->head());
  CHECK(host->main()->ask(wire::path::copy_begin, "{}", "{}").failure().code == errc::protocol);
  CHECK(host->main()->ask(wire::path::copy_file, file));
  CHECK(host->main()->ask(wire::path::copy_small, "{}", file));
  const auto long_line = file.substr(0, file.size() - 1) + R"(,"more":")" +
                         std::string(wire::line_limit_bytes, 'x') + "\"}";
  const auto refused = host->main()->ask(wire::path::copy_small, "{}", long_line);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::protocol);
}

TEST_CASE("hostile copy: whatever the rules cost, at least one worker has room") {
  cluster_rig with;
  served_host other({.pg_path = with.data, .process_max = 64, .mode = io::io_mode::threads},
                    copies);
  const auto file = wire::encode(wire::copied_file{.name = "n", .path = "PG_VERSION"});
  for (const auto type : {compress_type::none, compress_type::gz, compress_type::lz4,
                          compress_type::zst, compress_type::bz2})
    for (const bool fuse : {true, false})
      for (const uint64_t super_bytes : {0, 1 << 20, 16 << 20}) {
        CAPTURE(compress_type_name(type));
        CAPTURE(fuse);
        CAPTURE(super_bytes);
        const auto host = other.connect();
        const wire::copy_rules rules{
            .file = {.compression = type,
                     .compress_level = codec::levels_of(type).high,
                     .cipher_pass = secret("x"),
                     .raw_members = super_bytes > 0,
                     .blocks = super_bytes > 0},
            .block_memory_bytes =
                super_bytes == 0 ? 0 : served_block_memory({.super_bytes = super_bytes}, 0),
            .fuse = fuse,
            .workers = 64};
        auto begun = host->main()->open(wire::path::copy_begin, "{}");
        REQUIRE(begun);
        REQUIRE((*begun)->write(as_bytes(wire::encode(rules))));
        REQUIRE((*begun)->end_write());
        CHECK((*begun)->head());
        CHECK(host->main()->ask(wire::path::copy_file, file));
      }
}
