// The names of what two hosts ask each other, and its versions.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// README.md in this folder says what their heads, bodies and answers hold; wire.hpp writes and
/// reads them.
namespace pgbraid::wire {

/// Versions of all this that we speak. Hosts agree on the highest that both know; none is
/// `protocol` (39) with both ranges.
inline constexpr uint32_t version_min = 5;
inline constexpr uint32_t version_max = 5;

/// Added to the length of a piece of a copied file that is no part of its bytes: notes of blocks.
inline constexpr uint32_t notes_piece = uint32_t{1} << 31;

/// How many files are removed by one request, and how long its body is at most.
inline constexpr size_t removal_files_max = 1000;
inline constexpr size_t removal_body_bytes = size_t{512} << 10;

/// The largest info file that a host opens or seals for another one.
inline constexpr uint64_t info_limit_bytes = uint64_t{32} << 20;

namespace path {
inline constexpr std::string_view hello = "/v1/hello";
inline constexpr std::string_view leave = "/v1/leave";
inline constexpr std::string_view repo_cipher = "/v1/repo/cipher";
inline constexpr std::string_view repo_read_info = "/v1/repo/read-info";
inline constexpr std::string_view repo_write_info = "/v1/repo/write-info";
inline constexpr std::string_view storage_info = "/v1/storage/info";
inline constexpr std::string_view storage_list = "/v1/storage/list";
inline constexpr std::string_view storage_read = "/v1/storage/read";
inline constexpr std::string_view storage_read_small = "/v1/storage/read-small";
inline constexpr std::string_view storage_write = "/v1/storage/write";
inline constexpr std::string_view storage_change = "/v1/storage/change";
inline constexpr std::string_view storage_remove_files = "/v1/storage/remove-files";
inline constexpr std::string_view storage_features = "/v1/storage/features";
inline constexpr std::string_view storage_free = "/v1/storage/free";
inline constexpr std::string_view storage_settle = "/v1/storage/settle";
inline constexpr std::string_view pg_open = "/v1/pg/open";
inline constexpr std::string_view pg_call = "/v1/pg/call";
inline constexpr std::string_view pg_close = "/v1/pg/close";
inline constexpr std::string_view pg_control = "/v1/pg/control";
inline constexpr std::string_view pg_facts = "/v1/pg/facts";
inline constexpr std::string_view copy_begin = "/v1/copy/begin";
inline constexpr std::string_view copy_file = "/v1/copy/file";
inline constexpr std::string_view copy_small = "/v1/copy/small";
} // namespace path

} // namespace pgbraid::wire
