// Rules of blocks out of options.
// SPDX-License-Identifier: MIT
#include "cli/open/block_rules.hpp"

#include "engine/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

namespace pgbraid::cli {

namespace {

constexpr uint64_t block_unit_bytes = 8192;
constexpr uint64_t largest_block_bytes = uint64_t{16} << 20;

struct table_words {
  const char* option;
  uint64_t least; ///< of a value
  uint64_t most;
  uint64_t unit;
};

constexpr table_words size_words{"repo-block-size-map", block_unit_bytes, largest_block_bytes,
                                 block_unit_bytes};
constexpr table_words age_words{"repo-block-age-map", 0, 256, 1};
constexpr table_words sum_words{"repo-block-checksum-size-map", 6, 16, 1};

/// Numbers and sizes are written alike.
result<plan::block_table> table_of(const std::map<std::string, std::string>& rows,
                                   const table_words& of) {
  plan::block_table out;
  for (const auto& [key, text] : rows) {
    const auto from = parse_size(key);
    const auto value = parse_size(text);
    if (!from || !value || *value < of.least || *value > of.most || *value % of.unit != 0)
      return error{errc::option_invalid_value,
                   fmt::format("'{}={}' is not valid for '{}' option", key, text, of.option)};
    out.push_back({*from, *value});
  }
  std::ranges::sort(out, {}, &plan::block_row::from);
  return out;
}

} // namespace

result<std::optional<plan::block_rules>> block_rules_of(const config::options& opts,
                                                        size_t position) {
  using rules = std::optional<plan::block_rules>;
  if (!opts.has_value("repo-block", position) || !opts.flag("repo-block", position))
    return rules();
  auto out = plan::peer_block_rules();
  out.super_bytes = opts.size_bytes("repo-block-size-super", position);
  out.full_super_bytes = opts.size_bytes("repo-block-size-super-full", position);
  const auto replace = [&](plan::block_table& in, const std::map<std::string, std::string>& rows,
                           const table_words& of) -> result<void> {
    if (rows.empty())
      return success();
    auto table = table_of(rows, of);
    if (!table)
      return table.failure();
    in = std::move(*table);
    return success();
  };
  if (auto read = replace(out.sizes, opts.map("repo-block-size-map", position), size_words); !read)
    return read.failure();
  if (auto read = replace(out.ages, opts.map("repo-block-age-map", position), age_words); !read)
    return read.failure();
  if (auto read = replace(out.checksum_sizes, opts.map("repo-block-checksum-size-map", position),
                          sum_words);
      !read)
    return read.failure();
  return rules(std::move(out));
}

} // namespace pgbraid::cli
