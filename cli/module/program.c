// Running pgbraid itself: what archives when nobody else does, and what knows the socket.
// SPDX-License-Identifier: MIT
#include "cli/module/archiver_message.h"
#include "cli/module/pgbraid_archive.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <storage/latch.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  most_words = 6,
  socket_answer_ms = 10000, ///< `archive-server socket` takes milliseconds
  look_ms = 50,             ///< between looks at a program, where the kernel does not tell its end
  whole_look_ms = 60000,    ///< otherwise; nothing is missed in between
  term_ms = 5000,           ///< a program that was told to stop gets this long
  term_step_ms = 10
};

extern char** environ;

/// The one program that runs: kept here so that it can be ended wherever an error came from.
static struct {
  pid_t process;
  int end;    ///< readable when the process has ended; -1 where the kernel does not do that
  int output; ///< what it prints; -1 where that goes to the log
} running = {0, -1, -1};

static void close_file(int* file) {
  if (*file >= 0)
    close(*file);
  *file = -1;
}

/// Takes leave of a process whose end was seen.
static void forget_program(void) {
  close_file(&running.end);
  close_file(&running.output);
  running.process = 0;
}

void drop_program(void) {
  int status;
  if (running.process > 0) {
    kill(running.process, SIGKILL);
    while (waitpid(running.process, &status, 0) < 0 && errno == EINTR)
      ;
  }
  forget_program();
}

/// Signals as a program expects them, whatever this process does about them.
static void set_signals(posix_spawnattr_t* attributes) {
  sigset_t every;
  sigset_t none;
  sigfillset(&every);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(attributes, &every);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/// Starts the program; with `output`, a descriptor for what it prints, its complaints go nowhere.
/// Returns an error number.
static int spawn(char* const words[], int output) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  pid_t process = 0;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  set_signals(&attributes);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  const int error = posix_spawnp(&process, words[0], &files, &attributes, words, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error == 0)
    running.process = process;
  return error;
}

/// Starts pgbraid for the stanza. Returns an error number.
static int start_program(const char* command, const char* parameter, bool wants_output) {
  char* words[most_words + 1] = {pgbraid_program};
  int count = 1;
  int ends[2] = {-1, -1};
  if (*pgbraid_config != '\0')
    words[count++] = psprintf("--config=%s", pgbraid_config);
  words[count++] = psprintf("--stanza=%s", pgbraid_stanza);
  if (wants_output) // A log on standard output would be taken for the answer.
    words[count++] = pstrdup("--log-level-console=off");
  words[count++] = pstrdup(command);
  words[count++] = pstrdup(parameter);
  if (wants_output && pipe2(ends, O_CLOEXEC) != 0)
    return errno;
  running.output = ends[0];
  const int error = spawn(words, ends[1]);
  close_file(&ends[1]);
  if (error != 0) {
    close_file(&running.output);
    return error;
  }
  if (running.output >= 0)
    fcntl(running.output, F_SETFL, O_NONBLOCK);
#ifdef SYS_pidfd_open
  running.end = (int)syscall(SYS_pidfd_open, running.process, 0);
#endif
  return 0;
}

/// Whether the program has ended, and how.
static bool has_ended(int* status) {
  pid_t found;
  while ((found = waitpid(running.process, status, WNOHANG)) < 0 && errno == EINTR)
    ;
  if (found == 0)
    return false;
  if (found < 0) // Somebody else took its status: nobody knows how it ended.
    *status = W_EXITCODE(1, 0);
  running.process = 0;
  forget_program();
  return true;
}

/// PostgreSQL stops: the program may put things in order, for a while.
static void stop_program(void) {
  int status;
  kill(running.process, SIGTERM);
  for (int waited = 0; waited < term_ms; waited += term_step_ms) {
    if (has_ended(&status))
      return;
    pg_usleep(term_step_ms * 1000L);
  }
  drop_program();
}

/// Waits for the end of the program, at most `limit_ms`; without a limit where that is 0.
static enum wait_end wait_for_program(int* status, long limit_ms) {
  instr_time begin;
  INSTR_TIME_SET_CURRENT(begin);
  while (!has_ended(status)) {
    long left = limit_ms > 0 ? milliseconds_left(begin, limit_ms) : whole_look_ms;
    if (left == 0)
      return wait_timeout;
    if (running.end < 0)
      left = Min(left, look_ms);
    if (wait_for_file(running.end, WL_SOCKET_READABLE, left) == wait_stopped)
      return wait_stopped;
  }
  return wait_ready;
}

bool push_by_program(const char* file, const char* path) {
  int status = 0;
  const int error = start_program("archive-push", path, false);
  if (error != 0) {
    errno = error;
    ereport(WARNING, (errmsg("could not archive WAL file \"%s\"", file),
                      errdetail("\"%s\" could not be started: %m.", pgbraid_program),
                      errhint("Set pgbraid_archive.program to the path of pgbraid.")));
    return false;
  }
  if (wait_for_program(&status, 0) == wait_stopped) {
    stop_program();
    ereport(WARNING,
            (errmsg("could not archive WAL file \"%s\"", file),
             errdetail("\"%s archive-push\" was stopped, as PostgreSQL stops.", pgbraid_program)));
    return false;
  }
  if (status == 0)
    return true;
  ereport(WARNING, (errmsg("could not archive WAL file \"%s\"", file),
                    errdetail("\"%s --stanza=%s archive-push %s\": %s.", pgbraid_program,
                              pgbraid_stanza, path, wait_result_to_str(status))));
  return false;
}

/// Reads one line of what the program prints.
static bool read_line(char* line, size_t room, long limit_ms) {
  instr_time begin;
  size_t length = 0;
  INSTR_TIME_SET_CURRENT(begin);
  while (length < room - 1) {
    const ssize_t got = read(running.output, line + length, room - 1 - length);
    if (got > 0) {
      length += (size_t)got;
      line[length] = '\0';
      if (memchr(line, '\n', length) != NULL)
        break;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return false;
    } else if (wait_for_file(running.output, WL_SOCKET_READABLE,
                             milliseconds_left(begin, limit_ms)) != wait_ready) {
      return false;
    }
  }
  // One line and no more: whatever else is said there is no path.
  return length > 0 && strlen(line) == length && strchr(line, '\n') == line + length - 1;
}

bool ask_socket_path(char* path, size_t room, const char** why) {
  int status = 0;
  const int error = start_program("archive-server", "socket", true);
  if (error != 0) {
    *why = psprintf("\"%s\" could not be started: %s", pgbraid_program, strerror(error));
    return false;
  }
  const bool has_line = read_line(path, room, socket_answer_ms);
  if (has_line || running.output >= 0)
    close_file(&running.output);
  if (wait_for_program(&status, socket_answer_ms) != wait_ready) {
    drop_program();
    *why = psprintf("\"%s archive-server socket\" did not end", pgbraid_program);
    return false;
  }
  if (status != 0) {
    *why =
        psprintf("\"%s archive-server socket\": %s", pgbraid_program, wait_result_to_str(status));
    return false;
  }
  if (!has_line || path[0] != '/') {
    *why = psprintf("\"%s archive-server socket\" said no path", pgbraid_program);
    return false;
  }
  path[strlen(path) - 1] = '\0';
  return true;
}
