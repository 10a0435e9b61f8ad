// verify: whether a repository still holds what it says it holds.
// Source: cli/command/README.md, section 13.
// SPDX-License-Identifier: MIT
#include "actors/verify/verify.hpp"

#include "cli/command/commands.hpp"
#include "cli/command/journals.hpp"
#include "cli/frame/answer.hpp"
#include "cli/open/graph_settings.hpp"
#include "cli/open/repositories.hpp"
#include "engine/base/log.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

namespace {

/// @return  the exit status of an answer that could be given
result<int> print_verified(const config::options& opts, const report::verified_stanza& found) {
  const auto& output = opts.text("output");
  if (output == "json")
    return print_answer(report::verified_json(found));
  const bool verbose = opts.flag("verbose");
  if (!verbose && !found.is_damaged() && found.gaps.empty())
    return 0;
  const auto text = report::verified_text(found, verbose);
  log::info("{}", text);
  return output == "text" ? print_answer(text + "\n") : result<int>(0);
}

/// WAL that never got to the repository is known to the host that dropped it, which may be this
/// one.
void add_known_gaps(const config::options& opts, const repository& repo,
                    report::verified_stanza& to) {
  const auto content = look_at_journal(opts, repo.stanza(), repo.key());
  if (!content) {
    log::detail("whether WAL was dropped on this host cannot be seen: {}",
                content.failure().text());
    return;
  }
  for (const auto& gap : content->gaps)
    to.gaps.push_back({gap.first, gap.last, gap.since_s});
}

} // namespace

result<int> run_verify(const config::options& opts) {
  auto repo = open_default_repository(opts);
  if (!repo)
    return repo.failure();
  verify::verify_wish wish{.repository_here = repo->here};
  if (opts.has_value("set"))
    wish.set = opts.text("set");
  auto found = verify::verify_stanza(**repo, wish, [&](const auto& drawn, const auto& use) {
    return graph_settings(opts, drawn, use);
  });
  if (!found)
    return found.failure();
  add_known_gaps(opts, **repo, *found);
  const auto printed = print_verified(opts, *found);
  if (!printed || !found->is_damaged())
    return printed;
  if (opts.text("verify-damage") == "fail")
    return error{errc::checksum,
                 fmt::format("{}: what it holds is damaged or incomplete", (*repo)->name()),
                 "The lines of level INFO say what. --output=text sums it up."};
  log::warn("{}: what it holds is damaged or incomplete\n"
            "HINT: The lines of level INFO say what. --output=text sums it up.",
            (*repo)->name());
  return printed;
}

} // namespace pgbraid::cli
