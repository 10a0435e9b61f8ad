// Reading and writing the bodies of the protocol.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_answer.hpp"

#include "engine/base/printable.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/web_text.hpp"
#include "storage/driver/rest/xml_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::s3 {

using namespace rest;

namespace {

constexpr std::string_view xml_start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A list, which tells whether it is all.
result<element> list_in(byte_view body, std::string_view name) {
  auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != name)
    return not_understood(fmt::format("no {}", name));
  if (root->child("IsTruncated") == nullptr)
    return not_understood(fmt::format("{} without IsTruncated", name));
  return root;
}

/// Keys and prefixes in a list, which must be those that were asked for.
class key_reader {
public:
  key_reader(const element& list, std::string_view prefix)
      : encoded_(list.text_of("EncodingType") == "url"), prefix_(prefix) {}

  std::string name_of(std::string_view text) const {
    return encoded_ ? uri_decoded(text) : std::string(text);
  }
  result<std::string> operator()(const element& one, std::string_view field) const {
    auto key = name_of(one.text_of(field));
    if (key.empty())
      return not_understood(fmt::format("a list with a {} without {}", one.name, field));
    if (auto fine = check_listed_key(key, prefix_); !fine)
      return fine.failure();
    return key;
  }

private:
  const bool encoded_;
  const std::string_view prefix_;
};

/// The markers of what follows, as they are sent; empty: that was all.
/// @param name     of the second marker, beside that of the key
/// @param element  that holds it
result<std::string> next_of(const element& list, const key_reader& key_in, std::string_view name,
                            std::string_view element) {
  if (list.text_of("IsTruncated") != "true")
    return std::string();
  auto key = key_in.name_of(list.text_of("NextKeyMarker"));
  if (key.empty())
    return not_understood("a part of a list, and nothing to go on with");
  return query_text(
      {{"key-marker", std::move(key)}, {std::string(name), std::string(list.text_of(element))}});
}

/// What else there is in lists is passed over.
result<void> add_prefix(std::vector<std::string>& to, const element& one,
                        const key_reader& key_in) {
  if (one.name != "CommonPrefixes")
    return success();
  auto prefix = key_in(one, "Prefix");
  if (!prefix)
    return prefix.failure();
  if (!prefix->ends_with('/'))
    return not_understood("a prefix without '/' at its end");
  to.push_back(std::move(*prefix));
  return success();
}

} // namespace

std::string error_name_of(const http::response& answer) {
  if (answer.body.empty())
    return {};
  const auto root = parse_xml(answer.body);
  return root && root->name == "Error" ? std::string(root->text_of("Code")) : std::string();
}

std::string told_by(const http::response& answer) {
  const auto root = answer.body.empty() ? result<element>(error{}) : parse_xml(answer.body);
  if (!root)
    return std::string(as_text(answer.body));
  return root->name == "Error"
             ? fmt::format("{}: {}", root->text_of("Code"), root->text_of("Message"))
             : std::string();
}

result<void> check_root(byte_view body, std::string_view wanted) {
  const auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != wanted)
    return not_understood(fmt::format("no {}", wanted));
  return success();
}

std::string hint_for(int status, std::string_view name) {
  if (name == "NoSuchBucket")
    return "Is repo-s3-bucket right, and does the bucket exist?";
  if (name == "InvalidAccessKeyId")
    return "Is repo-s3-key right?";
  if (name == "SignatureDoesNotMatch")
    return "Is repo-s3-key-secret right?";
  if (name == "ExpiredToken" || name == "InvalidToken" || name == "TokenRefreshRequired")
    return "Is repo-s3-token still valid?";
  if (name == "AuthorizationHeaderMalformed" || name == "PermanentRedirect" ||
      (status >= 300 && status <= 399))
    return "Are repo-s3-region and repo-s3-endpoint those of the bucket?";
  if (name == "RequestTimeTooSkewed")
    return "Is the clock of this host right?";
  if (name == "AccessDenied" || status == 403)
    return "Are repo-s3-key and repo-s3-key-secret right, and may the key list, read, write and "
           "remove objects below repo-path in this bucket, and tag them where repo-storage-tag is "
           "used?";
  return {};
}

bool tells_of_hold(std::string_view error_name, std::string_view told) {
  if (error_name.starts_with("ObjectLocked") || error_name == "ObjectUnderRetention")
    return true;
  return (error_name == "AccessDenied" || error_name == "InvalidRequest") &&
         (told.find("object lock") != std::string_view::npos ||
          told.find("WORM") != std::string_view::npos);
}

