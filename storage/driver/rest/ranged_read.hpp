// Some bytes of an object, by as many requests as it takes.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/message_digest.hpp"
#include "storage/driver/rest/store_answer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgbraid::rest {

/// What came before a break is kept: the next request asks for the rest, of the same object.
class ranged_read final : public object::pending<std::optional<object::object_piece>> {
public:
  ranged_read(protocol_ptr in, std::string key, uint64_t offset, uint64_t bytes, std::string tag)
      : in_(std::move(in)), key_(std::move(key)), offset_(offset), bytes_(bytes),
        tag_(std::move(tag)), request_(
                                  in_, [this] { return ask(); },
                                  [this](http::response& broken) { return keep(broken); }) {}
  bool has_come() const override { return request_.has_come(); }
  bool comes_within(std::chrono::milliseconds how_long) override {
    return request_.comes_within(how_long);
  }
  std::vector<std::byte> some(std::chrono::milliseconds how_long) override;
  result<std::optional<object::object_piece>> wait() override {
    auto answer = request_.wait();
    if (!answer)
      return answer.failure();
    return read(*answer);
  }

private:
  /// So many bytes came of answers before this one, or were given away.
  uint64_t done_bytes() const { return given_bytes_ + got_.size(); }
  void put_back(http::response& answer);
  bool is_damaged(const http::response& answer, byte_view rest);
  call ask() const;
  bool keep(http::response& broken);
  result<std::optional<object::object_piece>> read(http::response& answer);

  const protocol_ptr in_;
  const std::string key_;
  const uint64_t offset_;
  const uint64_t bytes_;
  std::string tag_;
  uint64_t given_bytes_ = 0; ///< to who took some before the end
  std::string told_;         ///< the digest of the whole, by the answer that gave them
  std::optional<codec::md5_stream> given_; ///< those, where it tells one
  std::vector<std::byte> got_;             ///< after them
  std::vector<std::byte> taken_back_; ///< of the answer that is under way, before the rest of it
  mended_request request_;            ///< last: it asks the others when it is made
};

} // namespace pgbraid::rest
