// What is said on the socket of the resident archiver, as bytes: no PostgreSQL in here, no waiting.
// SPDX-License-Identifier: MIT
#ifndef PGBRAID_ARCHIVER_MESSAGE_H
#define PGBRAID_ARCHIVER_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/// A message is the length of what follows (big-endian), and fields that a NUL byte ends each.
enum { message_head_bytes = 4, message_limit_bytes = 65536 };

/// Puts `push 1 <directory> <name>` together: please archive this WAL file.
/// Returns its length with the head, or 0 where `room` is not enough or a message may not be so
/// long.
size_t put_push_request(unsigned char* into, size_t room, const char* directory, const char* name);

/// Length of the message that these bytes begin; 0 where no message has that length.
size_t message_length(const unsigned char head[message_head_bytes]);

enum answer_kind {
  answer_broken,   ///< nothing that the archiver says
  answer_wait,     ///< it is at work
  answer_done,     ///< it has ended
  answer_elsewhere ///< it does not do this one
};

struct archiver_answer {
  enum answer_kind kind;
  int code;   ///< of `done`: an exit code of pgbraid, 0 when the file is archived
  char* text; ///< of `done` and `elsewhere`: points into what was parsed, may be empty
};

/// @param body  what follows the head, `length` bytes
struct archiver_answer parse_answer(char* body, size_t length);

/// Replaces what could steer a terminal or tear a log: control characters except line feeds.
void make_printable(char* text);

#endif
