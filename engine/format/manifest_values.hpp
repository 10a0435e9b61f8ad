// Values that only manifests have.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/json_reader.hpp"
#include "engine/format/manifest.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// A checksum of 40 lower-case digits.
void read_sha1(json_reader& in, sha1_bytes& out);
/// An octal mode as text, `0600`.
void read_mode(json_reader& in, uint16_t& out);
/// An owner is a name, or false for a numeric id that has no name.
void read_owner(json_reader& in, manifest& of, owner_index& out);
/// Whether a manifest can tell an owner by this name.
bool is_owner_name(std::string_view name);
/// A number that makes the reading fail above `limit`.
void read_limited(json_reader& in, uint64_t& out, uint64_t limit);
/// Runs of pages: numbers, and arrays of first and last; ascending.
void read_page_errors(json_reader& in, std::vector<page_range>& out);

} // namespace pgbraid::format
