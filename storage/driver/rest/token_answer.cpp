// Two members of an object.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/token_answer.hpp"

#include "storage/driver/rest/lender_answer.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgbraid::rest {

namespace {

/// Whoever says more is asked again in time.
constexpr uint32_t life_most_s = 7 * 24 * 3600;

/// Some send the number as a text.
std::optional<uint32_t> life_s_in(const nlohmann::json& from) {
  const auto at = from.find("expires_in");
  if (at == from.end())
    return {};
  if (at->is_string())
    return number_of<uint32_t>(at->get<std::string>());
  if (at->is_number_unsigned())
    return static_cast<uint32_t>(std::min<uint64_t>(at->get<uint64_t>(), life_most_s));
  return {};
}

} // namespace

result<lent<secret>> token_answer(std::string_view text, std::string_view shown) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return no_keys(shown, "its answer holds none");
  const auto token = json.find("access_token");
  if (token == json.end() || !token->is_string() || token->get<std::string>().empty())
    return no_keys(shown, "its answer holds none");
  const auto life_s = life_s_in(json);
  if (!life_s)
    return no_keys(shown, "it does not say how long they hold");
  // A line end would make more headers of one.
  const auto value = token->get<std::string>();
  if (std::ranges::any_of(value, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
    return no_keys(shown, "its answer holds characters that no token has");
  return lent<secret>{.keys = secret(value), .until_s = wall_s() + std::min(*life_s, life_most_s)};
}

} // namespace pgbraid::rest
