// Asking the resident archiver on its socket; whatever it is that listens there, PostgreSQL goes
// on. SPDX-License-Identifier: MIT
#include "cli/module/archiver_message.h"
#include "cli/module/pgbraid_archive.h"

#include <access/xlog_internal.h>
#include <miscadmin.h>
#include <postmaster/interrupt.h>
#include <storage/fd.h>
#include <storage/latch.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utils/timestamp.h>

extern char** environ;

enum {
  silence_ms = 10000,     ///< the archiver says something every second
  after_reload_ms = 5000, ///< an answer that settings may have made pointless is waited for so long
  ask_path_ms = 5000,     ///< the program is not asked for the path more often
  aside_ms = 20000        ///< an archiver that was silent or spoke nonsense is left aside so long
};

static struct {
  int file; ///< -1: not connected
  char path[sizeof(((struct sockaddr_un*)NULL)->sun_path)];
  bool knows_path;
  bool has_asked; ///< for the path, at `asked_at`
  instr_time asked_at;
  bool is_aside; ///< since `aside_at`
  instr_time aside_at;
  TimestampTz settings_of; ///< when the settings were read that the above belongs to
  enum { told_nothing, told_used, told_unused } told; ///< what the log was told last
} archiver = {.file = -1};

// Long, and one at a time.
static unsigned char message[message_head_bytes + message_limit_bytes];

void drop_connection(void) {
  if (archiver.file < 0)
    return;
  close(archiver.file);
  archiver.file = -1;
  ReleaseExternalFD();
}

static void leave_aside(void) {
  drop_connection();
  archiver.is_aside = true;
  INSTR_TIME_SET_CURRENT(archiver.aside_at);
}

/// Says in the log which way WAL goes, when that has changed.
static void tell_used(void) {
  if (archiver.told != told_used)
    ereport(LOG, (errmsg("pgbraid_archive: the resident archiver at \"%s\" archives WAL",
                         archiver.path)));
  archiver.told = told_used;
}

static void tell_unused(const char* because) {
  if (archiver.told != told_unused)
    ereport(LOG, (errmsg("pgbraid_archive: no resident archiver, \"%s archive-push\" archives WAL",
                         pgbraid_program),
                  errdetail("%s.", because)));
  archiver.told = told_unused;
}

/// After a reload nothing that was known before need be true.
static void forget_after_reload(void) {
  if (archiver.settings_of == PgReloadTime)
    return;
  drop_connection();
  archiver.knows_path = archiver.has_asked = archiver.is_aside = false;
  archiver.settings_of = PgReloadTime;
}

/// Learns the path, unless that was tried a moment ago.
static bool learn_path(const char** why) {
  if (archiver.has_asked && milliseconds_left(archiver.asked_at, ask_path_ms) > 0) {
    *why = "Nobody answered a moment ago";
    return archiver.knows_path;
  }
  archiver.has_asked = true;
  archiver.knows_path = false;
  char path[MAXPGPATH] = "";
  const bool told = ask_socket_path(path, sizeof path, why);
  INSTR_TIME_SET_CURRENT(archiver.asked_at);
  if (!told)
    return false;
  if (strlen(path) >= sizeof archiver.path) {
    *why = psprintf("the path \"%s\" is too long for a socket", path);
    return false;
  }
  memcpy(archiver.path, path, strlen(path) + 1);
  archiver.knows_path = true;
  return true;
}

static bool is_trusted(uid_t user) {
  return user == geteuid() || user == 0;
}

/// Whether who listens is the one who may: another user could take WAL for archived that is not.
static bool peer_is_trusted(int file) {
  struct ucred peer = {0, 0, 0};
  socklen_t bytes = sizeof peer;
  return getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && is_trusted(peer.uid);
}

