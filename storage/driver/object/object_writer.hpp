// Writing one object: at once when it is small, otherwise in parts.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/object_store.hpp"
#include "storage/storage.hpp"

#include <deque>
#include <memory>
#include <optional>

namespace pgbraid::object {

/// Stores take so many parts of one object.
inline constexpr unsigned parts_most = 10'000;
/// Parts of one object that may be under way, when they are no larger than the first.
inline constexpr size_t parts_under_way = 4;

/// Of the part with that number, so that an object of any size has parts enough: they double every
/// 900, as far as a store takes them.
/// @param chunk_bytes  of the first
uint64_t part_bytes_of(unsigned number, uint64_t chunk_bytes, uint64_t size_hint_bytes);

class object_writer final : public io::writer {
public:
  object_writer(std::shared_ptr<object_store> in, std::string key, std::string shown,
                uint64_t chunk_bytes, uint64_t size_hint_bytes)
      : in_(std::move(in)), key_(std::move(key)), shown_(std::move(shown)),
        chunk_bytes_(chunk_bytes), size_hint_bytes_(size_hint_bytes) {}
  ~object_writer() override;
  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  result<void> send_part();
  result<void> settle_part();
  result<bool> settle_parts(bool wait);
  error failed(const error& why) const { return why.within("unable to write '" + shown_ + "'"); }

  const std::shared_ptr<object_store> in_;
  const std::string key_;
  const std::string shown_;
  const uint64_t chunk_bytes_;
  const uint64_t size_hint_bytes_;
  std::vector<std::byte> gathered_;
  uint64_t written_bytes_ = 0;
  std::string upload_; ///< of the object in parts; empty: there is none
  unsigned sent_parts_ = 0;
  std::deque<asked<uploaded_part>> under_way_;
  std::vector<uploaded_part> parts_;
  asked<nothing> end_;
  std::optional<error> failure_; ///< once there was one, nothing is published
  bool done_ = false;
};

} // namespace pgbraid::object
