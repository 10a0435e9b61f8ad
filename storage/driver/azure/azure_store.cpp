// What stores can, in the requests of the blob service.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_store.hpp"

#include "engine/base/clock.hpp"
#include "storage/driver/azure/azure_answer.hpp"
#include "storage/driver/azure/azure_request.hpp"
#include "storage/driver/azure/azure_token.hpp"
#include "storage/driver/object/past_store.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/multipart.hpp"
#include "storage/driver/rest/ranged_read.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>

namespace pgbraid::azure {

namespace {

using namespace object;
using namespace rest;

/// What the requests of a container share.
class container final : public protocol {
public:
  explicit container(const settings& how)
      : protocol(how.at), about(how),
        tokens_({}, how.kind == key_type::instance ? [how] { return borrow_token(how); }
                                                   : token_source::ask()) {}

  const settings about;

  result<signed_request> sign(const call& what) override {
    auto with = tokens_.current();
    if (!with)
      return with.failure();
    return signed_request{request_for(what, about, with->keys, wall_s()), with->number};
  }
  /// A request to remove many. Without a token it has nothing in it, and is not sent either.
  call removal(std::span<const std::string> keys) {
    auto with = tokens_.current();
    return removal_of(with ? keys : keys.first(0), about, with ? with->keys : secret(), wall_s());
  }
  bool can_mend(const http::response& answer, uint64_t loan) override {
    return answer.status == 401 && tokens_.refused(loan);
  }
  error failure(const call& what, const http::response& answer) const override {
    if (!what.key.empty() && tells_of_hold(error_name_of(answer)))
      return held_failure(what.key, told_by(answer));
    auto why = http::failure_of({.method = what.method, .url = url_of(what, about)}, answer,
                                told_by(answer));
    why.hint = hint_for(answer, about.kind, wall_s());
    return why;
  }
  call read_call(const std::string& key, uint64_t first, uint64_t last,
                 const std::string& tag) const override {
    if (!about.at.as_of_s)
      return protocol::read_call(key, first, last, tag);
    if (tag.starts_with(etag_mark))
      return protocol::read_call(key, first, last, tag.substr(etag_mark.size()));
    auto what = protocol::read_call(key, first, last, {});
    what.query.emplace_back("versionid", tag);
    return what;
  }
  std::string tag_of(const http::response& answer) const override {
    if (!about.at.as_of_s)
      return protocol::tag_of(answer);
    const auto version = answer.find("x-ms-version-id");
    return version.empty() ? std::string(etag_mark) + protocol::tag_of(answer)
                           : std::string(version);
  }
  std::string digest_of(const http::response& answer) const override {
    return std::string(answer.find("x-ms-blob-content-md5"));
  }
  bool is_missing(const http::response& answer) const override {
    if (answer.status != 404) // content is not searched for the name of an error
      return false;
    const auto name = error_name_of(answer);
    return name.empty() || name == "BlobNotFound";
  }

private:
  token_source tokens_;
};
using container_ptr = std::shared_ptr<container>;

/// Many in one request. What its answer does not confirm is removed by requests of its own, which
/// tell what is wrong.
class batch_removal final : public pending<nothing> {
public:
  batch_removal(container_ptr in, std::span<const std::string> keys)
      : in_(std::move(in)), keys_(keys.begin(), keys.end()),
        request_(in_, [this] { return in_->removal(keys_); }) {}
  bool has_come() const override { return request_.has_come(); }
  result<nothing> wait() override;

private:
  const container_ptr in_;
  const std::vector<std::string> keys_;
  mended_request request_; ///< last: it asks the others when it is made
};

result<nothing> batch_removal::wait() {
  const auto answer = request_.wait();
  if (!answer)
    return answer.failure();
  std::vector<int> statuses(keys_.size(), 0);
  if (is_success(answer->status))
    statuses = batch_statuses(*answer, keys_.size());
  all_of left;
  bool any = false;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (is_success(statuses[i]) || statuses[i] == 404)
      continue;
    auto one = remove_one(in_, keys_[i]);
    if (any) {
      left.add(std::move(one));
    } else if (auto gone = one->wait(); !gone) {
      if (!gone.failure().held) // so will the others, most likely
        return gone;
      left.add(std::make_unique<known_answer<nothing>>(std::move(gone)));
    }
    any = true;
  }
  return left.wait();
}

class azure_store final : public object_store, public version_store {
public:
  explicit azure_store(const settings& how) : in_(std::make_shared<container>(how)) {}

