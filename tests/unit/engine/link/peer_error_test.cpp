// Errors between hosts.
// SPDX-License-Identifier: MIT
#include "engine/link/peer_error.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;
using link::parse_peer_error;
using link::render_peer_error;

namespace {

const std::string prefix = "raised from remote-0 ssh protocol on 'db1': ";

} // namespace

TEST_CASE("peer error: code, message and hint arrive") {
  const error what{errc::file_missing, "cannot read '\xc3\xa4 \"x\"'", "Look.\nLook again."};
  const auto text = render_peer_error(what);
  CHECK(text ==
        R"({"code":55,"hint":"Look.\nLook again.","message":"cannot read '\u00e4 \"x\"'"})");
  const auto got = parse_peer_error(text, client_settings());
  CHECK(got.code == errc::file_missing);
  CHECK(got.message == prefix + what.message);
  CHECK(got.hint == what.hint);
  CHECK_FALSE(got.transient);
}

TEST_CASE("peer error: whether another try may help arrives, and only as yes or no") {
  const error what{.code = errc::file_read, .message = "x", .transient = true};
  CHECK(parse_peer_error(render_peer_error(what), client_settings()).transient);
  CHECK_FALSE(parse_peer_error(R"({"code":42,"transient":1})", client_settings()).transient);
}

TEST_CASE("peer error: texts that are no UTF-8, or very long, still fit a header") {
  hostile("control characters and line feeds");
  const auto text = render_peer_error(
      {errc::file_open, "\xff\xfe\n\x1b[31m" + pattern(1 << 20), pattern(1 << 20)});
  CHECK(text.size() < 30000);
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; }));
  CHECK(parse_peer_error(text, client_settings()).code == errc::file_open);
}

TEST_CASE("peer error: hostile text cannot steer a terminal") {
  hostile("control characters and line feeds");
  const auto got = parse_peer_error(R"({"code":50,"message":"a\u001b[2Jb\u0000c","hint":"\u0007"})",
                                    client_settings());
  CHECK(got.message == prefix + "a\\x1b[2Jb\\x00c");
  CHECK(got.hint == "\\x07");
}

TEST_CASE("peer error: what cannot be understood is an error as well") {
  hostile("requests and answers between hosts", 7);
  CHECK(parse_peer_error(R"({"code":1})", client_settings()).code == errc::unknown);
  CHECK(parse_peer_error(R"({"code":255})", client_settings()).code == errc::unknown);
  CHECK(parse_peer_error(R"({"code":311})", client_settings()).code == errc::unknown);
  CHECK(parse_peer_error(R"({"code":-50})", client_settings()).code == errc::unknown);
  CHECK(parse_peer_error(R"({"code":"50"})", client_settings()).code == errc::unknown);
  CHECK(parse_peer_error(R"({"code":5e1,"message":[]})", client_settings()).message == prefix);
  for (const char* bad : {"", "x", "[]", "7", "{\"code\":", "\xff", "null"}) {
    hostile("requests and answers between hosts");
    CHECK(parse_peer_error(bad, client_settings()).code == errc::protocol);
  }
  CHECK(parse_peer_error(std::string(30000, '['), client_settings()).code == errc::protocol);
}
