// Putting requests together, and taking answers apart that may be anything.
// SPDX-License-Identifier: MIT
#include "cli/module/archiver_message.h"

#include <string.h>

enum { most_fields = 3, most_digits = 3 };

static size_t put_field(unsigned char* into, size_t at, const char* field) {
  const size_t bytes = strlen(field) + 1;
  memcpy(into + at, field, bytes);
  return at + bytes;
}

size_t put_push_request(unsigned char* into, size_t room, const char* directory, const char* name) {
  const char* const fields[] = {"push", "1", directory, name};
  const size_t count = sizeof fields / sizeof fields[0];
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i)
    bytes += strlen(fields[i]) + 1;
  if (bytes > message_limit_bytes || bytes + message_head_bytes > room)
    return 0;
  for (size_t i = 0; i < message_head_bytes; ++i)
    into[i] = (unsigned char)(bytes >> (8 * (message_head_bytes - 1 - i)) & 0xff);
  size_t at = message_head_bytes;
  for (size_t i = 0; i < count; ++i)
    at = put_field(into, at, fields[i]);
  return at;
}

size_t message_length(const unsigned char head[message_head_bytes]) {
  uint32_t length = 0;
  for (size_t i = 0; i < message_head_bytes; ++i)
    length = length << 8 | head[i];
  return length <= message_limit_bytes ? length : 0;
}

/// The fields of a message; 0 where one is not ended or there are too many.
static size_t split_fields(char* body, size_t length, char* fields[most_fields]) {
  size_t count = 0;
  if (length == 0 || body[length - 1] != '\0')
    return 0;
  for (size_t at = 0; at < length; at += strlen(body + at) + 1) {
    if (count == most_fields)
      return 0;
    fields[count++] = body + at;
  }
  return count;
}

/// -1 where it is no exit code.
static int parse_code(const char* text) {
  const size_t digits = strlen(text);
  if (digits == 0 || digits > most_digits || strspn(text, "0123456789") != digits)
    return -1;
  int code = 0;
  for (size_t i = 0; i < digits; ++i)
    code = code * 10 + (text[i] - '0');
  return code <= 255 ? code : -1;
}

struct archiver_answer parse_answer(char* body, size_t length) {
  static char nothing[] = "";
  struct archiver_answer answer = {answer_broken, 0, nothing};
  char* fields[most_fields];
  const size_t count = split_fields(body, length, fields);
  if (count == 1 && strcmp(fields[0], "wait") == 0) {
    answer.kind = answer_wait;
  } else if (count == 2 && strcmp(fields[0], "elsewhere") == 0) {
    answer.kind = answer_elsewhere;
    answer.text = fields[1];
  } else if (count == 3 && strcmp(fields[0], "done") == 0 && parse_code(fields[1]) >= 0) {
    answer.kind = answer_done;
    answer.code = parse_code(fields[1]);
    answer.text = fields[2];
  }
  return answer;
}

void make_printable(char* text) {
  for (; *text != '\0'; ++text)
    if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
      *text = '?';
}