/// Connects to the path that is known. Never waits: nobody listens where a connection takes time.
static bool open_connection(const char** why) {
  struct stat there;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (lstat(archiver.path, &there) != 0) {
    *why = psprintf("\"%s\": %s", archiver.path, strerror(errno));
    return false;
  }
  if (!S_ISSOCK(there.st_mode) || !is_trusted(there.st_uid)) {
    *why = psprintf("\"%s\" is no socket of user %d", archiver.path, (int)geteuid());
    return false;
  }
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file < 0) {
    *why = psprintf("no socket: %s", strerror(errno));
    return false;
  }
  memcpy(address.sun_path, archiver.path, sizeof address.sun_path);
  if (connect(file, (struct sockaddr*)&address, sizeof address) != 0) {
    *why = psprintf("\"%s\": %s", archiver.path, strerror(errno));
  } else if (!peer_is_trusted(file)) {
    *why = psprintf("another user listens at \"%s\"", archiver.path);
  } else {
    archiver.file = file;
    ReserveExternalFD();
    return true;
  }
  close(file);
  return false;
}

/// A connection to the archiver; the path is asked for again where the known one leads nowhere.
static bool connect_archiver(const char** why) {
  if (archiver.knows_path && open_connection(why))
    return true;
  return learn_path(why) && open_connection(why);
}

