// What answers of a bucket say.
// Source: "Cloud Storage JSON API", objects and resumable uploads, in Google's documentation.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"
#include "storage/driver/object/version_store.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid::gcs {

/// An object as the store describes it.
struct description {
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
  std::string md5 = {}; ///< base64; empty: it is not told
};

/// The message of an error; the whole body where it is none of theirs.
std::string told_by(const http::response& answer);
/// Whether it means that the object is kept: by a retention policy, or by a hold.
bool tells_of_hold(const http::response& answer);
/// What users can do about an answer that is no success; empty when nothing is known.
std::string hint_for(int status);

/// A page of a list. Fails with `format` (29) for what is no list, and with `protocol` (39) for
/// keys that nobody asked for.
result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked);
/// The same of a list of versions, each with its generation.
result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked);
/// Fails with `format` (29) for what is none.
result<description> description_of(byte_view body);
/// How many bytes of an upload are there: `bytes=0-99` -> 100; no header -> 0; empty for anything
/// else.
std::optional<uint64_t> received_by(const http::response& answer);

} // namespace pgbraid::gcs
