// Some bytes of an object, by as many requests as it takes.
// SPDX-License-Identifier: MIT
#pragma once

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
  result<std::optional<object::object_piece>> wait() override {
    auto answer = request_.wait();
    if (!answer)
      return answer.failure();
    return read(*answer);
  }

private:
  call ask() const;
  bool keep(http::response& broken);
  result<std::optional<object::object_piece>> read(http::response& answer);

  const protocol_ptr in_;
  const std::string key_;
  const uint64_t offset_;
  const uint64_t bytes_;
  std::string tag_;
  std::vector<std::byte> got_;
  mended_request request_; ///< last: it asks the others when it is made
};

} // namespace pgbraid::rest
