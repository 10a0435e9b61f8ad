// Reading one object from front to back, pieces ahead.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"
#include "storage/storage.hpp"

#include <deque>
#include <memory>
#include <optional>

namespace pgbraid::object {

/// How much is asked for at once, and how many of those may be under way for one file.
struct read_ahead_limits {
  uint64_t piece_bytes = uint64_t{4} << 20;
  size_t pieces = 4;
  /// As in `storage_features`: who reads parts of an object asks for those together.
  uint64_t read_over_bytes = uint64_t{64} << 10;

  bool operator==(const read_ahead_limits&) const = default;
};

class object_reader final : public io::reader {
public:
  /// Asks for the first piece, and for those behind it where `size_hint_bytes` says that there are
  /// some, and waits for the first. Fails with `file_missing` when there is no such object.
  static result<std::unique_ptr<io::reader>> open(std::shared_ptr<object_store> in, std::string key,
                                                  std::string shown, const read_options& options,
                                                  const read_ahead_limits& limits);
  result<size_t> read(byte_span out) override;
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;

private:
  object_reader(std::shared_ptr<object_store> in, std::string key, std::string shown,
                const read_options& options, const read_ahead_limits& limits);
  result<void> begin(const read_options& options);
  void ask_ahead(uint64_t until);
  result<bool> next_bytes();
  result<bool> next_piece();
  result<void> end_of_first();
  result<object_piece> taken(asked<std::optional<object_piece>> one);
  result<object_piece> read_piece(uint64_t offset, uint64_t bytes);

  const std::shared_ptr<object_store> in_;
  const std::string key_;
  const std::string shown_;
  const read_ahead_limits limits_;
  uint64_t end_;                              ///< nothing is asked for behind it
  uint64_t next_;                             ///< of what is asked for next
  uint64_t size_ = 0;                         ///< of the object, once the first piece has come
  std::string tag_;                           ///< of the object
  asked<std::optional<object_piece>> coming_; ///< the first piece, until all of it has come
  uint64_t first_end_ = 0;                    ///< of that piece, where the object is so long
  struct asked_piece {
    uint64_t bytes = 0;
    asked<std::optional<object_piece>> outcome = {};
  };
  std::deque<asked_piece> under_way_;
  std::vector<std::byte> here_;
  size_t used_ = 0; ///< of here_
};

} // namespace pgbraid::object
