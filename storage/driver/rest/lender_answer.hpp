// Asking those who lend keys.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/http/client.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::rest {

/// What a lender may say, and a file of its.
inline constexpr uint64_t lender_answer_bytes = 64 * 1024;

/// Fails with `protocol` (39): nothing of what a lender answers is shown, since it may be a secret.
error no_keys(std::string_view from, std::string_view why);

/// The body of an answer of success. Fails as `http::tried_request` does, or with `no_keys`.
/// @param shown  who is asked, for messages
result<std::string> lender_answer(std::string_view shown, http::request what,
                                  const http::client_settings& how,
                                  std::chrono::milliseconds limit);
/// The content of a file that holds a token or a key, without line ends behind it. Fails with
/// `file_open` (41).
result<std::string> content_of_key_file(const std::string& file);

} // namespace pgbraid::rest
