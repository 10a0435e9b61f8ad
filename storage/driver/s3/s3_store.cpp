// What stores can, in the requests of S3.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_store.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/codec/message_digest.hpp"
#include "engine/http/tried_request.hpp"
#include "storage/driver/s3/lent_credentials.hpp"
#include "storage/driver/s3/s3_answer.hpp"
#include "storage/driver/s3/s3_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>

namespace pgbraid::s3 {

namespace {

using namespace object;

/// What the requests of a bucket share.
struct bucket {
  explicit bucket(const settings& how)
      : about(how), over(std::make_shared<http::client>(how.connecting)),
        keys(
            how.with, how.from.kind == key_type::shared
                          ? credential_source::ask()
                          : [from = how.from] { return borrow(from); }) {}

  const settings about;
  const std::shared_ptr<http::client> over;
  credential_source keys;
  std::atomic<int64_t> clock_ahead_s{0}; ///< of the store's clock

  /// @param with_key  becomes the access key
  result<http::request> sign(const call& what, secret& with_key) {
    auto with = keys.current();
    if (!with)
      return with.failure();
    with_key = with->access_key;
    return request_for(what, about, *with, wall_s() + clock_ahead_s);
  }
  /// Whether an answer tells of something that another request does better.
  bool can_mend(const http::response& answer, const secret& with_key) {
    if (answer.status == 206) // content, of whatever kind
      return false;
    const auto name = error_name_of(answer);
    // It waited for its turn for too long, or failed though the status says otherwise.
    const bool again = name == "RequestTimeTooSkewed" ||
                       (answer.status == 200 && (name == "InternalError" || name == "SlowDown"));
    return correct_clock(answer) || renew_keys(answer, with_key) || again;
  }
  /// Learns from an answer that this host's clock is wrong; whether there was something to learn.
  bool correct_clock(const http::response& answer);
  /// Takes other keys where these hold no more, though it was not time.
  bool renew_keys(const http::response& answer, const secret& with_key);
  error failure(const call& what, const http::response& answer) const;
};
using bucket_ptr = std::shared_ptr<bucket>;

bool bucket::correct_clock(const http::response& answer) {
  constexpr int64_t worth_s = 60;
  const auto theirs = seconds_of_http(answer.find("date"));
  if (answer.status != 403 || !theirs || error_name_of(answer) != "RequestTimeTooSkewed")
    return false;
  const auto ahead = *theirs - wall_s();
  if (std::abs(ahead - clock_ahead_s) < worth_s)
    return false;
  log::warn("the clock of this host differs by {}s from that of '{}': requests are signed with the "
            "time there",
            ahead, about.endpoint);
  clock_ahead_s = ahead;
  return true;
}

bool bucket::renew_keys(const http::response& answer, const secret& with_key) {
  if (answer.status != 400 && answer.status != 403)
    return false;
  const auto name = error_name_of(answer);
  return (name == "ExpiredToken" || name == "InvalidToken" || name == "TokenRefreshRequired") &&
         keys.refused(with_key);
}

error bucket::failure(const call& what, const http::response& answer) const {
  auto why = http::failure_of({.method = what.method, .url = url_of(what, about)}, answer,
                              told_by(answer));
  why.hint = hint_for(answer.status, error_name_of(answer));
  return why;
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

/// A call that is signed anew for each try, and sent once more where `can_mend` says so.
class mended_request {
public:
  using maker = std::function<call()>;

  mended_request(bucket_ptr in, maker make, http::tried_request::keeper keep = {})
      : in_(std::move(in)), make_(std::move(make)), keep_(std::move(keep)) {
    send();
  }
  bool has_come() const { return request_->has_come(); }
  result<http::response> wait() {
    auto answer = request_->wait();
    if (answer && in_->can_mend(*answer, with_key_)) {
      send();
      answer = request_->wait();
    }
    return answer;
  }
  /// How often it was sent since it was mended.
  unsigned sent() const { return request_->sent(); }

private:
  void send() {
    request_.emplace(
        in_->over, [this] { return in_->sign(make_(), with_key_); }, in_->about.limit, keep_);
  }

  const bucket_ptr in_;
  const maker make_;
  const http::tried_request::keeper keep_;
  secret with_key_; ///< of the last request
  std::optional<http::tried_request> request_;
};

/// An answer of one call, once it is looked at.
template <class T> class s3_pending final : public pending<T> {
public:
  using reading = std::function<result<T>(const http::response& answer, unsigned sent)>;

  s3_pending(bucket_ptr in, call what, reading read)
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

/// Some bytes of an object; what came before a break is kept.
class s3_piece final : public pending<std::optional<object_piece>> {
public:
  s3_piece(bucket_ptr in, std::string key, uint64_t offset, uint64_t bytes, std::string tag)
      : in_(std::move(in)), key_(std::move(key)), offset_(offset), bytes_(bytes),
        tag_(std::move(tag)), request_(
                                  in_, [this] { return ask(); },
                                  [this](http::response& broken) { return keep(broken); }) {}
  bool has_come() const override { return request_.has_come(); }
  result<std::optional<object_piece>> wait() override {
    auto answer = request_.wait();
    if (!answer)
      return answer.failure();
    return read(*answer);
  }

private:
  call ask() const;
  bool keep(http::response& broken);
  result<std::optional<object_piece>> read(http::response& answer);

  const bucket_ptr in_;
  const std::string key_;
  const uint64_t offset_;
  const uint64_t bytes_;
  std::string tag_;
  std::vector<std::byte> got_;
  mended_request request_; ///< last: it asks the others when it is made
};

call s3_piece::ask() const {
  const auto begin = offset_ + got_.size();
  call what{.method = "GET",
            .key = key_,
            .headers = {{"range", fmt::format("bytes={}-{}", begin, offset_ + bytes_ - 1)}},
            .what = touches::content,
            // A refusal has a body, too.
            .answer_limit_bytes = std::max<uint64_t>(bytes_ - got_.size(), 64 * 1024)};
  if (!tag_.empty())
    what.headers.push_back({"if-match", tag_});
  return what;
}

/// Only a part of what was asked for: whatever else there is is no content.
bool s3_piece::keep(http::response& broken) {
  const auto tag = broken.find("etag");
  if (broken.status != 206 || broken.body.empty() || tag.empty() ||
      (!tag_.empty() && tag != tag_) || got_.size() + broken.body.size() > bytes_)
    return false;
  tag_ = tag;
  // One byte stays to be asked for, even when all have come.
  got_.insert(got_.end(), broken.body.begin(), broken.body.end() - 1);
  return broken.body.size() > 1;
}

result<std::optional<object_piece>> s3_piece::read(http::response& answer) {
  const auto name = answer.status == 404 ? error_name_of(answer) : std::string();
  if (answer.status == 404 && name != "NoSuchBucket")
    return std::optional<object_piece>();
  if (answer.status == 412)
    return error{errc::file_read, "the object changed while it was read"};
  if (answer.status == 416) { // it ends before that
    const auto whole = whole_size_of(answer.find("content-range"));
    if (!got_.empty() || whole.value_or(0) > offset_)
      return error{errc::file_read, "the object became shorter while it was read"};
    return std::optional(object_piece{.object_bytes = whole.value_or(0), .tag = tag_});
  }
  if (answer.status != 206 && !(answer.status == 200 && offset_ == 0 && got_.empty()))
    return in_->failure(ask(), answer);
  got_.insert(got_.end(), answer.body.begin(), answer.body.end());
  object_piece out{.bytes = std::move(got_), .tag = std::string(answer.find("etag"))};
  const auto whole =
      answer.status == 206 ? whole_size_of(answer.find("content-range")) : out.bytes.size();
  if (!whole)
    return error{errc::protocol, "the store does not tell the size of an object"};
  out.object_bytes = *whole;
  if (answer.status == 200 && out.bytes.size() > bytes_) // it knows no ranges
    out.bytes.resize(bytes_);
  const auto end = std::min(offset_ + bytes_, *whole);
  if (answer.status == 206 && (end < offset_ || out.bytes.size() != end - offset_))
    return error{errc::protocol, fmt::format("the store sends {} bytes from {} of an object with "
                                             "{}, where {} were asked for",
                                             out.bytes.size(), offset_, *whole, bytes_)};
  return std::optional(std::move(out));
}

http::shared_body body_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}
http::shared_body body_of(std::vector<std::byte> content) {
  return std::make_shared<const std::vector<std::byte>>(std::move(content));
}

/// A refusal has no body here, and so no name: the same object is read, which has one.
asked<std::optional<object_about>> look_at(const bucket_ptr& in, const std::string& key,
                                           bool again = false) {
  using about = std::optional<object_about>;
  const call what{.method = "HEAD", .key = key, .what = touches::content};
  const auto read = [in, what, again](const http::response& answer, unsigned) -> result<about> {
    if (answer.status == 404)
      return about();
    if (!is_success(answer.status)) {
      const auto told = s3_piece(in, what.key, 0, 1, {}).wait();
      if (!told)
        return told.failure();
      return again ? in->failure(what, answer) : look_at(in, what.key, true)->wait();
    }
    auto known = about_of(answer);
    if (!known)
      return known.failure();
    return about(*known);
  };
  return std::make_unique<s3_pending<about>>(in, what, read);
}

class s3_store final : public object_store {
public:
  explicit s3_store(const settings& how) : in_(std::make_shared<bucket>(how)) {}

  asked<object_page> list(const list_request& what) override;
  asked<std::optional<object_about>> look(const std::string& key) override;
  asked<std::optional<object_piece>> read(const std::string& key, uint64_t offset, uint64_t bytes,
                                          const std::string& tag) override {
    return std::make_unique<s3_piece>(in_, key, offset, bytes, tag);
  }
  asked<nothing> put(const std::string& key, std::vector<std::byte> content) override;
  asked<std::string> begin_parts(const std::string& key) override;
  asked<uploaded_part> put_part(const std::string& key, const std::string& upload, unsigned number,
                                std::vector<std::byte> content) override;
  asked<nothing> end_parts(const std::string& key, const std::string& upload,
                           std::span<const uploaded_part> parts, uint64_t object_bytes) override;
  asked<nothing> drop_parts(const std::string& key, const std::string& upload) override;
  asked<nothing> remove(std::span<const std::string> keys) override;
  asked<nothing> touch(const std::string& key) override;

private:
  /// @param read  of an answer that is a success, or one that `also` lets pass
  template <class T> asked<T> ask(call what, typename s3_pending<T>::reading read, int also = 0);
  asked<nothing> do_it(call what, int also = 0) {
    return ask<nothing>(
        std::move(what), [](const auto&, unsigned) { return result<nothing>(nothing{}); }, also);
  }

  const bucket_ptr in_;
};

template <class T>
asked<T> s3_store::ask(call what, typename s3_pending<T>::reading read, int also) {
  auto look = [in = in_, what, read = std::move(read), also](const http::response& answer,
                                                             unsigned sent) -> result<T> {
    if (is_success(answer.status) || answer.status == also)
      return read(answer, sent);
    return in->failure(what, answer);
  };
  return std::make_unique<s3_pending<T>>(in_, std::move(what), std::move(look));
}

asked<object_page> s3_store::list(const list_request& what) {
  call list{.method = "GET",
            .query = {{"list-type", "2"}, {"prefix", what.prefix}, {"encoding-type", "url"}},
            .answer_limit_bytes = uint64_t{16} << 20};
  if (!what.below)
    list.query.emplace_back("delimiter", "/");
  if (!what.from.empty())
    list.query.emplace_back("continuation-token", what.from);
  if (what.most < 1000)
    list.query.emplace_back("max-keys", std::to_string(what.most));
  return ask<object_page>(std::move(list), [what](const http::response& answer, unsigned) {
    return page_of(answer.body, what);
  });
}

asked<std::optional<object_about>> s3_store::look(const std::string& key) {
  return look_at(in_, key);
}

asked<nothing> s3_store::put(const std::string& key, std::vector<std::byte> content) {
  return do_it(
      {.method = "PUT", .key = key, .body = body_of(std::move(content)), .what = touches::object});
}

asked<std::string> s3_store::begin_parts(const std::string& key) {
  return ask<std::string>({.method = "POST",
                           .key = key,
                           .query = {{"uploads", ""}},
                           .body = body_of(std::string_view()),
                           .what = touches::object},
                          [](const http::response& answer, unsigned) {
                            return text_in(answer.body, "InitiateMultipartUploadResult",
                                           "UploadId");
                          });
}

asked<uploaded_part> s3_store::put_part(const std::string& key, const std::string& upload,
                                        unsigned number, std::vector<std::byte> content) {
  return ask<uploaded_part>(
      {.method = "PUT",
       .key = key,
       .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
       .body = body_of(std::move(content)),
       .what = touches::content},
      [number](const http::response& answer, unsigned) -> result<uploaded_part> {
        const auto tag = answer.find("etag");
        if (tag.empty())
          return error{errc::protocol, "the store does not tell the tag of a part"};
        return uploaded_part{number, std::string(tag)};
      });
}

/// An answer of success may tell of a failure. One that got lost may have been a success: then the
/// upload is unknown when it is ended again, and the object is there.
asked<nothing> s3_store::end_parts(const std::string& key, const std::string& upload,
                                   std::span<const uploaded_part> parts, uint64_t object_bytes) {
  const call what{.method = "POST",
                  .key = key,
                  .query = {{"uploadId", upload}},
                  .body = body_of(part_list_of(parts))};
  const auto read = [in = in_, what, key, object_bytes](const http::response& answer,
                                                        unsigned sent) -> result<nothing> {
    const auto name = error_name_of(answer);
    if (answer.status == 404 && sent > 1)
      if (auto there = look_at(in, key)->wait();
          there && *there && (*there)->size_bytes == object_bytes)
        return nothing{};
    if (answer.status == 404 || !name.empty())
      return in->failure(what, answer);
    if (auto whole = check_root(answer.body, "CompleteMultipartUploadResult"); !whole)
      return whole.failure();
    return nothing{};
  };
  return ask<nothing>(what, read, 404);
}

asked<nothing> s3_store::drop_parts(const std::string& key, const std::string& upload) {
  return do_it({.method = "DELETE", .key = key, .query = {{"uploadId", upload}}}, 404);
}

asked<nothing> s3_store::remove(std::span<const std::string> keys) {
  if (keys.size() == 1)
    return do_it({.method = "DELETE", .key = keys.front()}, 404);
  return ask<nothing>(
      {.method = "POST", .query = {{"delete", ""}}, .body = body_of(removal_of(keys))},
      [](const http::response& answer, unsigned) -> result<nothing> {
        if (auto gone = check_removal(answer.body); !gone)
          return gone.failure();
        return nothing{};
      });
}

/// A copy onto itself, made by the store.
asked<nothing> s3_store::touch(const std::string& key) {
  call what{.method = "PUT",
            .key = key,
            .headers = {{"x-amz-copy-source",
                         "/" + uri_encoded(in_->about.bucket) + "/" + uri_encoded(key, true)},
                        {"x-amz-metadata-directive", "REPLACE"}},
            .body = body_of(std::string_view()),
            .what = touches::object};
  if (!in_->about.tags.empty())
    what.headers.push_back({"x-amz-tagging-directive", "REPLACE"});
  for (auto& one : customer_key_headers(in_->about, "x-amz-copy-source-"))
    what.headers.push_back(std::move(one));
  return ask<nothing>(std::move(what),
                      [](const http::response& answer, unsigned) -> result<nothing> {
                        if (auto done = check_root(answer.body, "CopyObjectResult"); !done)
                          return done.failure();
                        return nothing{};
                      });
}

} // namespace

std::shared_ptr<object_store> make_s3_store(const settings& how) {
  return std::make_shared<s3_store>(how);
}

std::string store_name(const settings& of) {
  std::string all;
  const auto add = [&](std::string_view text) {
    all += text;
    all += '\0';
  };
  const auto& from = of.from;
  const auto& over = of.connecting;
  for (const std::string_view text :
       {std::string_view(of.bucket), std::string_view(of.endpoint), std::string_view(of.region),
        std::string_view(of.service), of.with.access_key.view(), of.with.secret_key.view(),
        of.with.token.view(), std::string_view(of.kms_key_id), of.customer_key.view(),
        std::string_view(from.role), std::string_view(from.sts_host),
        std::string_view(from.role_arn), std::string_view(from.token_file),
        std::string_view(from.pod_url), std::string_view(over.connect_to),
        std::string_view(over.ca_file), std::string_view(over.ca_path)})
    add(text);
  for (const auto& word : from.command)
    add(word);
  for (const auto& [name, value] : of.tags) {
    add(name);
    add(value);
  }
  add(fmt::format("{} {} {} {} {} {} {} {}", of.tls, of.port, static_cast<unsigned>(of.style),
                  static_cast<unsigned>(from.kind), of.requester_pays, of.limit.count(),
                  over.verify, over.connections));
  // Whoever sees the name does not see keys.
  return to_hex(codec::sha256_of(as_bytes(all)));
}

} // namespace pgbraid::s3
