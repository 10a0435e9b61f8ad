// What stores can, in the requests of Google's JSON interface.
// SPDX-License-Identifier: MIT
#include "storage/driver/gcs/gcs_store.hpp"

#include "engine/base/clock.hpp"
#include "engine/codec/message_digest.hpp"
#include "storage/driver/gcs/gcs_answer.hpp"
#include "storage/driver/gcs/gcs_token.hpp"
#include "storage/driver/gcs/gcs_upload.hpp"
#include "storage/driver/object/past_store.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/multipart.hpp"
#include "storage/driver/rest/ranged_read.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <mutex>

namespace pgbraid::gcs {

namespace {

using namespace object;
using namespace rest;

constexpr size_t batch_most = 100;
constexpr uint64_t list_bytes = uint64_t{16} << 20;

/// What the requests of a bucket share.
class bucket final : public protocol {
public:
  explicit bucket(const settings& how)
      : protocol(how.at), about(how), objects_("/storage/v1/b/" + uri_encoded(how.bucket) + "/o"),
        keys_(
            how.token, how.from.kind == key_type::token
                           ? lent_keys<secret>::ask()
                           : [from = how.from] { return borrow(from); }) {}

  const settings about;

  /// The path of an object; of all of them without a key.
  std::string path_of(std::string_view key) const {
    return key.empty() ? objects_ : objects_ + "/" + uri_encoded(key);
  }
  std::string upload_path() const { return "/upload" + objects_; }

  result<signed_request> sign(const call& what) override;
  bool can_mend(const http::response& answer, uint64_t loan) override {
    return answer.status == 401 && keys_.refused(loan);
  }
  error failure(const call& what, const http::response& answer) const override {
    if (!what.key.empty() && tells_of_hold(answer))
      return held_failure(what.key, told_by(answer));
    auto why =
        http::failure_of({.method = what.method, .url = url_of(what)}, answer, told_by(answer));
    why.hint = hint_for(answer.status);
    return why;
  }
  call read_call(const std::string& key, uint64_t first, uint64_t last,
                 const std::string& tag) const override;
  std::string tag_of(const http::response& answer) const override {
    return std::string(answer.find("x-goog-generation"));
  }
  std::string digest_of(const http::response& answer) const override {
    constexpr std::string_view name = "md5=";
    for (const auto& header : answer.headers) // one with both digests, or one for each
      if (const auto at = header.value.find(name);
          header.name == "x-goog-hash" && at != header.value.npos)
        return header.value.substr(at + name.size(), header.value.find(',', at) - at - name.size());
    return {};
  }
  bool is_missing(const http::response& answer) const override {
    return answer.status == 404 &&
           told_by(answer).find("bucket does not exist") == std::string::npos;
  }

private:
  std::string url_of(const call& what) const;

