// Bodies in parts, and batches of requests in them.
// Source: RFC 2046, section 5.1; "Batching requests" of Google Cloud Storage, "Blob Batch" of
// Azure. SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::rest {

struct body_part {
  std::vector<http::header> headers = {};
  byte_view content = {};
};

/// A text that is in none of the parts.
std::string boundary_for(std::span<const body_part> parts);
std::vector<std::byte> multipart_body(std::string_view boundary, std::span<const body_part> parts);

/// The statuses of the answers to a batch, by the number that is at the end of their `Content-ID`
/// (from 0); 0 where there is none that is understood.
/// @param count  of the requests
std::vector<int> batch_statuses(const http::response& answer, size_t count);

} // namespace pgbraid::rest
