// Text from outside, made safe for a log and a terminal.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid {

/// The text with each byte that is no printable UTF-8 written as `\xNN`. Line feeds and tabs stay;
/// all other control characters go, so that a hostile name cannot steer a terminal.
std::string printable(std::string_view text);

} // namespace pgbraid
