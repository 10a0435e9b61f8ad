// What of a configuration may be repeated in a message: only what can be no secret.
// SPDX-License-Identifier: MIT
#include "engine/config/shown_text.hpp"

#include "engine/base/printable.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace pgbraid::config {

namespace {

constexpr std::string_view not_shown = "(not shown)";
constexpr size_t longest_line = 120;

/// What editors, word processors and web pages put where an ASCII character should be.
constexpr auto odd_ones = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"\xEF\xBB\xBF", "the byte order mark U+FEFF (invisible)"},
    {"\xE2\x80\x8B", "the zero-width space U+200B (invisible)"},
    {"\xE2\x80\x8C", "the zero-width character U+200C (invisible)"},
    {"\xE2\x80\x8D", "the zero-width character U+200D (invisible)"},
    {"\xE2\x80\x8E", "the direction mark U+200E (invisible)"},
    {"\xE2\x80\x8F", "the direction mark U+200F (invisible)"},
    {"\xE2\x81\xA0", "the word joiner U+2060 (invisible)"},
    {"\xC2\xAD", "the soft hyphen U+00AD (invisible)"},
    {"\xC2\xA0", "the no-break space U+00A0"},
    {"\xE2\x80\xAF", "the narrow no-break space U+202F"},
    {"\xE3\x80\x80", "the wide space U+3000"},
    {"\xE2\x80\x9C", "the curly quote U+201C"},
    {"\xE2\x80\x9D", "the curly quote U+201D"},
    {"\xE2\x80\x98", "the curly quote U+2018"},
    {"\xE2\x80\x99", "the curly quote U+2019"},
    {"\xE2\x80\x90", "the hyphen U+2010 (not '-')"},
    {"\xE2\x80\x91", "the hyphen U+2011 (not '-')"},
    {"\xE2\x80\x93", "the dash U+2013 (not '-')"},
    {"\xE2\x80\x94", "the dash U+2014 (not '-')"},
});

/// `global` and `global:backup`; the name of a stanza could be anything.
bool is_section_of_ours(std::string_view name) {
  if (!name.starts_with("global"))
    return false;
  name.remove_prefix(6);
  return name.empty() || (name.front() == ':' && find_command(name.substr(1)));
}

/// Whether what follows the name of an option is its value and no secret. What stands in no file
/// may have lost its end: `repo 1-cipher-pass`.
bool may_be_told(const option_row& row) {
  return !(row.flags & secure) && row.where != section::command_line;
}

/// The line after what nobody sees.
std::string_view visible(std::string_view line) {
  const auto first =
      std::find_if(line.begin(), line.end(), [](unsigned char c) { return c > ' ' && c < 0x7F; });
  return line.substr(static_cast<size_t>(first - line.begin()));
}

} // namespace

std::string shown_line(std::string_view line) {
  line = visible(line);
  if (line.starts_with('[')) {
    const auto name = line.substr(1, line.find_first_of(" \t]", 1) - 1);
    return is_section_of_ours(name) ? printable(line.substr(0, name.size() + 2))
                                    : std::string(not_shown);
  }
  const auto word = line.substr(0, line.find_first_of(" \t=:;\""));
  const auto found = find_name(word, false);
  if (found && !*found)
    return std::string(not_shown);
  if (!found || !may_be_told((*found)->ref.table_row()) || line.size() > longest_line)
    return std::string(word);
  return printable(line);
}

std::string shown_key(std::string_view name) {
  constexpr std::string_view usual = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const bool simple = name.size() <= 40 && name.find_first_not_of(usual) == name.npos;
  return simple || !nearest_option(name).empty() ? printable(name) : std::string(not_shown);
}

std::string odd_characters(std::string_view text) {
  std::string out;
  for (const auto& [bytes, name] : odd_ones) {
    if (text.find(bytes) != std::string_view::npos)
      out += fmt::format("{}{}", out.empty() ? "there is " : ", ", name);
  }
  return out.empty() ? out : out + "; delete it or type it anew.";
}

} // namespace pgbraid::config
