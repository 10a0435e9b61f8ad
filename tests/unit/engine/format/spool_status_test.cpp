// Status files of the spool.
// SPDX-License-Identifier: MIT
#include "engine/format/spool_status.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;
using namespace pgbraid::format;

TEST_CASE("spool status: where it lies") {
  CHECK(spool_out_path("/var/spool/pgbackrest", "demo") ==
        "/var/spool/pgbackrest/archive/demo/out");
  CHECK(spool_in_path("/", "demo") == "/archive/demo/in");
}

TEST_CASE("spool status: as pgBackRest 2.45 and 2.60 write it") {
  const auto plain = parse_spool_status("x.ok", "");
  REQUIRE(plain);
  CHECK(plain->code == 0);
  CHECK(plain->message.empty());
  const auto dropped =
      parse_spool_status("x.ok", "0\ndropped WAL file 'x' because archive queue exceeded 2MB");
  REQUIRE(dropped);
  CHECK(dropped->code == 0);
  CHECK(dropped->message == "dropped WAL file 'x' because archive queue exceeded 2MB");
  const auto skipped = parse_spool_status("x.ok", "45\nsome text\nmore");
  REQUIRE(skipped);
  CHECK(skipped->code == 45);
  CHECK(skipped->message == "some text\nmore");
  const auto failed = parse_spool_status("global.error", "25\nno WAL files to process");
  REQUIRE(failed);
  CHECK(failed->code == 25);
}

TEST_CASE("spool status: what nobody writes is refused") {
  const auto bad = [](const char* name, std::string_view text) {
    test::hostile("control characters and line feeds");
    const auto read = parse_spool_status(name, text);
    REQUIRE_FALSE(read);
    CHECK(read.failure().code == errc::format);
    return read.failure().message;
  };
  CHECK(bad("x.error", "") == "status file 'x.error' has no content");
  CHECK(bad("x.error", "45") == "x.error content must have at least two lines");
  CHECK(bad("x.ok", "45") == "x.ok content must have at least two lines");
  for (const auto* code : {"\n", " 45\n", "+45\n", "-1\n", "256\n", "99999999999999999999\n",
                           "4 5\n", "0x2d\n", "text\n"})
    CHECK(bad("x.ok", code) == "x.ok content must begin with an exit status");
  CHECK(bad("x.error", "0\nno error") ==
        "x.error content must begin with the exit status of an error");
  CHECK(bad("x.ok", "0\n" + std::string(spool_status_limit_bytes, 'x')) ==
        "x.ok content is too long");
}

TEST_CASE("spool status: what is written is read, whatever the message") {
  test::for_all([] {
    const auto code = static_cast<unsigned>(*test::between(0, 255));
    const auto text =
        *rc::gen::oneOf(rc::gen::arbitrary<std::string>(), test::text_of("ab \n\x1b\xc3\xa4", 40));
    const auto written = render({.code = code, .message = text});
    const auto read = parse_spool_status(code == 0 ? "x.ok" : "x.error", written);
    RC_ASSERT(static_cast<bool>(read));
    RC_ASSERT(read->code == code);
    RC_ASSERT(read->message.find('\x1b') == std::string::npos);
    RC_ASSERT(read->message.empty() == text.empty());
  });
}

TEST_CASE("spool status: a message that is too long is cut between characters") {
  std::string long_text;
  for (size_t i = 0; i < spool_status_limit_bytes; ++i)
    long_text += "\xc3\xa4";
  const auto written = render({.code = 45, .message = long_text});
  CHECK(written.size() <= spool_status_limit_bytes);
  CHECK(written.size() > spool_status_limit_bytes - 4);
  CHECK(written.ends_with("\xc3\xa4"));
}
