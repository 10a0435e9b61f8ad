// Packets against the layout of the draft.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/host_key.hpp"
#include "storage/driver/sftp/packet.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::sftp;

namespace {

reply answer(packet_kind kind, const fields& rest) {
  return {kind, rest.made()};
}

} // namespace

TEST_CASE("sftp packet: length, kind, number, fields") {
  const auto packet =
      packet_of(packet_kind::read, 0x01020304, fields().text("h").u64(5).u32(0x8000));
  CHECK(to_hex(packet) == "00000016"
                          "05"
                          "01020304"
                          "0000000168"
                          "0000000000000005"
                          "00008000");
}

TEST_CASE("sftp packet: attributes say which members they have") {
  const attributes all{.size = 1, .uid = 2, .gid = 3, .mode = 0100644, .mtime_s = 5};
  const auto made = fields().about(all).made();
  CHECK(to_hex(made) == "0000000f"
                        "0000000000000001"
                        "00000002"
                        "00000003"
                        "000081a4"
                        "0000000500000005");
  field_reader in(made);
  const auto back = in.about();
  CHECK_FALSE(in.broken());
  CHECK(in.at_end());
  CHECK(back.size == all.size);
  CHECK(back.uid == all.uid);
  CHECK(back.gid == all.gid);
  CHECK(back.mode == all.mode);
  CHECK(back.mtime_s == all.mtime_s);
  CHECK(to_hex(fields().about({}).made()) == "00000000");
}

TEST_CASE("sftp packet: what is cut short anywhere is noticed") {
  test::hostile("answers of an SFTP server", 5);
  status why;
  const auto whole = fields()
                         .u32(2)
                         .text("a")
                         .text("-rw a")
                         .about({.size = 3, .mode = 0100600})
                         .text("b")
                         .text("-rw b")
                         .about({.mtime_s = 4})
                         .made();
  CHECK((*names_of({packet_kind::name, whole}, why))->size() == 2);
  for (size_t size = 0; size < whole.size(); ++size) {
    test::hostile("answers of an SFTP server");
    const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const auto names = names_of({packet_kind::name, part}, why);
    REQUIRE_FALSE(names);
    CHECK(names.failure().code == errc::protocol);
  }
  CHECK_FALSE(status_of(answer(packet_kind::status, {})));
  CHECK_FALSE(data_of(answer(packet_kind::data, fields().u32(5)), why));
  CHECK_FALSE(attributes_of(answer(packet_kind::attrs, fields().u32(1).u32(0)), why));
  CHECK_FALSE(handle_of(answer(packet_kind::handle, fields().text(std::string(257, 'h'))), why));
  CHECK_FALSE(names_of(answer(packet_kind::name, fields().u32(UINT32_MAX)), why));
}

TEST_CASE("sftp packet: a status may stand for every answer, but not as success") {
  test::hostile("answers of an SFTP server", 4);
  status why;
  const auto missing = answer(packet_kind::status, fields().u32(2).text("none\x1b[2J").text("en"));
  const auto data = data_of(missing, why);
  REQUIRE(data);
  CHECK_FALSE(*data);
  CHECK(why.code == status_code::no_such_file);
  CHECK(why.message.find('\x1b') == std::string::npos);
  const auto fine = answer(packet_kind::status, fields().u32(0).text("").text(""));
  CHECK_FALSE(data_of(fine, why));
  CHECK_FALSE(handle_of(fine, why));
  CHECK_FALSE(status_of(answer(packet_kind::data, fields().text("x"))));
  // Servers of version 0 to 2 have no message.
  CHECK(status_of(answer(packet_kind::status, fields().u32(1)))->code == status_code::eof);
}

TEST_CASE("sftp host key: fingerprints are compared, however they are written") {
  const std::vector<std::byte> digest = {std::byte{0xab}, std::byte{0x01}};
  CHECK(is_fingerprint("ab01", digest));
  CHECK(is_fingerprint("AB:01", digest));
  CHECK_FALSE(is_fingerprint("ab", digest));
  CHECK_FALSE(is_fingerprint("", digest));
  CHECK_FALSE(is_fingerprint("ab0100", digest));
}
