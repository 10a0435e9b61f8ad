// What answers of a container say.
// Source: "List Blobs", "Put Block List", "Status and error codes", Azure Storage REST API
// reference.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"
#include "storage/driver/azure/azure_settings.hpp"
#include "storage/driver/object/version_store.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid::azure {

/// The name of the error that an answer tells, as `BlobNotFound`; empty when it tells none.
std::string error_name_of(const http::response& answer);
/// Name and first line of the message of an error; the body of what is no XML. Other parts of an
/// error may be secrets, or what was signed; what is behind `sig=` is no part of it either.
std::string told_by(const http::response& answer);
/// Whether an error means that the blob is kept: by a policy for a time, or by a legal hold.
inline bool tells_of_hold(std::string_view error_name) {
  return error_name.starts_with("BlobImmutableDueTo");
}
/// What users can do about an answer that is no success; empty when nothing is known.
/// @param now_s  of this host's clock
std::string hint_for(const http::response& answer, key_type kind, int64_t now_s);

/// A page of a list. What a hierarchical name space has for directories is passed over. Fails with
/// `format` (29) for what is no list, and with `protocol` (39) for keys that nobody asked for.
result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked);

/// The same of a list with all versions. It does not tell when a blob was removed: the last version
/// of one that is gone has no end. A blob without versions is one with its `ETag` for a version.
result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked);
/// What versions that are `ETag`s begin with.
inline constexpr std::string_view etag_mark = "etag ";

/// The body of a request to end an object in parts: the tags are the ids of the blocks.
std::string block_list_of(std::span<const object::uploaded_part> parts);

} // namespace pgbraid::azure
