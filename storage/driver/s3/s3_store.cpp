// What stores can, in the requests of S3.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_store.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/http/http_time.hpp"
#include "storage/driver/object/past_store.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/ranged_read.hpp"
#include "storage/driver/s3/lent_credentials.hpp"
#include "storage/driver/s3/s3_answer.hpp"
#include "storage/driver/s3/s3_request.hpp"

#include <atomic>

namespace pgbraid::s3 {

namespace {

using namespace object;
using namespace rest;

constexpr uint64_t list_bytes = uint64_t{16} << 20;

/// What the requests of a bucket share.
class bucket final : public protocol {
public:
  explicit bucket(const settings& how)
      : protocol(how.at), about(how),
        keys_(
            how.with, how.from.kind == key_type::shared
                          ? credential_source::ask()
                          : [from = how.from] { return borrow(from); }) {}

  const settings about;

  result<signed_request> sign(const call& what) override {
    auto with = keys_.current();
    if (!with)
      return with.failure();
    return signed_request{request_for(what, about, with->keys, wall_s() + clock_ahead_s_),
                          with->number};
  }
  bool can_mend(const http::response& answer, uint64_t loan) override {
    const auto name = error_name_of(answer);
    // It waited for its turn for too long, or failed though the status says otherwise.
    const bool again = name == "RequestTimeTooSkewed" ||
                       (answer.status == 200 && (name == "InternalError" || name == "SlowDown"));
    return correct_clock(answer) || renew_keys(answer, loan) || again;
  }
  error failure(const call& what, const http::response& answer) const override;
  bool is_missing(const http::response& answer) const override {
    return answer.status == 404 && error_name_of(answer) != "NoSuchBucket";
  }
  /// Where versions are read, they are the tags.
  call read_call(const std::string& key, uint64_t first, uint64_t last,
                 const std::string& tag) const override {
    auto what = protocol::read_call(key, first, last, about.at.as_of_s ? "" : tag);
    if (about.at.as_of_s)
      what.query.emplace_back("versionId", tag);
    return what;
  }
  std::string tag_of(const http::response& answer) const override {
    return about.at.as_of_s ? std::string(answer.find("x-amz-version-id"))
                            : protocol::tag_of(answer);
  }

private:
  /// Learns from an answer that this host's clock is wrong; whether there was something to learn.
  bool correct_clock(const http::response& answer);
  /// Takes other keys where these hold no more, though it was not time.
  bool renew_keys(const http::response& answer, uint64_t loan);

  credential_source keys_;
  std::atomic<int64_t> clock_ahead_s_{0}; ///< of the store's clock
};
using bucket_ptr = std::shared_ptr<bucket>;

bool bucket::correct_clock(const http::response& answer) {
  constexpr int64_t worth_s = 60;
  const auto theirs = http::seconds_of(std::string(answer.find("date")));
  if (answer.status != 403 || !theirs || error_name_of(answer) != "RequestTimeTooSkewed")
    return false;
  const auto ahead = *theirs - wall_s();
  if (std::abs(ahead - clock_ahead_s_) < worth_s)
    return false;
  log::warn("the clock of this host differs by {}s from that of '{}': requests are signed with the "
            "time there",
            ahead, about.at.endpoint);
  clock_ahead_s_ = ahead;
  return true;
}

bool bucket::renew_keys(const http::response& answer, uint64_t loan) {
  if (answer.status != 400 && answer.status != 403)
    return false;
  const auto name = error_name_of(answer);
  return (name == "ExpiredToken" || name == "InvalidToken" || name == "TokenRefreshRequired") &&
         keys_.refused(loan);
}

error bucket::failure(const call& what, const http::response& answer) const {
  const auto told = told_by(answer);
  if (!what.key.empty() && tells_of_hold(error_name_of(answer), told))
    return held_failure(what.key, told);
  auto why = http::failure_of({.method = what.method, .url = url_of(what, about)}, answer, told);
  why.hint = hint_for(answer.status, error_name_of(answer));
  return why;
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
      const auto told = ranged_read(in, what.key, 0, 1, {}).wait();
      if (!told)
        return told.failure();
      return again ? in->failure(what, answer) : look_at(in, what.key, true)->wait();
    }
    auto known = about_of(answer);
    if (!known)
      return known.failure();
    return about(*known);
  };
  return std::make_unique<store_answer<about>>(in, what, read);
}

/// A page of whatever there are lists of.
/// @param of      names it
/// @param way_on  what leads to this page from the one before
call list_call(const object_store::list_request& what, query_fields::value_type of,
               query_fields way_on) {
  auto query = std::move(way_on);
  query.push_back(std::move(of));
  query.emplace_back("prefix", what.prefix);
  query.emplace_back("encoding-type", "url");
  if (!what.below)
    query.emplace_back("delimiter", "/");
  if (what.most < 1000)
    query.emplace_back("max-keys", std::to_string(what.most));
  return {.method = "GET", .query = std::move(query), .answer_limit_bytes = list_bytes};
}

