// The command line of the ssh client.
// SPDX-License-Identifier: MIT
#include "cli/open/ssh_words.hpp"

#include "cli/open/host_keys.hpp"
#include "engine/base/shell_word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace pgbraid::cli {

namespace {

/// What ssh reads as a name and nothing else: no option, no second word.
bool is_name(std::string_view text) {
  return !text.empty() && !text.starts_with('-') &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > ' ' && c != 127 && c != '@'; });
}

result<void> check_name(const config::options& opts, config::text_key name, size_t position) {
  const auto& text = opts.text(name, position);
  if (is_name(text))
    return success();
  const auto& row = config::options_table[name.row()];
  return error{errc::option_invalid_value,
               fmt::format("'{}' is not valid for '{}' option", text, row.name)};
}

} // namespace

result<std::vector<std::string>> ssh_words(const config::options& opts, config::option_group which,
                                           size_t position, unsigned process) {
  const auto& keys = keys_of(which);
  for (const auto name : {keys.host, keys.user})
    if (auto valid = check_name(opts, name, position); !valid)
      return valid.failure();
  std::vector<std::string> out = {opts.text("cmd-ssh"), "-o", "LogLevel=error",           "-o",
                                  "Compression=no",     "-o", "PasswordAuthentication=no"};
  if (opts.has_value(keys.port, position)) {
    out.emplace_back("-p");
    out.push_back(fmt::format("{}", opts.integer(keys.port, position)));
  }
  out.push_back(
      fmt::format("{}@{}", opts.text(keys.user, position), opts.text(keys.host, position)));
  auto there = shell_word(opts.text(keys.cmd, position));
  for (const auto& word : opts.remote_words(which, position, process))
    there += " " + shell_word(word);
  out.push_back(std::move(there));
  return out;
}

} // namespace pgbraid::cli
