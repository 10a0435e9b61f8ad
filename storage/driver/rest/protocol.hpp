// What a store is asked over HTTP, and what its driver knows about asking it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/client.hpp"
#include "storage/driver/rest/place.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pgbraid::rest {

/// What a request does with the content of an object: which of the headers about encryption and
/// tags it needs.
enum class touches : uint8_t {
  nothing, ///< lists, removing
  content, ///< reads it, or is a part of it
  object,  ///< makes it: with tags, and how it is to be encrypted
};

/// A request before it is signed.
struct call {
  std::string method;
  std::string key = {}; ///< empty: the bucket
  query_fields query = {};
  std::vector<http::header> headers = {};
  http::shared_body body = {};
  touches what = touches::nothing;
  uint64_t answer_limit_bytes = uint64_t{1} << 20;
  std::string path = {}; ///< where a store has others than those of keys
};

/// How one bucket is asked. Thread-safe.
class protocol {
public:
  explicit protocol(const place& how)
      : over_(std::make_shared<http::client>(how.connecting)), limit_(how.limit) {}
  virtual ~protocol() = default;
  protocol(const protocol&) = delete;
  protocol& operator=(const protocol&) = delete;

  const std::shared_ptr<http::client>& over() const { return over_; }
  std::chrono::milliseconds limit() const { return limit_; }

  struct signed_request {
    http::request request;
    uint64_t loan = 0; ///< of the keys that signed it
  };
  /// For this moment. Fails when there are no keys.
  virtual result<signed_request> sign(const call& what) = 0;
  /// Whether an answer tells of something that another request does better; learns from it.
  virtual bool can_mend(const http::response& answer, uint64_t loan) = 0;
  /// What an answer that is no success means, with a hint.
  virtual error failure(const call& what, const http::response& answer) const = 0;

  /// Asks for some bytes of an object; by default with `Range` and `If-Match`.
  /// @param tag  of the object, which must not be another; empty: any
  virtual call read_call(const std::string& key, uint64_t first, uint64_t last,
                         const std::string& tag) const;
  /// What changes with the content, by default the `ETag`; empty where the store does not tell.
  virtual std::string tag_of(const http::response& answer) const {
    return std::string(answer.find("etag"));
  }
  /// The MD5 of the whole object in base64, which an answer with some of its bytes tells; by
  /// default no store does.
  virtual std::string digest_of(const http::response& answer) const {
    static_cast<void>(answer);
    return {};
  }
  /// Whether an answer says that there is no such object, in a bucket that is there.
  virtual bool is_missing(const http::response& answer) const = 0;

private:
  const std::shared_ptr<http::client> over_;
  const std::chrono::milliseconds limit_;
};
using protocol_ptr = std::shared_ptr<protocol>;

inline bool is_success(int status) {
  return status >= 200 && status <= 299;
}

http::shared_body body_of(std::string_view text);
http::shared_body body_of(std::vector<std::byte> content);

} // namespace pgbraid::rest
