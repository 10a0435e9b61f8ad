// Text from outside, made safe for a log and a terminal.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid {

/// The text with each byte that is no printable UTF-8 written as `\xNN`. Line feeds and tabs stay;
/// all other control characters go, so that a hostile name cannot steer a terminal.
std::string printable(std::string_view text);
/// The same where a text must not have more than one line: line feeds and tabs go, too.
std::string printable_line(std::string_view text);
/// JSON whose strings may hold anything: control characters become `\u00NN`, and bytes that are no
/// UTF-8 the text `\\xNN`, so that every reader takes it and no terminal is steered.
std::string printable_json(std::string_view json);

} // namespace pgbraid
