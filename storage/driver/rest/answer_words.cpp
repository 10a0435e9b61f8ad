// Their texts.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/answer_words.hpp"

#include "engine/base/printable.hpp"
#include "engine/http/http_time.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <fmt/format.h>

namespace pgbraid::rest {

error not_understood(std::string_view what) {
  return {errc::format, fmt::format("the answer of the store is not understood: {}", what)};
}

result<void> check_listed_key(std::string_view key, std::string_view prefix) {
  if (key.starts_with(prefix))
    return success();
  return error{errc::protocol, fmt::format("the store lists '{}', which does not begin with '{}'",
                                           printable_line(key), prefix)};
}

result<object::object_about> about_of(const http::response& answer) {
  const auto size = number_of<uint64_t>(answer.find("content-length"));
  const auto time = http::seconds_of(std::string(answer.find("last-modified")));
  if (!size || !time)
    return error{errc::protocol, "the store does not tell size and time of an object"};
  return object::object_about{*size, *time};
}

error held_failure(std::string_view key, std::string_view told) {
  return {.code = errc::protocol,
          .message = fmt::format("the store holds '{}' ({})", printable_line(key),
                                 printable_line(told.substr(0, told.find_first_of("\r\n")))),
          .hint = "What is held cannot be replaced either, unless the bucket keeps versions.",
          .held = true};
}

std::string hold_of(const http::response& look) {
  std::string out;
  for (const auto* name :
       {"x-amz-object-lock-retain-until-date", "x-ms-immutability-policy-until-date"})
    if (const auto until = look.find(name); !until.empty())
      out += fmt::format(" until {}", printable_line(until));
  for (const auto* name : {"x-amz-object-lock-legal-hold", "x-ms-legal-hold"})
    if (const auto is = look.find(name); is == "ON" || is == "true")
      out += fmt::format("{} until its legal hold ends", out.empty() ? "" : " and");
  return out;
}

} // namespace pgbraid::rest
