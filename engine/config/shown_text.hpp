// What of a configuration may be repeated in a message: only what can be no secret.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid::config {

/// A line of an INI file, for a message about it: whole when it begins with the name of an option
/// that holds no secret and may stand in a file, the name alone of others, a section of ours, else
/// `(not shown)`. A line that nobody knows may be a secret that lost its key.
std::string shown_line(std::string_view line);

/// A name that is no option's, as somebody mistyped it: names of options are short and of small
/// letters, digits and dashes, and what resembles one of ours is shown as well; else `(not shown)`.
std::string shown_key(std::string_view name);

/// What is odd about the characters of a text, as a hint: characters beyond ASCII that nobody sees
/// (byte order marks, blanks of word processors) or that only look like what they should be
/// (quotes). Empty when there are none.
std::string odd_characters(std::string_view text);

} // namespace pgbraid::config
