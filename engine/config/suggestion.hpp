// The known word nearest to one that was mistyped.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::config {

/// The nearest of `known` by edit distance (a swap of neighbours counts once), or "" when none is
/// near: at most a third of the letters, and at least one, may differ.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// Nearest option, with the group's key kept: `repo1-pth` gives `repo1-path`.
std::string nearest_option(std::string_view word);
/// Nearest command.
std::string nearest_command(std::string_view word);

/// `did you mean 'x'?`, or nothing for an empty word.
std::string did_you_mean(std::string_view prefix, std::string_view word);

} // namespace pgbraid::config
