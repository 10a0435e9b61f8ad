// What the parts of the archive module share: settings, waits, the resident archiver, the program.
// SPDX-License-Identifier: MIT
#ifndef PGBRAID_ARCHIVE_H
#define PGBRAID_ARCHIVE_H

// Every source begins with postgres.h, before any other header: CMakeLists.txt sees to that.
#include <portability/instr_time.h>

// Settings; never NULL once the library is loaded.
extern char* pgbraid_stanza;
extern char* pgbraid_config; ///< empty: the default files
extern char* pgbraid_program;

// Waiting, waiting.c

enum wait_end {
  wait_ready,   ///< the file has something for us
  wait_timeout, ///< nothing came in time
  wait_stopped  ///< PostgreSQL stops, or the postmaster is gone: let go of everything and return
};

/// Waits until `file` is ready for `events` (WL_SOCKET_READABLE, WL_SOCKET_WRITEABLE),
/// `milliseconds` at most. PGINVALID_SOCKET: only the time is waited for. May throw what interrupts
/// throw.
enum wait_end wait_for_file(pgsocket file, int events, long milliseconds);

/// Milliseconds from now until `limit` milliseconds after `begin`; 0 when they are over.
long milliseconds_left(instr_time begin, long limit);

/// PostgreSQL's archiver sleeps on the latch that `wait_for_file` took; it must see it set, too.
void give_latch_back(void);

// The program, program.c

/// Runs `archive-push PATH` as an archive_command does; its output goes to the server's log.
/// Returns true when it archived the file; otherwise `why` is told in a WARNING.
bool push_by_program(const char* file, const char* path);

/// Where the resident archiver of the stanza listens, as the program says. Returns false where it
/// does not say, with the reason in `why`.
bool ask_socket_path(char* path, size_t room, const char** why);

/// Ends a program that is still running, however it was left.
void drop_program(void);

// The resident archiver, archiver_client.c

enum archiver_reply {
  reply_archived,
  reply_failed,  ///< told in a WARNING; to be tried again
  reply_nobody,  ///< the caller does the work itself
  reply_stopped, ///< PostgreSQL stops
};

/// Has the resident archiver archive a file of pg_wal.
enum archiver_reply push_by_archiver(const char* file);

/// Closes the connection, if there is one.
void drop_connection(void);

#endif