/// A kept connection that was closed, or on which something was said unasked, is of no use.
static void drop_stale_connection(void) {
  char any;
  if (archiver.file >= 0 && recv(archiver.file, &any, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
    drop_connection();
}

enum exchange_end {
  exchange_fine,
  exchange_closed,
  exchange_silent,
  exchange_reloaded, ///< settings are to be read again, and the answer does not come
  exchange_stopped
};

static enum exchange_end ended_by(enum wait_end end) {
  return end == wait_ready     ? exchange_fine
         : end == wait_stopped ? exchange_stopped
                               : exchange_silent;
}

static enum exchange_end send_bytes(size_t length) {
  instr_time begin;
  INSTR_TIME_SET_CURRENT(begin);
  for (size_t sent = 0; sent < length;) {
    const ssize_t more = send(archiver.file, message + sent, length - sent, MSG_NOSIGNAL);
    if (more > 0) {
      sent += (size_t)more;
      continue;
    }
    if (errno != EAGAIN && errno != EINTR)
      return exchange_closed;
    const enum exchange_end waited = ended_by(
        wait_for_file(archiver.file, WL_SOCKET_WRITEABLE, milliseconds_left(begin, silence_ms)));
    if (waited != exchange_fine)
      return waited;
  }
  return exchange_fine;
}

/// Reads exactly that many bytes; all of a message must come within the time that it began with.
static enum exchange_end receive_bytes(unsigned char* into, size_t length, instr_time begin) {
  for (size_t read = 0; read < length;) {
    const ssize_t more = recv(archiver.file, into + read, length - read, 0);
    if (more > 0) {
      read += (size_t)more;
      continue;
    }
    if (more == 0 || (errno != EAGAIN && errno != EINTR))
      return exchange_closed;
    const enum exchange_end waited = ended_by(
        wait_for_file(archiver.file, WL_SOCKET_READABLE, milliseconds_left(begin, silence_ms)));
    if (waited != exchange_fine)
      return waited;
  }
  return exchange_fine;
}

static enum exchange_end receive_answer(struct archiver_answer* answer) {
  instr_time begin;
  INSTR_TIME_SET_CURRENT(begin);
  enum exchange_end end = receive_bytes(message, message_head_bytes, begin);
  if (end != exchange_fine)
    return end;
  const size_t length = message_length(message);
  if (length > 0)
    end = receive_bytes(message + message_head_bytes, length, begin);
  if (end == exchange_fine)
    *answer = parse_answer((char*)message + message_head_bytes, length);
  return end;
}

/// Asks for one file to be archived, and waits for the last answer.
static enum exchange_end ask(const char* file, struct archiver_answer* answer) {
  instr_time reload_seen;
  bool is_reload_seen = false;
  const char* directory = psprintf("%s/%s", DataDir, XLOGDIR);
  const size_t length = put_push_request(message, sizeof message, directory, file);
  enum exchange_end end = length > 0 ? send_bytes(length) : exchange_closed;
  while (end == exchange_fine) {
    end = receive_answer(answer);
    if (end != exchange_fine || answer->kind != answer_wait)
      return end;
    if (ConfigReloadPending && !is_reload_seen) {
      INSTR_TIME_SET_CURRENT(reload_seen);
      is_reload_seen = true;
    }
    if (is_reload_seen && milliseconds_left(reload_seen, after_reload_ms) == 0)
      return exchange_reloaded;
  }
  return end;
}

/// Asks on the connection that is there, or on a new one. A kept one may have been closed in the
/// meantime, by an archiver that was replaced by a newer one.
static bool ask_somebody(const char* file, struct archiver_answer* answer, enum exchange_end* end,
                         const char** why) {
  drop_stale_connection();
  if (archiver.file >= 0) {
    *end = ask(file, answer);
    if (*end != exchange_closed)
      return true;
    drop_connection();
  }
  if (!connect_archiver(why))
    return false;
  *end = ask(file, answer);
  return true;
}

static enum archiver_reply failed(const char* file, const char* why) {
  ereport(WARNING, (errmsg("could not archive WAL file \"%s\"", file), errdetail("%s", why)));
  return reply_failed;
}

/// What a last answer means.
static enum archiver_reply reply_to(const char* file, struct archiver_answer answer) {
  make_printable(answer.text);
  switch (answer.kind) {
  case answer_done:
    tell_used();
    if (answer.code != 0)
      return failed(file,
                    psprintf("The resident archiver says: [%03d] %s", answer.code, answer.text));
    if (*answer.text != '\0')
      ereport(WARNING, (errmsg("pgbraid_archive: %s", answer.text)));
    return reply_archived;
  case answer_elsewhere:
    tell_unused(psprintf("It says: %s", answer.text));
    return reply_nobody;
  default:
    leave_aside();
    tell_unused(psprintf("What listens at \"%s\" is no archiver", archiver.path));
    return reply_nobody;
  }
}

static bool begins_with(const char* text, const char* prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/// A variable that is an option to the program, and that an archiver knows nothing of; NULL where
/// there is none. Those about the file, the stanza, logs and the archiver do not change what is
/// stored.
static const char* option_in_environment(void) {
  static const char* const programs[] = {"PGBRAID_", "PGBACKREST_"};
  static const char* const harmless[] = {"STANZA=", "CONFIG", "LOG_", "ARCHIVE_SERVER_"};
  for (char** variable = environ; *variable != NULL; ++variable)
    for (size_t i = 0; i < lengthof(programs); ++i) {
      bool counts = begins_with(*variable, programs[i]);
      for (size_t j = 0; counts && j < lengthof(harmless); ++j)
        counts = !begins_with(*variable + strlen(programs[i]), harmless[j]);
      if (counts)
        return *variable;
    }
  return NULL;
}

enum archiver_reply push_by_archiver(const char* file) {
  struct archiver_answer answer;
  enum exchange_end end;
  const char* why = option_in_environment();
  forget_after_reload();
  if (why != NULL) {
    tell_unused(
        psprintf("The environment of PostgreSQL has the option %.*s", (int)strcspn(why, "="), why));
    return reply_nobody;
  }
  if (archiver.is_aside && milliseconds_left(archiver.aside_at, aside_ms) > 0)
    return reply_nobody;
  archiver.is_aside = false;
  if (!ask_somebody(file, &answer, &end, &why)) {
    tell_unused(why);
    return reply_nobody;
  }
  if (end == exchange_fine)
    return reply_to(file, answer);
  drop_connection(); // Its answer may come yet, and would be taken for another file's.
  if (end == exchange_reloaded)
    return failed(file, "Settings are read again while the resident archiver is at work.");
  if (end == exchange_stopped)
    return reply_stopped;
  if (end == exchange_silent)
    leave_aside();
  tell_unused(psprintf("The archiver at \"%s\" %s", archiver.path,
                       end == exchange_silent ? "is silent" : "closed the connection"));
  return reply_nobody;
}
