// Which words of a command line a TLS server accepts from its clients.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

/// A client says what it wants done and how patient it is. What a server shows and touches (paths,
/// ports, lock files, configuration) is the server's to say, so that a certificate grants a stanza
/// and nothing else.

/// The words that a server accepts; the others are left out.
std::vector<std::string> served_words(const std::vector<std::string>& words);

/// Checks the words of a client: options that are accepted, each once, then one command in its
/// remote role. Fails with `access` (105).
result<void> check_served_words(const std::vector<std::string>& words);

} // namespace pgbraid::cli
