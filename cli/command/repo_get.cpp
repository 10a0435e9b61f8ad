// repo-get: the content of one file of a repository.
// Source: cli/command/README.md, section 12.
// SPDX-License-Identifier: MIT
#include "actors/look/read_file.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/answer.hpp"
#include "cli/open/named_file.hpp"

namespace pgbraid::cli {

result<int> run_repo_get(const config::options& opts) {
  if (opts.parameters().size() != 1)
    return error{errc::param_required, "source file required"};
  const auto found = find_named(opts, opts.parameters().front(), named_reach::of_its_stanza);
  if (!found)
    return found.failure();
  const look::read_wish wish{.raw = opts.flag("raw"),
                             .ignore_missing = opts.flag("ignore-missing"),
                             .stanza =
                                 opts.has_value("stanza") ? opts.text("stanza") : std::string()};
  const auto read = look::read_file(*found->repo.stanza, found->path, wish, print_piece);
  if (!read)
    return read.failure();
  return *read ? 0 : 1;
}

} // namespace pgbraid::cli
