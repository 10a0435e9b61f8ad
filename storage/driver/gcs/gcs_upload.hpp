// An object in parts, which go one after another.
// Source: "Resumable uploads" in Google's documentation.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/message_digest.hpp"
#include "storage/driver/gcs/gcs_answer.hpp"
#include "storage/driver/rest/store_answer.hpp"

#include <deque>
#include <optional>
#include <string>

namespace pgbraid::gcs {

/// One upload, of one writer. What the store has of it is asked for before anything is sent again.
/// A part that is no multiple of `part_grain_bytes` is the last: it is held back, since with it the
/// object would be there, until the end.
class gcs_upload {
public:
  /// @param at  the path of requests for uploads
  gcs_upload(rest::protocol_ptr in, std::string at, std::string key, std::string id)
      : in_(std::move(in)), at_(std::move(at)), key_(std::move(key)), id_(std::move(id)) {}

  /// Parts come in their order, from 1; those of which none is under way are sent at once.
  result<void> add(unsigned number, std::vector<std::byte> content);
  bool has_come(unsigned number) const;
  /// Waits until the store has that part, and those before it.
  result<void> settle(unsigned number);

  void begin_end(uint64_t object_bytes);
  bool has_ended() const { return failure_ || made_ || under_way_->has_come(); }
  /// Once the object is there, with the size and the digest of what was sent.
  result<void> end();

private:
  struct part {
    unsigned number = 0;
    uint64_t first = 0; ///< its place in the object
    http::shared_body content = {};
    bool last = false;

    uint64_t end() const { return first + content->size(); }
  };

  void send();
  rest::call next_call();
  rest::call query() const;
  result<void> settle_answer();
  result<void> take_progress(const http::response& answer);

  const rest::protocol_ptr in_;
  const std::string at_;
  const std::string key_;
  const std::string id_;
  std::deque<part> parts_;   ///< the first is under way
  std::optional<part> held_; ///< what is no multiple
  std::optional<rest::mended_request> under_way_;
  bool was_sent_ = false; ///< what is under way, once
  bool ends_ = false;
  uint64_t added_bytes_ = 0;
  uint64_t received_bytes_ = 0; ///< by the store, as it says
  unsigned idle_rounds_ = 0;    ///< in which it received nothing
  codec::md5_stream md5_;
  std::optional<description> made_;
  std::optional<error> failure_;
};

} // namespace pgbraid::gcs
