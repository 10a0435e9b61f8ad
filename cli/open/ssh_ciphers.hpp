// Which cipher ssh is asked for when much is to be carried.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

/// A value for ssh's option Ciphers with AES-GCM in front, which costs processors with AES
/// instructions about a third less CPU than the ChaCha20 that OpenSSH likes best (bench/README.md).
/// Everything else stays on offer, in its order, so that no host becomes unreachable.
/// Empty: ask for nothing, because somebody configured the ciphers, or AES-GCM is in front already
/// or not known.
/// @param configured, built_in  what `ssh -G` prints with and without configuration files
std::string ciphers_to_ask_for(std::string_view configured, std::string_view built_in);

/// `-o Ciphers=...` for the commands that carry a backup over this connection, or nothing. Asks the
/// client what it would do, which connects to nobody.
/// @param words  as of `ssh_words`
std::vector<std::string> cipher_words(const config::options& opts,
                                      const std::vector<std::string>& words);

} // namespace pgbraid::cli
