// Which compression a file in a repository has.
// Source of names and extensions: engine/format/README.md, sections 1 and 8.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/enum_words.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pgbraid {

enum class compress_type : uint8_t { none, gz, lz4, zst, bz2 };

inline constexpr std::array all_compress_types{compress_type::none, compress_type::gz,
                                               compress_type::lz4, compress_type::zst,
                                               compress_type::bz2};
static_assert(!is_enumerator<static_cast<compress_type>(all_compress_types.size())>());

/// The word used by options and manifests: `none`, `gz`, `lz4`, `zst`, `bz2`.
constexpr std::string_view compress_type_name(compress_type type) {
  return word_for(words_of<compress_type>("none", "gz", "lz4", "zst", "bz2"), type);
}

/// What a file name gets: "" for none, otherwise `.gz`, `.lz4`, `.zst`, `.bz2`.
constexpr std::string_view compress_extension(compress_type type) {
  return word_for(words_of<compress_type>("", ".gz", ".lz4", ".zst", ".bz2"), type);
}

/// Empty for a word that names no type we know.
constexpr std::optional<compress_type> parse_compress_type(std::string_view name) {
  for (auto type : all_compress_types) {
    if (name == compress_type_name(type))
      return type;
  }
  return {};
}

/// The type that the end of a file name tells; `none` when it has no known extension.
constexpr compress_type compress_type_of_name(std::string_view file_name) {
  for (auto type : all_compress_types) {
    if (type != compress_type::none && file_name.ends_with(compress_extension(type)))
      return type;
  }
  return compress_type::none;
}

} // namespace pgbraid
