// Everything that is configured, not only for one command and stanza: what `check` looks at.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::config {

/// Stanzas that the files configure: sections with a cluster (`pg1-path`); sorted.
std::vector<std::string> configured_stanzas(const options& of);

/// What the same command would be told with `--stanza=<stanza>`.
result<options> options_for_stanza(const options& of, const std::string& stanza,
                                   std::vector<std::string>& warnings);

/// What is wrong somewhere in the configuration, whichever command reads it.
struct whole_findings {
  std::vector<error> errors;
  std::vector<std::string> warnings; ///< without those that the command itself had
};
/// Resolves the options of every command that works on a stanza, and looks for sections that
/// nothing reads.
whole_findings read_whole_configuration(const options& of);

/// What an archive_command says and this configuration does not.
struct archive_command_findings {
  std::vector<error> errors; ///< it cannot archive what we look for
  std::vector<std::string> warnings;
};
/// Looks at the words around `archive-push`. A command that leaves them to a shell or to a script
/// tells nothing.
archive_command_findings compare_archive_command(const options& with, std::string_view command);

/// The same of the archive module, which has settings instead of a command.
/// @param stanza  pgbraid_archive.stanza
/// @param file    pgbraid_archive.config, empty where the module leaves that to the defaults
archive_command_findings compare_archive_module(const options& with, std::string_view stanza,
                                                std::string_view file);

/// `the configuration file is '/etc/pgbackrest/pgbackrest.conf'`, or where there was none.
std::string configuration_in_words(const options& of);

} // namespace pgbraid::config
