// One version of each key, or none.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/past_choice.hpp"

#include "engine/base/number_of.hpp"

#include <fmt/format.h>

namespace pgbraid::object {

namespace {

/// Between the fields: names of objects have no control characters.
constexpr char between = '\x1f';

std::string_view next_field(std::string_view& rest) {
  const auto end = rest.find(between);
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return field;
}

} // namespace

bool past_choice::was_there(const object_version& one) const {
  return !one.removed && (!one.until_s || *one.until_s > time_s_);
}

/// The newest of those that had been made: the first one of them, or the last.
void past_choice::look_at(const object_version& one) {
  if (one.from_s > time_s_ || settled_)
    return;
  settled_ = order_ == version_order::newest_first;
  chosen_ = was_there(one) ? std::optional(one) : std::nullopt;
}

std::vector<object_version> past_choice::take(const version_page& page) {
  std::vector<object_version> certain;
  const auto finish = [&] {
    if (chosen_)
      certain.push_back(std::move(*chosen_));
    chosen_.reset();
    settled_ = false;
  };
  for (const auto& one : page.versions) {
    if (one.key != key_)
      finish();
    key_ = one.key;
    look_at(one);
  }
  // Behind a prefix no version of an earlier key follows.
  if (page.next.empty() || (!page.prefixes.empty() && page.prefixes.back() > key_))
    finish();
  return certain;
}

std::string past_choice::kept() const {
  const auto what = chosen_.value_or(object_version{});
  return fmt::format("{1}{0}{2}{0}{3}{0}{4}{0}{5}", between, key_, settled_ ? "settled" : "open",
                     what.version, what.size_bytes, what.from_s);
}

result<void> past_choice::go_on_from(std::string_view kept) {
  key_ = next_field(kept);
  settled_ = next_field(kept) == "settled";
  object_version what{.key = key_, .version = std::string(next_field(kept))};
  const auto size_bytes = number_of<uint64_t>(next_field(kept));
  const auto from_s = number_of<int64_t>(next_field(kept));
  if (!size_bytes || !from_s)
    return error{errc::format, "what was kept of a list of versions is not whole"};
  what.size_bytes = *size_bytes;
  what.from_s = *from_s;
  chosen_ = what.version.empty() ? std::nullopt : std::optional(std::move(what));
  return success();
}

} // namespace pgbraid::object
