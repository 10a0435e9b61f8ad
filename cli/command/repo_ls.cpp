// repo-ls: what is in a directory of a repository.
// Source: cli/command/README.md, section 12.
// SPDX-License-Identifier: MIT
#include "actors/look/list_names.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/answer.hpp"
#include "cli/open/named_file.hpp"

namespace pgbraid::cli {

result<int> run_repo_ls(const config::options& opts) {
  if (opts.parameters().size() > 1)
    return error{errc::param_invalid, "only one path may be specified"};
  const auto found = find_named(opts, opts.parameters().empty() ? "" : opts.parameters().front(),
                                named_reach::all);
  if (!found)
    return found.failure();
  look::list_wish wish{.recurse = opts.flag("recurse"),
                       .descending = opts.text("sort") == "desc",
                       .json = opts.text("output") == "json"};
  if (opts.has_value("filter"))
    wish.filter = opts.text("filter");
  if (auto listed = look::list_names(*found->repo.files, found->path, wish, print_piece); !listed)
    return listed.failure();
  return 0;
}

} // namespace pgbraid::cli
