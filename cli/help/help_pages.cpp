// What help says about commands, beyond their options.
// SPDX-License-Identifier: MIT
#include "cli/help/help_pages.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid::cli {

namespace {

using enum config::command_id;

constexpr auto pages = std::to_array<command_page>({
    {annotate,
     "Adds, changes or removes the annotations of a backup. A key without a value is removed.",
     {{{"--stanza=demo --set=20261129-120000F --annotation=by=me annotate", "add one"},
       {"--stanza=demo --set=20261129-120000F --annotation=by= annotate", "remove it"}}}},
    {archive_get,
     "Gets one WAL file from the repositories. PostgreSQL runs it as restore_command; the restore "
     "command writes that setting.\n"
     "Exit code 1 means that the file is in no repository, which ends a recovery or makes a "
     "standby ask again later.",
     {{{"--stanza=demo archive-get %f \"%p\"", "in restore_command"},
       {"--stanza=demo archive-get 000000010000000000000003 /tmp/wal",
        "look at one segment by hand"}}}},
    {archive_push,
     "Stores one WAL file in all repositories. PostgreSQL runs it as archive_command and keeps "
     "the file until the command succeeds.",
     {{{"--stanza=demo archive-push %p", "in archive_command"},
       {"--stanza=demo archive-push pg_wal/000000010000000000000003",
        "by hand, in the data directory, to see why it fails"}}}},
    {archive_server,
     "Archives WAL for archive-push and for the module of PostgreSQL, which ask it through a "
     "socket: "
     "connections stay open from file to file. For service managers; it runs until it is stopped. "
     "Whoever finds nobody there does the work itself.",
     {{{"--stanza=demo archive-server", "as the user of PostgreSQL"},
       {"--stanza=demo archive-server socket", "say where its socket is"}}}},
    {backup,
     "Backs up a database cluster into one repository, the first one unless --repo chooses "
     "another. PostgreSQL keeps running. When the backup is complete, expire removes what "
     "retention lets go.",
     {{{"--stanza=demo --type=full backup", "a full backup"},
       {"--stanza=demo --type=full --repo=2 --log-level-console=info backup",
        "into repository 2, telling what it does"}}}},
    {check,
     "Tells whether the next backup would succeed: the configuration is right, PostgreSQL and "
     "every repository answer, and a WAL segment that is ended now arrives in each of them.",
     {{{"--stanza=demo check", "on the database host"},
       {"--stanza=demo --archive-timeout=10s --log-level-console=info check",
        "wait for WAL for ten seconds at most"}}}},
    {expire,
     "Removes the backups that retention no longer keeps, and the WAL that no kept backup needs. "
     "Each backup runs it when it is done.",
     {{{"--stanza=demo --dry-run --log-level-console=info expire", "say what would go"},
       {"--stanza=demo --repo1-retention-full=2 expire", "keep the two newest full backups"}}}},
    {help,
     "Shows what commands there are, the options of a command, one option, or the exit codes.",
     {{{"help backup compress-type", "one option of one command"},
       {"help exit-codes", "what an exit code means"}}}},
    {info,
     "Shows the backups and the WAL that the repositories hold, and whether all is well.",
     {{{"info", "all stanzas"},
       {"--stanza=demo --output=json info", "one of them, for programs"}}}},
    {manifest,
     "Shows what files a backup holds.",
     {{{"--stanza=demo manifest", "the newest backup"},
       {"--stanza=demo --set=20261129-120000F --output=json manifest", "one, for programs"}}}},
    {repo_get,
     "Prints a file of a repository, decrypted.",
     {{{"repo-get backup/demo/backup.info", "a file of repository 1"},
       {"--repo=2 repo-get archive/demo/archive.info", "of repository 2"}}}},
    {repo_ls,
     "Lists what is in a directory of a repository.",
     {{{"repo-ls backup/demo", "one directory"},
       {"--output=json --recurse repo-ls archive", "all below it, for programs"}}}},
    {repo_put,
     "Stores standard input as a file of a repository. pgBackRest 2.60 has it no longer.",
     {{{"repo-put x", "a file"}, {"--repo=2 repo-put x", "in repository 2"}}}},
    {repo_rm,
     "Removes a file or a directory of a repository.",
     {{{"repo-rm backup/demo/x", "one file"}, {"--recurse repo-rm backup/demo/x", "a directory"}}}},
    {restore,
     "Restores a database cluster. PostgreSQL must be stopped. The data directory must be empty "
     "unless --delta (keep files that are right) or --force (replace files) is given.\n"
     "Then start PostgreSQL: it gets the WAL it needs by itself.",
     {{{"--stanza=demo --delta restore", "the newest state"},
       {"--stanza=demo --type=time --target=\"2026-11-29 18:00:00+01\" restore",
        "the state of a moment"}}}},
    {server,
     "Serves other hosts over TLS until it is stopped; for service managers.",
     {{{"server", "with the tls-server-... options of the configuration"},
       {"--tls-server-address=0.0.0.0 --log-level-console=info server",
        "on all IPv4 addresses, telling who comes"}}}},
    {server_ping,
     "Tells whether a server listens on a host, this one by default.",
     {{{"server-ping", "this host"}, {"--tls-server-port=8432 server-ping db1", "another one"}}}},
    {stanza_create,
     "Makes what a stanza needs in every repository. It does no harm where that exists.",
     {{{"--stanza=demo stanza-create", "while PostgreSQL runs"},
       {"--stanza=demo --no-online stanza-create", "while it is stopped"}}}},
    {stanza_delete,
     "Removes a stanza with all its backups and WAL from one repository.",
     {{{"--stanza=demo --repo=1 stanza-delete", "after the stop command"},
       {"--stanza=demo --repo=1 --force stanza-delete", "although PostgreSQL runs"}}}},
    {stanza_upgrade,
     "Tells the repositories that PostgreSQL was upgraded to another major version.",
     {{{"--stanza=demo stanza-upgrade", "when the new version runs"},
       {"--stanza=demo --no-online stanza-upgrade", "before it is started"}}}},
    {start,
     "Lets commands run again that stop kept from running.",
     {{{"start", "all stanzas"}, {"--stanza=demo start", "one of them"}}}},
    {stop,
     "Keeps commands from running on this host.",
     {{{"stop", "all stanzas"}, {"--stanza=demo --force stop", "and end what runs now"}}}},
    {verify,
     "Reads a repository and tells which files are missing or damaged.",
     {{{"--stanza=demo verify", "all backups"},
       {"--stanza=demo --set=20261129-120000F --output=text verify", "one of them"}}}},
    {version,
     "Shows the version, and the version of pgBackRest that the program is compatible with.",
     {{{"version", "for people"}, {"version --output=num", "one number, for programs"}}}},
});
static_assert(pages.size() == config::command_count);

} // namespace

const command_page& page_of(config::command_id command) {
  const auto found = std::find_if(pages.begin(), pages.end(),
                                  [&](const auto& one) { return one.command == command; });
  assert(found != pages.end());
  return *found;
}

} // namespace pgbraid::cli
