// Which repositories must have a WAL file before PostgreSQL may remove it.
// SPDX-License-Identifier: MIT
#include "engine/config/required_repositories.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

namespace pgbraid::config {

namespace {

std::set<unsigned> configured(const options& opts) {
  std::set<unsigned> out;
  for (size_t i = 0; i < opts.repo_count(); ++i)
    out.insert(opts.repo_key(i));
  return out;
}

result<unsigned> parse_key(std::string_view text, const std::set<unsigned>& known) {
  const auto refused = [&](const std::string& why) {
    return error{errc::option_invalid_value,
                 fmt::format("'{}' is not valid for 'archive-require' option", text),
                 fmt::format("{}: it takes the keys of configured repositories, here {}.", why,
                             fmt::join(known, ","))};
  };
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size())
    return refused("this is no number");
  if (!known.contains(number))
    return refused(fmt::format("repo{} is not configured", number));
  return number;
}

} // namespace

result<std::set<unsigned>> required_repositories(const options& opts) {
  const auto known = configured(opts);
  const auto& words = opts.list("archive-require");
  if (words.empty())
    return known;
  std::set<unsigned> out;
  for (std::string_view rest : words)
    for (bool more = true; more;) {
      const auto comma = rest.find(',');
      more = comma != rest.npos;
      const auto number = parse_key(rest.substr(0, comma), known);
      if (!number)
        return number.failure();
      out.insert(*number);
      rest.remove_prefix(more ? comma + 1 : 0);
    }
  return out;
}

} // namespace pgbraid::config