class s3_store final : public object_store, public version_store {
public:
  explicit s3_store(const settings& how) : in_(std::make_shared<bucket>(how)) {}

  version_order order() const override { return version_order::newest_first; }
  asked<version_page> list_versions(const list_request& what) override;
  asked<std::optional<object_piece>> read_version(const std::string& key,
                                                  const std::string& version, uint64_t offset,
                                                  uint64_t bytes) override {
    return read(key, offset, bytes, version);
  }

  asked<object_page> list(const list_request& what) override;
  asked<std::optional<object_about>> look(const std::string& key) override;
  asked<std::optional<object_piece>> read(const std::string& key, uint64_t offset, uint64_t bytes,
                                          const std::string& tag) override {
    return std::make_unique<ranged_read>(in_, key, offset, bytes, tag);
  }
  asked<nothing> put(const std::string& key, std::vector<std::byte> content) override;
  asked<std::string> begin_parts(const std::string& key) override;
  asked<uploaded_part> put_part(const std::string& key, const std::string& upload, unsigned number,
                                std::vector<std::byte> content) override;
  asked<nothing> end_parts(const std::string& key, const std::string& upload,
                           std::span<const uploaded_part> parts, uint64_t object_bytes) override;
  asked<nothing> drop_parts(const std::string& key, const std::string& upload) override;
  asked<upload_page> list_uploads(const list_request& what) override;
  asked<nothing> remove(std::span<const std::string> keys) override;
  asked<nothing> touch(const std::string& key) override;

private:
  const bucket_ptr in_;
};

asked<object_page> s3_store::list(const list_request& what) {
  auto list = list_call(what, {"list-type", "2"},
                        what.from.empty() ? query_fields()
                                          : query_fields{{"continuation-token", what.from}});
  return ask<object_page>(in_, std::move(list), [what](const http::response& answer, unsigned) {
    return page_of(answer.body, what);
  });
}

asked<version_page> s3_store::list_versions(const list_request& what) {
  auto list = list_call(what, {"versions", ""}, markers_of(what.from));
  return ask<version_page>(in_, std::move(list), [what](const http::response& answer, unsigned) {
    return version_page_of(answer.body, what);
  });
}

asked<std::optional<object_about>> s3_store::look(const std::string& key) {
  return look_at(in_, key);
}

asked<nothing> s3_store::put(const std::string& key, std::vector<std::byte> content) {
  return do_it(
      in_,
      {.method = "PUT", .key = key, .body = body_of(std::move(content)), .what = touches::object});
}

asked<std::string> s3_store::begin_parts(const std::string& key) {
  return ask<std::string>(in_,
                          {.method = "POST",
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
      in_,
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
  return ask<nothing>(in_, what, read, 404);
}

asked<nothing> s3_store::drop_parts(const std::string& key, const std::string& upload) {
  return do_it(in_, {.method = "DELETE", .key = key, .query = {{"uploadId", upload}}}, 404);
}

asked<upload_page> s3_store::list_uploads(const list_request& what) {
  auto list = list_call(what, {"uploads", ""}, markers_of(what.from));
  return ask<upload_page>(in_, std::move(list), [what](const http::response& answer, unsigned) {
    return upload_page_of(answer.body, what);
  });
}

asked<nothing> s3_store::remove(std::span<const std::string> keys) {
  if (keys.size() == 1)
    return remove_one(in_, keys.front());
  return ask<nothing>(
      in_, {.method = "POST", .query = {{"delete", ""}}, .body = body_of(removal_of(keys))},
      [in = in_](const http::response& answer, unsigned) -> result<nothing> {
        const auto refused = refusal_in(answer.body);
        if (!refused)
          return refused.failure();
        if (*refused)
          return with_hold_of(in, (*refused)->key, (*refused)->why);
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
  if (!in_->about.at.tags.empty())
    what.headers.push_back({"x-amz-tagging-directive", "REPLACE"});
  for (auto& one : customer_key_headers(in_->about, "x-amz-copy-source-"))
    what.headers.push_back(std::move(one));
  return ask<nothing>(in_, std::move(what),
                      [](const http::response& answer, unsigned) -> result<nothing> {
                        if (auto done = check_root(answer.body, "CopyObjectResult"); !done)
                          return done.failure();
                        return nothing{};
                      });
}

} // namespace

std::shared_ptr<object_store> make_s3_store(const settings& how) {
  auto store = std::make_shared<s3_store>(how);
  if (how.at.as_of_s)
    return make_past_store(std::move(store), *how.at.as_of_s);
  return store;
}

} // namespace pgbraid::s3
