// archive-push:async: the WAL files that wait, into every repository.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#include "cli/command/background_role.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/waiting_push.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/format/spool_status.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

result<int> run_archive_push_async(const config::options& opts) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  if (opts.parameters().empty())
    return error{errc::param_required, "WAL path to push required"};
  if (opts.parameters().size() > 1)
    return error{errc::param_invalid, "extra parameters found"};
  if (!opts.parameters().front().starts_with('/'))
    return error{errc::param_invalid,
                 fmt::format("'{}' is not an absolute path", opts.parameters().front())};
  const auto out = format::spool_out_path(opts.text("spool-path"), opts.text("stanza"));
  waiting_push push(opts, opts.parameters().front(), out);
  return run_in_background(opts, out, [&] { return push.run(); });
}

} // namespace pgbraid::cli
