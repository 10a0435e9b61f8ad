// Calls under way, and what is made of their answers.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/http/tried_request.hpp"
#include "storage/driver/object/object_store.hpp"
#include "storage/driver/rest/protocol.hpp"

#include <functional>
#include <optional>

namespace pgbraid::rest {

/// A call that is signed anew for each try, and sent once more where the protocol can mend what
/// failed.
class mended_request {
public:
  using maker = std::function<call()>;

  mended_request(protocol_ptr in, maker make, http::tried_request::keeper keep = {});
  bool has_come() const { return request_->has_come(); }
  bool comes_within(std::chrono::milliseconds how_long) { return request_->comes_within(how_long); }
  /// As of `http::tried_request`.
  http::response take_some(std::chrono::milliseconds how_long) {
    return request_->take_some(how_long);
  }
  result<http::response> wait();
  /// How often it was sent since it was mended.
  unsigned sent() const { return request_->sent(); }

private:
  void send();

  const protocol_ptr in_;
  const maker make_;
  const http::tried_request::keeper keep_;
  uint64_t loan_ = 0; ///< of the last request
  std::optional<http::tried_request> request_;
};

/// An answer of one call, once it is looked at.
template <class T> class store_answer final : public object::pending<T> {
public:
  using reading = std::function<result<T>(const http::response& answer, unsigned sent)>;

  store_answer(protocol_ptr in, call what, reading read)
      : request_(std::move(in), [what = std::move(what)] { return what; }), read_(std::move(read)) {
  }
  bool has_come() const override { return request_.has_come(); }
  result<T> wait() override {
    auto answer = request_.wait();
    if (!answer)
      return answer.failure();
    return read_(*answer, request_.sent());
  }

private:
  mended_request request_;
  const reading read_;
};

/// @param read  of an answer that is a success, or one that `also` lets pass
template <class T>
object::asked<T> ask(const protocol_ptr& in, call what, typename store_answer<T>::reading read,
                     int also = 0) {
  auto look = [in, what, read = std::move(read), also](const http::response& answer,
                                                       unsigned sent) -> result<T> {
    if (is_success(answer.status) || answer.status == also)
      return read(answer, sent);
    return in->failure(what, answer);
  };
  return std::make_unique<store_answer<T>>(in, std::move(what), std::move(look));
}

/// A call of which only the success counts.
inline object::asked<object::nothing> do_it(const protocol_ptr& in, call what, int also = 0) {
  return ask<object::nothing>(
      in, std::move(what),
      [](const auto&, unsigned) { return result<object::nothing>(object::nothing{}); }, also);
}

/// Removes one object; one that is missing is success. Where the store holds it, and does not tell
/// until when, the object is looked at.
object::asked<object::nothing> remove_one(const protocol_ptr& in, const std::string& key);
/// The failure of a removal with what a look at the object adds.
error with_hold_of(const protocol_ptr& in, const std::string& key, error why);

/// Something that needs no request.
template <class T> class known_answer final : public object::pending<T> {
public:
  explicit known_answer(result<T> what) : what_(std::move(what)) {}
  bool has_come() const override { return true; }
  result<T> wait() override { return std::move(what_); }

private:
  result<T> what_;
};

/// Several that are under way together; fails with the first failure, with a hold only where there
/// is none that is worse.
class all_of final : public object::pending<object::nothing> {
public:
  void add(object::asked<object::nothing> one) { parts_.push_back(std::move(one)); }
  bool has_come() const override;
  result<object::nothing> wait() override;

private:
  std::vector<object::asked<object::nothing>> parts_;
};

} // namespace pgbraid::rest
