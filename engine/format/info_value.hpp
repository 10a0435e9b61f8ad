// Typed values of the lines of an info file.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/json_reader.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::format {

void read_json(json_reader& in, bool& out);
void read_json(json_reader& in, uint64_t& out);
void read_json(json_reader& in, int64_t& out);
void read_json(json_reader& in, std::string& out);
void read_json(json_reader& in, secret& out);
void read_json(json_reader& in, std::vector<std::string>& out);
void read_json(json_reader& in, std::map<std::string, std::string>& out);
template <class T> void read_json(json_reader& in, std::optional<T>& out) {
  read_json(in, out.emplace());
}

/// The error of a line, with section and key before it.
error within_line(const info_line& line, const error& why);

/// Reads the value of a line into `out`. Fails with `format`, naming the line.
template <class T> result<void> read_value(const info_line& line, T& out) {
  json_reader in(line.value);
  read_json(in, out);
  if (auto done = in.check(); !done)
    return within_line(line, done.failure());
  return success();
}

/// A non-negative number given as key, such as a history id.
std::optional<uint64_t> parse_uint(std::string_view text);

/// Text as it may stand in a message: bytes that are not printable ASCII become `\xNN`, and long
/// texts are cut.
std::string printable(std::string_view text);

} // namespace pgbraid::format
