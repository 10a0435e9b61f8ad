// What repo-get and repo-ls begin with.
// SPDX-License-Identifier: MIT
#include "cli/open/named_file.hpp"

#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/format/repository_file.hpp"
#include "storage/repository/file_passphrase.hpp"

#include <utility>

namespace pgbraid::cli {

result<named_file> find_named(const config::options& opts, const std::string& typed,
                              named_reach reach) {
  const auto position = opts.repo_default();
  auto path = format::typed_path(typed, opts.text("repo-path", position));
  if (!path)
    return path.failure();
  // Servers let in whoever may work on a stanza only with its name.
  const bool named = repo_is_remote(opts, position) && opts.has_value("stanza");
  std::string stanza = named ? opts.text("stanza") : std::string();
  if (stanza.empty() && reach == named_reach::of_its_stanza)
    stanza = format::place_of(*path).stanza;
  auto repo = open_repository_at(opts, position, std::move(stanza));
  if (!repo)
    return repo.failure();
  auto real = through_latest(*repo->files, std::move(*path));
  if (!real)
    return real.failure();
  return named_file{.repo = std::move(*repo), .path = std::move(*real)};
}

} // namespace pgbraid::cli
