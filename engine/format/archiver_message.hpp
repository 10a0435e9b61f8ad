// What the resident archiver and those who ask it say to each other.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pgbraid::format {

/// Of what follows the length.
inline constexpr size_t archiver_message_limit_bytes = 65536;
/// A whole message with its length.
inline constexpr size_t archiver_frame_limit_bytes = archiver_message_limit_bytes + 4;

/// Who is there?
struct archiver_greeting {
  friend bool operator==(const archiver_greeting&, const archiver_greeting&) = default;
};
/// Archive one file.
struct archiver_push {
  std::string directory; ///< absolute
  std::string name;
  friend bool operator==(const archiver_push&, const archiver_push&) = default;
};
using archiver_request = std::variant<archiver_greeting, archiver_push>;

struct archiver_hello {
  std::string program_version;
  int64_t process = 0;
  friend bool operator==(const archiver_hello&, const archiver_hello&) = default;
};
/// It is at work.
struct archiver_wait {
  friend bool operator==(const archiver_wait&, const archiver_wait&) = default;
};
struct archiver_done {
  unsigned code = 0; ///< an exit status; 0: archived
  std::string text;  ///< warnings, or what went wrong; may have several lines
  friend bool operator==(const archiver_done&, const archiver_done&) = default;
};
/// It does not do this one: the caller does it itself.
struct archiver_elsewhere {
  std::string why;
  friend bool operator==(const archiver_elsewhere&, const archiver_elsewhere&) = default;
};
using archiver_answer =
    std::variant<archiver_hello, archiver_wait, archiver_done, archiver_elsewhere>;

/// As it is sent. A text that is too long is cut.
std::string render(const archiver_request& request);
std::string render(const archiver_answer& answer);

/// Takes the first message out of what was received, once all of it is there.
/// Fails with `protocol` (39) as soon as it is known that nobody who speaks version 1 sends that.
result<std::optional<archiver_request>> take_archiver_request(std::string& received);
result<std::optional<archiver_answer>> take_archiver_answer(std::string& received);

} // namespace pgbraid::format