result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked) {
  auto root = list_in(body, "ListBucketResult");
  if (!root)
    return root.failure();
  const key_reader key_in(*root, asked.prefix);
  object::object_page out;
  for (const auto& one : root->children) {
    if (one.name == "Contents") {
      const auto size = number_of<uint64_t>(one.text_of("Size"));
      const auto time = seconds_of_iso(one.text_of("LastModified"));
      auto key = key_in(one, "Key");
      if (!key)
        return key.failure();
      if (!size || !time)
        return not_understood("an object without size or time");
      out.objects.push_back({std::move(*key), *size, *time});
    } else if (auto added = add_prefix(out.prefixes, one, key_in); !added) {
      return added.failure();
    }
  }
  if (root->text_of("IsTruncated") == "true") {
    out.next = root->text_of("NextContinuationToken");
    if (out.next.empty())
      return not_understood("a part of a list, and nothing to go on with");
  }
  return out;
}

result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked) {
  auto root = list_in(body, "ListVersionsResult");
  if (!root)
    return root.failure();
  const key_reader key_in(*root, asked.prefix);
  object::version_page out;
  for (const auto& one : root->children) {
    const bool removed = one.name == "DeleteMarker";
    if (removed || one.name == "Version") {
      const auto size = removed ? 0 : number_of<uint64_t>(one.text_of("Size"));
      const auto time = seconds_of_iso(one.text_of("LastModified"));
      auto key = key_in(one, "Key");
      if (!key)
        return key.failure();
      std::string version(one.text_of("VersionId"));
      if (!size || !time || version.empty())
        return not_understood("a version without name, size or time");
      out.versions.push_back({.key = std::move(*key),
                              .version = std::move(version),
                              .size_bytes = *size,
                              .from_s = *time,
                              .removed = removed});
    } else if (auto added = add_prefix(out.prefixes, one, key_in); !added) {
      return added.failure();
    }
  }
  auto next = next_of(*root, key_in, "version-id-marker", "NextVersionIdMarker");
  if (!next)
    return next.failure();
  out.next = std::move(*next);
  return out;
}

result<object::upload_page> upload_page_of(byte_view body,
                                           const object::object_store::list_request& asked) {
  auto root = list_in(body, "ListMultipartUploadsResult");
  if (!root)
    return root.failure();
  const key_reader key_in(*root, asked.prefix);
  object::upload_page out;
  for (const auto& one : root->children) {
    if (one.name != "Upload")
      continue;
    const auto time = seconds_of_iso(one.text_of("Initiated"));
    auto key = key_in(one, "Key");
    if (!key)
      return key.failure();
    std::string upload(one.text_of("UploadId"));
    if (!time || upload.empty())
      return not_understood("an upload without name or time");
    out.uploads.push_back({std::move(*key), std::move(upload), *time});
  }
  auto next = next_of(*root, key_in, "upload-id-marker", "NextUploadIdMarker");
  if (!next)
    return next.failure();
  out.next = std::move(*next);
  return out;
}

query_fields markers_of(std::string_view next) {
  query_fields out;
  while (!next.empty()) {
    const auto end = next.find('&');
    const auto field = next.substr(0, end);
    const auto middle = std::min(field.find('='), field.size());
    if (middle + 1 < field.size())
      out.emplace_back(field.substr(0, middle), uri_decoded(field.substr(middle + 1)));
    next = end == std::string_view::npos ? std::string_view() : next.substr(end + 1);
  }
  return out;
}

result<std::string> text_in(byte_view body, std::string_view root, std::string_view wanted) {
  auto tree = parse_xml(body);
  if (!tree)
    return tree.failure();
  const auto text = tree->text_of(wanted);
  if (tree->name != root || text.empty())
    return not_understood(fmt::format("no {} in {}", wanted, root));
  return std::string(text);
}

std::string removal_of(std::span<const std::string> keys) {
  std::string out(xml_start);
  out += "<Delete><Quiet>true</Quiet>";
  for (const auto& key : keys)
    out += "<Object><Key>" + xml_escaped(key) + "</Key></Object>";
  return out + "</Delete>";
}

result<std::optional<refusal>> refusal_in(byte_view body) {
  const auto root = parse_xml(body);
  if (!root)
    return root.failure();
  if (root->name != "DeleteResult")
    return not_understood("no DeleteResult");
  std::optional<refusal> held;
  for (const auto& one : root->children) {
    const auto name = one.text_of("Code");
    if (one.name != "Error" || name == "NoSuchKey")
      continue;
    const std::string key(one.text_of("Key"));
    const auto told = fmt::format("{}: {}", name, one.text_of("Message"));
    if (!tells_of_hold(name, told))
      return std::optional(refusal{key,
                                   {errc::protocol,
                                    fmt::format("the store does not remove '{}': {}",
                                                printable_line(key), printable_line(told)),
                                    hint_for(200, name)}});
    if (!held)
      held = {key, held_failure(key, told)};
  }
  return held;
}

std::string part_list_of(std::span<const object::uploaded_part> parts) {
  std::string out(xml_start);
  out += "<CompleteMultipartUpload>";
  for (const auto& one : parts)
    out += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", one.number,
                       xml_escaped(one.tag));
  return out + "</CompleteMultipartUpload>";
}

} // namespace pgbraid::s3