  version_order order() const override { return version_order::oldest_first; }
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
  /// Nobody is asked: the service removes blocks that became no part of a blob after a week, and
  /// removing them before would remove the blob.
  asked<nothing> drop_parts(const std::string&, const std::string&) override {
    return std::make_unique<known_answer<nothing>>(nothing{});
  }
  asked<nothing> remove(std::span<const std::string> keys) override;
  asked<nothing> touch(const std::string& key) override;

private:
  const container_ptr in_;
};

call list_call(const object_store::list_request& what) {
  call list{.method = "GET",
            .query = {{"comp", "list"},
                      {"maxresults", std::to_string(what.most)},
                      {"prefix", what.prefix},
                      {"restype", "container"}},
            .answer_limit_bytes = uint64_t{16} << 20};
  if (!what.below)
    list.query.emplace_back("delimiter", "/");
  if (!what.from.empty())
    list.query.emplace_back("marker", what.from);
  return list;
}

asked<object_page> azure_store::list(const list_request& what) {
  return ask<object_page>(in_, list_call(what), [what](const http::response& answer, unsigned) {
    return page_of(answer.body, what);
  });
}

asked<version_page> azure_store::list_versions(const list_request& what) {
  auto list = list_call(what);
  list.query.emplace_back("include", "versions");
  return ask<version_page>(in_, std::move(list), [what](const http::response& answer, unsigned) {
    return version_page_of(answer.body, what);
  });
}

asked<std::optional<object_about>> azure_store::look(const std::string& key) {
  using about = std::optional<object_about>;
  const call what{.method = "HEAD", .key = key, .what = touches::content};
  const auto read = [in = in_, what](const http::response& answer, unsigned) -> result<about> {
    if (in->is_missing(answer))
      return about();
    if (!is_success(answer.status))
      return in->failure(what, answer);
    auto known = about_of(answer);
    if (!known)
      return known.failure();
    return about(*known);
  };
  return ask<about>(in_, what, read, 404);
}

asked<nothing> azure_store::put(const std::string& key, std::vector<std::byte> content) {
  return do_it(in_, {.method = "PUT",
                     .key = key,
                     .headers = {{"x-ms-blob-type", "BlockBlob"}},
                     .body = body_of(std::move(content)),
                     .what = touches::object});
}

/// What the ids of its blocks begin with: those of two that write the same object do not mix.
asked<std::string> azure_store::begin_parts(const std::string&) {
  std::array<std::byte, 8> noise = {};
  if (::getrandom(noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size()))
    return std::make_unique<known_answer<std::string>>(
        system_error(errc::crypto, "no random bytes for the blocks of an object", errno));
  return std::make_unique<known_answer<std::string>>(to_hex(noise));
}

asked<uploaded_part> azure_store::put_part(const std::string& key, const std::string& upload,
                                           unsigned number, std::vector<std::byte> content) {
  // All ids of a blob are as long; the service wants base64, which this is.
  const auto id = fmt::format("{}x{:07x}", upload, number);
  return ask<uploaded_part>(in_,
                            {.method = "PUT",
                             .key = key,
                             .query = {{"blockid", id}, {"comp", "block"}},
                             .body = body_of(std::move(content)),
                             .what = touches::content},
                            [number, id](const http::response&, unsigned) {
                              return result<uploaded_part>(uploaded_part{number, id});
                            });
}

asked<nothing> azure_store::end_parts(const std::string& key, const std::string&,
                                      std::span<const uploaded_part> parts, uint64_t) {
  return do_it(in_, {.method = "PUT",
                     .key = key,
                     .query = {{"comp", "blocklist"}},
                     .body = body_of(block_list_of(parts)),
                     .what = touches::object});
}

asked<nothing> azure_store::remove(std::span<const std::string> keys) {
  if (keys.size() == 1)
    return remove_one(in_, keys.front());
  auto all = std::make_unique<all_of>();
  for (; !keys.empty(); keys = keys.subspan(std::min(batch_most, keys.size())))
    all->add(std::make_unique<batch_removal>(in_, keys.first(std::min(batch_most, keys.size()))));
  return all;
}

/// New metadata, of which there are none.
asked<nothing> azure_store::touch(const std::string& key) {
  return do_it(in_, {.method = "PUT",
                     .key = key,
                     .query = {{"comp", "metadata"}},
                     .body = body_of(std::string_view())});
}

} // namespace

std::shared_ptr<object_store> make_azure_store(const settings& how) {
  auto store = std::make_shared<azure_store>(how);
  if (how.at.as_of_s)
    return make_past_store(std::move(store), *how.at.as_of_s);
  return store;
}

} // namespace pgbraid::azure
