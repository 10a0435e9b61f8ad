// What the exit codes mean.
// Source: cli/command/README.md, section 1.2.
// SPDX-License-Identifier: MIT
#include "cli/help/exit_codes.hpp"

#include "cli/help/wrapped.hpp"
#include "engine/base/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbraid::cli {

namespace {

constexpr auto meanings = std::to_array<std::pair<int, std::string_view>>({
    {0, "success; WARN lines may still say what should be looked at"},
    {1, "archive-get: no repository has the file"},
    {25, "a mistake of this program; please report it"},
    {26, "a checksum does not match: a file is damaged"},
    {27, "the configuration does not fit this host or cluster"},
    {28, "a file is not what its name says"},
    {29, "a text cannot be parsed: configuration, info file, manifest, target"},
    {30, "no command was given"},
    {31, "an option is unknown, misplaced or given twice"},
    {32, "the value of an option is wrong"},
    {37, "an option that the command needs is missing"},
    {38, "PostgreSQL is running and must not"},
    {39, "the program on the other host answers wrongly"},
    {40, "a directory is not empty and must be"},
    {41, "a file cannot be opened: permissions?"},
    {42, "a file cannot be read"},
    {43, "a parameter of the command is missing"},
    {44, "WAL of another cluster, version or size"},
    {45, "the archive has another file of the same name"},
    {46, "this version of PostgreSQL is not supported"},
    {47, "a directory cannot be made: permissions?"},
    {48, "the command is unknown"},
    {49, "a host cannot be reached"},
    {50, "another command of this stanza is running, or the lock path cannot be used"},
    {51, "the cluster is not the one of the stanza"},
    {52, "a file cannot be written out to its disk"},
    {53, "a directory cannot be opened: permissions?"},
    {54, "a directory cannot be written out to its disk"},
    {55, "a file is missing; was the stanza created?"},
    {56, "PostgreSQL cannot be reached"},
    {57, "a query fails"},
    {58, "PostgreSQL and the configured data directory are not of one cluster"},
    {60, "a file cannot be removed"},
    {61, "a directory cannot be removed"},
    {62, "the stop command forbids it"},
    {63, "ended by a signal"},
    {64, "a file cannot be written: disk full?"},
    {67, "not supported: by this program, or in this situation"},
    {68, "archive_command does not push to this archive"},
    {69, "a link is expected"},
    {70, "a link points where it must not"},
    {72, "the command runs on the wrong host"},
    {73, "a directory is missing"},
    {74, "a file cannot be renamed"},
    {75, "there is no backup to restore"},
    {76, "a tablespace cannot be mapped"},
    {78, "a link cannot be mapped"},
    {79, "a file cannot be closed"},
    {80, "a database is not in the backup"},
    {81, "a database cannot be chosen"},
    {82, "WAL does not arrive in time"},
    {83, "the mode of a file is wrong"},
    {87, "archive_mode is off"},
    {88, "the owner of a file is wrong"},
    {89, "a user is missing"},
    {93, "a file exists and must not"},
    {94, "memory is short"},
    {95, "something cannot be decrypted: wrong passphrase?"},
    {96, "a parameter is wrong or superfluous"},
    {97, "a directory cannot be closed"},
    {98, "nothing can be found out about a file"},
    {99, "JSON cannot be parsed"},
    {100, "the system refuses a request"},
    {101, "a service answers with an error"},
    {102, "a program that was started fails"},
    {103, "no repository can be used"},
    {104, "part of the work failed; ERROR lines say which"},
    {105, "access is not allowed"},
    {106, "the clock is wrong"},
    {122, "a fault at run time"},
    {124, "an error that nobody expected"},
    {125, "an error of another program"},
});

} // namespace

std::string_view exit_code_meaning(int code) {
  const auto found = std::find_if(meanings.begin(), meanings.end(),
                                  [&](const auto& one) { return one.first == code; });
  return found == meanings.end() ? std::string_view{} : found->second;
}

std::string exit_codes_page() {
  auto out = fmt::format("pgbraid {} - Exit codes\n\n"
                         "The same as pgBackRest's; ERROR lines show them in brackets.\n\n",
                         version_text);
  for (const auto& [code, text] : meanings)
    out += fmt::format("  {:>3}  {}\n", code, wrapped(text, 7, 7));
  return out;
}

} // namespace pgbraid::cli
