// What every object store can, in the words that all of them share: whole objects below keys.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::object {

/// Something that a store was asked for. Dropped before it has come, it is given up.
template <class T> class pending {
public:
  virtual ~pending() = default;
  /// Whether `wait` would return without waiting for an answer that is under way.
  virtual bool has_come() const = 0;
  /// Waits so long at most. What `has_come` says then.
  virtual bool comes_within(std::chrono::milliseconds how_long) {
    const auto until = monotonic::now() + how_long;
    while (!has_come() && monotonic::now() < until)
      sleep_through(std::chrono::milliseconds(1));
    return has_come();
  }
  /// Of a read: bytes that have come before all have; `wait` gives the rest, and says whether all
  /// of it is what was asked for. None once there are no more, after so long, and from who gives
  /// all at once.
  virtual std::vector<std::byte> some(std::chrono::milliseconds how_long) {
    static_cast<void>(how_long);
    return {};
  }
  /// The outcome. Tries again what is worth it, within limits. To be called once.
  virtual result<T> wait() = 0;
};
template <class T> using asked = std::unique_ptr<pending<T>>;

struct nothing {};

struct listed_object {
  std::string key;
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
  std::string version = {}; ///< where it is read as it was at a time
};

/// A part of a list, in the order of the keys' bytes.
struct object_page {
  std::vector<listed_object> objects = {};
  std::vector<std::string> prefixes = {}; ///< with their `/` at the end
  std::string next = {};                  ///< what to go on with; empty: that was all
};

struct object_about {
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
  std::string version = {}; ///< where it is read as it was at a time
};

/// Some bytes of an object.
struct object_piece {
  std::vector<std::byte> bytes = {};
  uint64_t object_bytes = 0; ///< of the whole object
  std::string tag = {};      ///< changes with the content
};

/// An object in parts whose end was never asked for.
struct unfinished_upload {
  std::string key;
  std::string upload; ///< its id
  int64_t begun_s = 0;
};
struct upload_page {
  std::vector<unfinished_upload> uploads = {};
  std::string next = {};
};

struct uploaded_part {
  unsigned number = 0; ///< from 1
  std::string tag = {};
};

/// One bucket. What it answers was looked at: keys begin with the prefix that was asked for, sizes
/// are those of what came. Thread-safe. Keys are never empty.
class object_store {
public:
  virtual ~object_store() = default;

  struct list_request {
    std::string prefix; ///< empty or ends with `/`
    bool below = false; ///< all of them; otherwise what is behind the next `/` is one prefix
    std::string from = {};
    unsigned most = 1000;
  };
  virtual asked<object_page> list(const list_request& what) = 0;
  virtual asked<std::optional<object_about>> look(const std::string& key) = 0;
  /// Fewer bytes than wanted only at the end of the object; empty optional when there is none.
  /// @param bytes  at least 1
  /// @param tag    empty: any; fails with `file_read` when the object has another by now
  virtual asked<std::optional<object_piece>> read(const std::string& key, uint64_t offset,
                                                  uint64_t bytes, const std::string& tag) = 0;
  virtual asked<nothing> put(const std::string& key, std::vector<std::byte> content) = 0;
  /// An object in parts: nothing is seen of it before the end. The id of the upload.
  virtual asked<std::string> begin_parts(const std::string& key) = 0;
  virtual asked<uploaded_part> put_part(const std::string& key, const std::string& upload,
                                        unsigned number, std::vector<std::byte> content) = 0;
  virtual asked<nothing> end_parts(const std::string& key, const std::string& upload,
                                   std::span<const uploaded_part> parts, uint64_t object_bytes) = 0;
  virtual asked<nothing> drop_parts(const std::string& key, const std::string& upload) = 0;
  /// Uploads that were begun, of keys with a prefix, whoever began them; they are dropped with
  /// `drop_parts`. Null where the store forgets them by itself.
  virtual asked<upload_page> list_uploads(const list_request& what) {
    static_cast<void>(what);
    return nullptr;
  }
  /// Those that are missing are passed over. What the store holds stays, and the others go: then it
  /// fails, `held`, with one line that says until when, where the store tells.
  /// @param keys  at most `remove_most`
  virtual asked<nothing> remove(std::span<const std::string> keys) = 0;
  static constexpr size_t remove_most = 1000;
  /// Gives an object a new time.
  virtual asked<nothing> touch(const std::string& key) = 0;
};

} // namespace pgbraid::object
