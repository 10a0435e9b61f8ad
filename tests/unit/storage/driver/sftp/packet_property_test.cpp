// Packets of any content, cut anywhere; fingerprints; and pieces that files share.
// Layout: draft-ietf-secsh-filexfer-02.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/host_key.hpp"
#include "storage/driver/sftp/packet.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::sftp;
using namespace pgbraid::test;

namespace {

sftp::attributes any_attributes() {
  sftp::attributes out;
  const auto some = [](auto& to) {
    if (*rc::gen::arbitrary<bool>())
      to = *rc::gen::arbitrary<std::decay_t<decltype(*to)>>();
  };
  some(out.size);
  some(out.uid);
  if (out.uid)
    out.gid = *rc::gen::arbitrary<uint32_t>();
  some(out.mode);
  some(out.mtime_s);
  return out;
}

bool same(const sftp::attributes& a, const sftp::attributes& b) {
  return a.size == b.size && a.uid == b.uid && a.gid == b.gid && a.mode == b.mode &&
         a.mtime_s == b.mtime_s;
}

/// One field of a packet and its bytes, written out by the draft: numbers big endian, strings with
/// their length in front.
using field = std::variant<uint32_t, uint64_t, std::string, sftp::attributes>;

field any_field() {
  switch (*rc::gen::inRange(0, 4)) {
  case 0:
    return *rc::gen::arbitrary<uint32_t>();
  case 1:
    return *rc::gen::arbitrary<uint64_t>();
  case 2:
    return *rc::gen::arbitrary<std::string>();
  default:
    return any_attributes();
  }
}

std::string number(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;)
    out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string by_the_draft(const field& one) {
  if (const auto* word = std::get_if<uint32_t>(&one))
    return number(*word, 4);
  if (const auto* wide = std::get_if<uint64_t>(&one))
    return number(*wide, 8);
  if (const auto* text = std::get_if<std::string>(&one))
    return number(text->size(), 4) + *text;
  const auto& about = std::get<sftp::attributes>(one);
  uint32_t flags = 0;
  std::string rest;
  if (about.size) {
    flags |= 1;
    rest += number(*about.size, 8);
  }
  if (about.uid) {
    flags |= 2;
    rest += number(*about.uid, 4) + number(*about.gid, 4);
  }
  if (about.mode) {
    flags |= 4;
    rest += number(*about.mode, 4);
  }
  if (about.mtime_s) {
    flags |= 8;
    rest += number(*about.mtime_s, 4) + number(*about.mtime_s, 4);
  }
  return number(flags, 4) + rest;
}

bool reads_back(field_reader& in, const field& one) {
  if (const auto* word = std::get_if<uint32_t>(&one))
    return in.u32() == *word;
  if (const auto* wide = std::get_if<uint64_t>(&one))
    return in.u64() == *wide;
  if (const auto* text = std::get_if<std::string>(&one))
    return in.text() == *text;
  return same(in.about(), std::get<sftp::attributes>(one));
}

void write_to(fields& to, const field& one) {
  if (const auto* word = std::get_if<uint32_t>(&one))
    to.u32(*word);
  else if (const auto* wide = std::get_if<uint64_t>(&one))
    to.u64(*wide);
  else if (const auto* text = std::get_if<std::string>(&one))
    to.text(*text);
  else
    to.about(std::get<sftp::attributes>(one));
}

} // namespace

