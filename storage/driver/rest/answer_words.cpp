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

} // namespace pgbraid::rest
