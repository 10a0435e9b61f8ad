// What answers of a bucket say.
// Source: Amazon S3 API reference, ListObjectsV2, multipart uploads, DeleteObjects, error
// responses. SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/message.hpp"
#include "storage/driver/object/version_store.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::s3 {

/// The name of the error that an answer tells, as `NoSuchKey`; empty when it tells none.
std::string error_name_of(const http::response& answer);
/// What an error in XML tells, its name and message; the whole body of another one. Other elements
/// of an error may be secrets: tokens, what was signed.
std::string told_by(const http::response& answer);
/// Fails with `format` for a body whose root has another name.
result<void> check_root(byte_view body, std::string_view wanted);
/// What users can do about an answer that is no success; empty when nothing is known.
std::string hint_for(int status, std::string_view error_name);

/// Whether an error means that the object is kept for a time, or by a legal hold: stores without
/// versions, or with a bucket lock, have names and texts of their own for it.
bool tells_of_hold(std::string_view error_name, std::string_view told);

/// A page of a list. Fails with `format` (29) for what is no list, and with `protocol` (39) for
/// keys that nobody asked for.
result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked);

/// The same of a list of versions.
result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked);
/// And of one of uploads that nobody ended.
result<object::upload_page> upload_page_of(byte_view body,
                                           const object::object_store::list_request& asked);
/// The fields of the query for what follows a page of versions or uploads, by its `next`.
rest::query_fields markers_of(std::string_view next);

/// The text of one element of the root: the id of an upload.
result<std::string> text_in(byte_view body, std::string_view root, std::string_view wanted);
/// The body of a request to remove many.
std::string removal_of(std::span<const std::string> keys);
/// An object that was not removed.
struct refusal {
  std::string key;
  error why;
};
/// The first one that the answer tells; one that is held only where there is none that is worse.
result<std::optional<refusal>> refusal_in(byte_view body);
/// The body of a request to end an object in parts.
std::string part_list_of(std::span<const object::uploaded_part> parts);

} // namespace pgbraid::s3