TEST_CASE("sftp packet: any fields are written as the draft says, and read back") {
  for_all(
      [] {
        std::vector<field> all;
        for (int left = *rc::gen::inRange(0, 8); left > 0; --left)
          all.push_back(any_field());
        fields made;
        std::string expected;
        for (const auto& one : all) {
          write_to(made, one);
          expected += by_the_draft(one);
        }
        RC_ASSERT(as_text(made.made()) == expected);
        field_reader in(made.made());
        for (const auto& one : all)
          RC_ASSERT(reads_back(in, one));
        RC_ASSERT((in.at_end() && !in.broken()));
        // The packet around them.
        const auto id = *rc::gen::arbitrary<uint32_t>();
        const size_t behind = *rc::gen::inRange<size_t>(0, 40'000);
        const auto packet = packet_of(packet_kind::write, id, made, behind);
        RC_ASSERT(as_text(packet) ==
                  number(1 + 4 + expected.size() + behind, 4) + '\x06' + number(id, 4) + expected);
        // Cut anywhere, something is missing, and the reader says so.
        if (expected.empty())
          return;
        hostile("answers of an SFTP server");
        const auto size = *rc::gen::inRange<size_t>(0, expected.size());
        field_reader cut(byte_view(made.made()).first(size));
        bool all_fit = true;
        for (const auto& one : all)
          all_fit = reads_back(cut, one) && all_fit && !cut.broken();
        RC_ASSERT(cut.broken());
        RC_ASSERT(!all_fit);
        // From there on everything is empty.
        RC_ASSERT(cut.u32() == 0);
        RC_ASSERT(cut.text().empty());
      },
      300);
}

TEST_CASE("sftp packet: whatever a server answers is understood, refused, or its own status") {
  for_all(
      [] {
        const auto kind = *rc::gen::element(
            packet_kind::status, packet_kind::handle, packet_kind::data, packet_kind::name,
            packet_kind::attrs, packet_kind::version, packet_kind::extended_reply);
        std::string bytes = *rc::gen::arbitrary<std::string>();
        if (*rc::gen::arbitrary<bool>()) // a beginning that fits often
          bytes = number(*rc::gen::inRange<uint64_t>(0, 9), 4) + bytes;
        const auto view = as_bytes(bytes);
        const reply from{kind, {view.begin(), view.end()}};
        hostile("answers of an SFTP server", 5);
        const auto refused_alike = [&](const auto& got, packet_kind good) {
          status why;
          auto taken = got(from, why);
          if (!taken) {
            RC_ASSERT(taken.failure().code == errc::protocol);
            return;
          }
          RC_ASSERT((kind == good || kind == packet_kind::status));
          RC_ASSERT(taken->has_value() == (kind == good));
          for (const char c : why.message) // shown to people
            RC_ASSERT((static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t'));
        };
        refused_alike([](auto& r, auto& why) { return handle_of(r, why); }, packet_kind::handle);
        refused_alike([](auto& r, auto& why) { return data_of(r, why); }, packet_kind::data);
        refused_alike([](auto& r, auto& why) { return attributes_of(r, why); }, packet_kind::attrs);
        refused_alike([](auto& r, auto& why) { return names_of(r, why); }, packet_kind::name);
        const auto told = status_of(from);
        if (kind != packet_kind::status)
          RC_ASSERT((!told && told.failure().code == errc::protocol));
      },
      500);
}

TEST_CASE("sftp: a fingerprint is one in any writing, and no other") {
  for_all([] {
    const auto digest = *rc::gen::container<std::vector<std::byte>>(
        *rc::gen::element<size_t>(16, 20, 32),
        rc::gen::map(rc::gen::inRange(0, 256), [](int b) { return static_cast<std::byte>(b); }));
    std::string text;
    const bool colons = *rc::gen::arbitrary<bool>();
    for (size_t i = 0; i < digest.size(); ++i) {
      const std::string digits =
          *rc::gen::arbitrary<bool>() ? "0123456789abcdef" : "0123456789ABCDEF";
      const auto value = std::to_integer<unsigned>(digest[i]);
      text += (i > 0 && colons ? ":" : "") + std::string{digits[value >> 4], digits[value & 15]};
    }
    RC_ASSERT(is_fingerprint(text, digest));
    hostile("answers of an SFTP server", 3);
    auto other = text;
    const auto at = *rc::gen::inRange<size_t>(0, other.size());
    other[at] = other[at] == '0' ? '1' : '0';
    RC_ASSERT(!is_fingerprint(other, digest));
    RC_ASSERT(!is_fingerprint(text.substr(0, text.size() - 1), digest));
    RC_ASSERT(!is_fingerprint(text + "0", digest));
    RC_ASSERT(!is_fingerprint("", digest));
  });
}
