// Reading and writing status files of the spool.
// SPDX-License-Identifier: MIT
#include "engine/format/spool_status.hpp"

#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"

#include <charconv>

namespace pgbraid::format {

namespace {

constexpr unsigned exit_status_max = 255;

std::string in_spool(std::string_view spool_path, std::string_view stanza, std::string_view part) {
  return join_path(spool_stanza_path(spool_path, stanza), part);
}

error malformed(std::string_view name, std::string_view what) {
  return {errc::format, std::string(name) + " " + std::string(what),
          "Did anything else than archive-push or archive-get write into the spool path?"};
}

} // namespace

std::string spool_stanza_path(std::string_view spool_path, std::string_view stanza) {
  return join_path(join_path(spool_path, "archive"), stanza);
}

std::string spool_out_path(std::string_view spool_path, std::string_view stanza) {
  return in_spool(spool_path, stanza, "out");
}

std::string spool_in_path(std::string_view spool_path, std::string_view stanza) {
  return in_spool(spool_path, stanza, "in");
}

result<spool_status> parse_spool_status(std::string_view name, std::string_view text) {
  if (text.empty() && name.ends_with(spool_ok_suffix))
    return spool_status{};
  if (text.empty())
    return malformed("status file '" + std::string(name) + "'", "has no content");
  if (text.size() > spool_status_limit_bytes)
    return malformed(name, "content is too long");
  const auto line = text.find('\n');
  if (line == std::string_view::npos)
    return malformed(name, "content must have at least two lines");
  spool_status out;
  const auto* end = text.data() + line;
  const auto parsed = std::from_chars(text.data(), end, out.code);
  if (parsed.ec != std::errc() || parsed.ptr != end || out.code > exit_status_max)
    return malformed(name, "content must begin with an exit status");
  if (out.code == 0 && !name.ends_with(spool_ok_suffix))
    return malformed(name, "content must begin with the exit status of an error");
  out.message = text.substr(line + 1);
  return out;
}

std::string render(const spool_status& status) {
  if (status.code == 0 && status.message.empty())
    return {};
  auto out = std::to_string(status.code) + "\n" + printable(status.message);
  if (out.size() <= spool_status_limit_bytes)
    return out;
  // Not in the middle of a character.
  auto end = spool_status_limit_bytes;
  while ((static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U)
    --end;
  out.resize(end);
  return out;
}

spool_status status_of(const error& what) {
  return {.code = static_cast<unsigned>(what.code), .message = what.text()};
}

} // namespace pgbraid::format