  const std::string objects_;
  lent_keys<secret> keys_;
};
using bucket_ptr = std::shared_ptr<bucket>;

std::string bucket::url_of(const call& what) const {
  auto query = what.query;
  if (!about.user_project.empty())
    query.emplace_back("userProject", about.user_project);
  const auto text = query_text(std::move(query));
  return about.at.origin() + (what.path.empty() ? path_of(what.key) : what.path) +
         (text.empty() ? "" : "?" + text);
}

/// A token of the options may be the whole value of the header.
result<protocol::signed_request> bucket::sign(const call& what) {
  const auto with = keys_.current();
  if (!with)
    return with.failure();
  const auto token = with->keys.view();
  http::request out{.method = what.method,
                    .url = url_of(what),
                    .headers = what.headers,
                    .body = what.body,
                    .answer_limit_bytes = what.answer_limit_bytes};
  out.headers.push_back(
      {"authorization",
       (token.find(' ') == std::string_view::npos ? "Bearer " : "") + std::string(token)});
  return signed_request{std::move(out), with->number};
}

call bucket::read_call(const std::string& key, uint64_t first, uint64_t last,
                       const std::string& tag) const {
  call what{.method = "GET",
            .key = key,
            .query = {{"alt", "media"}},
            .headers = {{"range", fmt::format("bytes={}-{}", first, last)}},
            .what = touches::content};
  if (!tag.empty())
    what.query.emplace_back(about.at.as_of_s ? "generation" : "ifGenerationMatch", tag);
  return what;
}

/// Of an object that will be made.
std::string metadata_of(const settings& how, std::string_view md5) {
  nlohmann::json out = {{"contentType", "application/octet-stream"}};
  if (!md5.empty())
    out["md5Hash"] = md5;
  for (const auto& [name, value] : how.at.tags)
    out["metadata"][name] = value;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class upload_step final : public pending<uploaded_part> {
public:
  upload_step(std::shared_ptr<gcs_upload> of, unsigned number, result<void> added)
      : of_(std::move(of)), number_(number), added_(std::move(added)) {}
  bool has_come() const override { return !added_ || of_->has_come(number_); }
  result<uploaded_part> wait() override {
    auto settled = added_ ? of_->settle(number_) : added_;
    if (!settled)
      return settled.failure();
    return uploaded_part{number_, {}};
  }

private:
  const std::shared_ptr<gcs_upload> of_;
  const unsigned number_;
  const result<void> added_;
};

class upload_end final : public pending<nothing> {
public:
  explicit upload_end(std::shared_ptr<gcs_upload> of) : of_(std::move(of)) {}
  bool has_come() const override { return of_->has_ended(); }
  result<nothing> wait() override {
    if (auto ended = of_->end(); !ended)
      return ended.failure();
    return nothing{};
  }

private:
  const std::shared_ptr<gcs_upload> of_;
};

/// Whatever a batch does not tell the removal of is removed by itself, which tells why it is not.
asked<nothing> remove_batch(const bucket_ptr& in, std::vector<std::string> keys) {
  std::vector<std::string> lines;
  for (const auto& key : keys)
    lines.push_back("DELETE " + in->path_of(key) +
                    (in->about.user_project.empty()
                         ? ""
                         : "?" + query_text({{"userProject", in->about.user_project}})) +
                    " HTTP/1.1\r\n\r\n");
  std::vector<body_part> parts;
  for (size_t i = 0; i < lines.size(); ++i)
    parts.push_back(
        {.headers = {{"Content-Type", "application/http"}, {"Content-ID", std::to_string(i)}},
         .content = as_bytes(lines[i])});
  const auto boundary = boundary_for(parts);
  call what{.method = "POST",
            .headers = {{"content-type", "multipart/mixed; boundary=" + boundary}},
            .body = body_of(multipart_body(boundary, parts)),
            .path = "/batch/storage/v1"};
  return ask<nothing>(
      in, std::move(what),
      [in, keys = std::move(keys)](const http::response& answer, unsigned) -> result<nothing> {
        const auto statuses = batch_statuses(answer, keys.size());
        all_of others;
        for (size_t i = 0; i < keys.size(); ++i)
          if (!is_success(statuses[i]) && statuses[i] != 404)
            others.add(remove_one(in, keys[i]));
        return others.wait();
      });
}

/// The first page, or the one behind it.
call list_call(const object_store::list_request& what, const char* fields) {
  call list{.method = "GET",
            .query = {{"prefix", what.prefix}, {"fields", fields}},
            .answer_limit_bytes = list_bytes};
  if (!what.below)
    list.query.emplace_back("delimiter", "/");
  if (!what.from.empty())
    list.query.emplace_back("pageToken", what.from);
  if (what.most < 1000)
    list.query.emplace_back("maxResults", std::to_string(what.most));
  return list;
}

class gcs_store final : public object_store, public version_store {
public:
  explicit gcs_store(const settings& how) : in_(std::make_shared<bucket>(how)) {}

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
  asked<nothing> drop_parts(const std::string& key, const std::string& upload) override;
  asked<nothing> remove(std::span<const std::string> keys) override;
  asked<nothing> touch(const std::string& key) override;

private:
  std::shared_ptr<gcs_upload> taken(const std::string& upload);

  const bucket_ptr in_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<gcs_upload>> uploads_; ///< under way, by their ids
};

asked<object_page> gcs_store::list(const list_request& what) {
  return ask<object_page>(
      in_, list_call(what, "kind,nextPageToken,prefixes,items(name,size,updated)"),
      [what](const http::response& answer, unsigned) { return page_of(answer.body, what); });
}

asked<version_page> gcs_store::list_versions(const list_request& what) {
  auto list = list_call(
      what, "kind,nextPageToken,prefixes,items(name,size,generation,timeCreated,timeDeleted)");
  list.query.emplace_back("versions", "true");
  return ask<version_page>(in_, std::move(list), [what](const http::response& answer, unsigned) {
    return version_page_of(answer.body, what);
  });
}

asked<std::optional<object_about>> gcs_store::look(const std::string& key) {
  using about = std::optional<object_about>;
  const call what{.method = "GET", .key = key, .query = {{"fields", "size,updated"}}};
  const auto read = [in = in_, what](const http::response& answer, unsigned) -> result<about> {
    if (in->is_missing(answer))
      return about();
    if (answer.status == 404)
      return in->failure(what, answer);
    const auto known = description_of(answer.body);
    if (!known)
      return known.failure();
    return about({known->size_bytes, known->mtime_s});
  };
  return ask<about>(in_, what, read, 404);
}

asked<nothing> gcs_store::put(const std::string& key, std::vector<std::byte> content) {
  const auto md5 = codec::to_base64(codec::md5_of(content));
  const auto size = content.size();
  const auto metadata = metadata_of(in_->about, md5);
  const std::vector<body_part> parts = {
      {.headers = {{"Content-Type", "application/json; charset=UTF-8"}},
       .content = as_bytes(metadata)},
      {.headers = {{"Content-Type", "application/octet-stream"}}, .content = content}};
  const auto boundary = boundary_for(parts);
  call what{
      .method = "POST",
      .query = {{"uploadType", "multipart"}, {"name", key}, {"fields", "size,updated,md5Hash"}},
      .headers = {{"content-type", "multipart/related; boundary=" + boundary}},
      .body = body_of(multipart_body(boundary, parts)),
      .what = touches::object,
      .path = in_->upload_path()};
  return ask<nothing>(in_, std::move(what),
                      [md5, size](const http::response& answer, unsigned) -> result<nothing> {
                        const auto made = description_of(answer.body);
                        if (!made)
                          return made.failure();
                        if (made->size_bytes != size || (!made->md5.empty() && made->md5 != md5))
                          return error{errc::file_write, "the store holds something else than what "
                                                         "was sent"};
                        return nothing{};
                      });
}

asked<std::string> gcs_store::begin_parts(const std::string& key) {
  call what{.method = "POST",
            .query = {{"uploadType", "resumable"}, {"name", key}},
            .headers = {{"content-type", "application/json; charset=UTF-8"}},
            .body = body_of(metadata_of(in_->about, {})),
            .what = touches::object,
            .path = in_->upload_path()};
  return ask<std::string>(
      in_, std::move(what),
      [this, in = in_, key](const http::response& answer, unsigned) -> result<std::string> {
        // The place that it names may be anywhere: only the name of the upload is taken.
        const std::string id(answer.find("x-guploader-uploadid"));
        if (id.empty())
          return error{errc::protocol, "the store does not tell the id of an upload"};
        const std::lock_guard held(mutex_);
        uploads_[id] = std::make_shared<gcs_upload>(in, in->upload_path(), key, id);
        return id;
      });
}

/// No longer known then.
std::shared_ptr<gcs_upload> gcs_store::taken(const std::string& upload) {
  const std::lock_guard held(mutex_);
  const auto at = uploads_.extract(upload);
  return at ? at.mapped() : nullptr;
}

asked<uploaded_part> gcs_store::put_part(const std::string&, const std::string& upload,
                                         unsigned number, std::vector<std::byte> content) {
  std::shared_ptr<gcs_upload> of;
  {
    const std::lock_guard held(mutex_);
    of = uploads_.at(upload);
  }
  auto added = of->add(number, std::move(content));
  return std::make_unique<upload_step>(std::move(of), number, std::move(added));
}

asked<nothing> gcs_store::end_parts(const std::string&, const std::string& upload,
                                    std::span<const uploaded_part>, uint64_t object_bytes) {
  auto of = taken(upload);
  of->begin_end(object_bytes);
  return std::make_unique<upload_end>(std::move(of));
}

/// Nothing of an upload is seen or paid for, and the store forgets it after a week.
asked<nothing> gcs_store::drop_parts(const std::string&, const std::string& upload) {
  taken(upload);
  return std::make_unique<known_answer<nothing>>(nothing{});
}

asked<nothing> gcs_store::remove(std::span<const std::string> keys) {
  if (keys.size() == 1)
    return remove_one(in_, keys.front());
  auto out = std::make_unique<all_of>();
  for (size_t begin = 0; begin < keys.size(); begin += batch_most) {
    const auto some = keys.subspan(begin, std::min(batch_most, keys.size() - begin));
    out->add(remove_batch(in_, {some.begin(), some.end()}));
  }
  return out;
}

/// A change of its description.
asked<nothing> gcs_store::touch(const std::string& key) {
  const auto text = nlohmann::json{{"metadata", {{"touched", std::to_string(wall_s())}}}}.dump();
  return do_it(in_, {.method = "PATCH",
                     .key = key,
                     .headers = {{"content-type", "application/json; charset=UTF-8"}},
                     .body = body_of(text),
                     .what = touches::object});
}

} // namespace

std::shared_ptr<object_store> make_gcs_store(const settings& how) {
  auto store = std::make_shared<gcs_store>(how);
  if (how.at.as_of_s)
    return make_past_store(std::move(store), *how.at.as_of_s);
  return store;
}

} // namespace pgbraid::gcs
