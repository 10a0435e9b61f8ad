// Errors as they travel between hosts.
// SPDX-License-Identifier: MIT
#include "engine/link/peer_error.hpp"

#include "engine/base/printable.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgbraid::link {

namespace {

/// Six times as much (each byte may become \u00xx) must fit the other end's largest header.
constexpr size_t message_bytes = 3 << 10;
constexpr size_t hint_bytes = 1 << 10;

std::string shortened(std::string_view text, size_t limit_bytes) {
  return text.size() <= limit_bytes ? std::string(text)
                                    : std::string(text.substr(0, limit_bytes)) + " ...";
}

std::string field(const nlohmann::json& from, const char* name, size_t limit_bytes) {
  const auto found = from.find(name);
  if (found == from.end() || !found->is_string())
    return {};
  return printable(shortened(found->get_ref<const std::string&>(), limit_bytes));
}

bool is_set(const nlohmann::json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_boolean() && found->get<bool>();
}

errc code_of(const nlohmann::json& from) {
  const auto found = from.find("code");
  if (found == from.end() || !found->is_number_unsigned() || found->get<uint64_t>() > 255)
    return errc::unknown;
  const auto code = static_cast<errc>(found->get<uint64_t>());
  return error_name(code) == error_name(errc::unknown) ? errc::unknown : code;
}

} // namespace

std::string render_peer_error(const error& what) {
  nlohmann::json out = {{"code", static_cast<unsigned>(what.code)},
                        {"message", shortened(what.message, message_bytes)}};
  if (!what.hint.empty())
    out["hint"] = shortened(what.hint, hint_bytes);
  if (what.transient)
    out["transient"] = true;
  return out.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

error parse_peer_error(std::string_view text, const settings& with) {
  const auto prefix =
      fmt::format("raised from remote-0 {} protocol on '{}': ", with.kind, with.host);
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return {errc::protocol, prefix + "an error that cannot be understood"};
  return {code_of(parsed), prefix + field(parsed, "message", message_bytes + 8),
          field(parsed, "hint", hint_bytes + 8), is_set(parsed, "transient")};
}

} // namespace pgbraid::link
