// Reading and writing the bodies of the protocol.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_answer.hpp"

#include "engine/http/http_time.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/web_text.hpp"
#include "storage/driver/rest/xml_text.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace pgbraid::azure {

using namespace rest;

namespace {

/// Names that XML cannot hold are marked, and percent-encoded.
std::string name_of(const element& one) {
  const auto* name = one.child("Name");
  if (name == nullptr)
    return {};
  if (name->attribute("Encoded") != "true")
    return name->text;
  std::string out;
  for (const char c : name->text)
    out += c == '+' ? std::string("%2B") : std::string(1, c); // it is no blank here
  return uri_decoded(out);
}

/// Empty when it has none. An `ETag` has no quotes here, other than in headers.
std::string version_of(const element& blob) {
  const auto id = blob.text_of("VersionId");
  const auto tag = blob.child("Properties")->text_of("Etag");
  if (!id.empty() || tag.empty())
    return std::string(id);
  return fmt::format("{}\"{}\"", etag_mark, tag);
}

/// Empty for a directory, which is no object.
result<std::optional<object::listed_object>> object_of(const element& one,
                                                       std::string_view prefix) {
  using listed = std::optional<object::listed_object>;
  const auto* about = one.child("Properties");
  if (about == nullptr)
    return not_understood("a blob without properties");
  if (about->text_of("ResourceType") == "directory")
    return listed();
  const auto size = number_of<uint64_t>(about->text_of("Content-Length"));
  const auto time = http::seconds_of(std::string(about->text_of("Last-Modified")));
  auto key = name_of(one);
  if (!size || !time || key.empty())
    return not_understood("a blob without name, size or time");
  if (auto fine = check_listed_key(key, prefix); !fine)
    return fine.failure();
  return listed({std::move(key), *size, *time});
}

result<std::string> prefix_of(const element& one, std::string_view asked) {
  auto prefix = name_of(one);
  if (auto fine = check_listed_key(prefix, asked); !fine)
    return fine.failure();
  if (!prefix.ends_with('/'))
    return not_understood("a prefix without '/' at its end");
  return prefix;
}

/// @param add  puts a blob into a page
template <class Page, class Add>
result<Page> list_of(byte_view body, const object::object_store::list_request& asked, Add add) {
  auto root = parse_xml(body);
  if (!root)
    return root.failure();
  const auto* blobs = root->child("Blobs");
  const auto* next = root->child("NextMarker");
  if (root->name != "EnumerationResults" || blobs == nullptr || next == nullptr)
    return not_understood("no EnumerationResults with Blobs and NextMarker");
  Page out;
  for (const auto& one : blobs->children) {
    if (one.name == "Blob") {
      if (auto added = add(one, out); !added)
        return added.failure();
    } else if (one.name == "BlobPrefix") {
      auto prefix = prefix_of(one, asked.prefix);
      if (!prefix)
        return prefix.failure();
      out.prefixes.push_back(std::move(*prefix));
    }
  }
  out.next = next->text;
  return out;
}

/// Requests that are this much older or younger than the service's clock says are refused.
constexpr int64_t clock_differs_s = 15 * 60;

bool is_clock_wrong(const http::response& answer, int64_t now_s) {
  const auto theirs = http::seconds_of(std::string(answer.find("date")));
  return theirs && std::abs(*theirs - now_s) >= clock_differs_s;
}

std::string hint_for_key(key_type kind) {
  switch (kind) {
  case key_type::shared:
    return "Are repo-azure-account and repo-azure-key right, and repo-azure-uri-style and "
           "repo-azure-endpoint those of the account?";
  case key_type::sas:
    return "Is repo-azure-key right, made for this account and container, and still valid?";
  case key_type::instance:
    return "Does the service take the token of this virtual machine? Other ways are chosen with "
           "repo-azure-key-type.";
  }
  return {};
}

} // namespace

std::string error_name_of(const http::response& answer) {
  if (const auto name = answer.find("x-ms-error-code"); !name.empty())
    return std::string(name);
  if (answer.body.empty())
    return {};
  const auto root = parse_xml(answer.body);
  return root && root->name == "Error" ? std::string(root->text_of("Code")) : std::string();
}

std::string told_by(const http::response& answer) {
  if (answer.body.empty())
    return error_name_of(answer);
  const auto root = parse_xml(answer.body);
  if (!root)
    return std::string(as_text(answer.body));
  if (root->name != "Error")
    return error_name_of(answer);
  auto message = root->text_of("Message");
  message = message.substr(0, message.find_first_of("\r\n"));
  return fmt::format("{}: {}", error_name_of(answer), message);
}

std::string hint_for(const http::response& answer, key_type kind, int64_t now_s) {
  const auto name = error_name_of(answer);
  if (name == "ContainerNotFound")
    return "Is repo-azure-container right, and does the container exist?";
  if (name == "InvalidResourceName" || name == "InvalidUri" || name == "OutOfRangeInput")
    return "Are repo-azure-container and repo-path names that the service allows?";
  if (name == "AccountIsDisabled")
    return "The account that repo-azure-account names is disabled.";
  if (name == "KeyBasedAuthenticationNotPermitted")
    return "The account takes no keys: repo-azure-key-type=auto uses the identity of a virtual "
           "machine.";
  if (name.starts_with("BlobTagsNotSupported") || name.starts_with("FeatureNotYetSupported"))
    return "Does the account know tags? Without repo-storage-tag none are sent.";
  if (answer.status >= 300 && answer.status <= 399)
    return "Are repo-azure-endpoint and repo-azure-uri-style those of the account?";
  if (name == "AuthenticationFailed" && is_clock_wrong(answer, now_s))
    return "Is the clock of this host right? That of the service differs.";
  if (name == "AuthenticationFailed" || name == "InvalidAuthenticationInfo" ||
      name == "NoAuthenticationInformation" || answer.status == 401)
    return hint_for_key(kind);
  if (answer.status == 403) // AuthorizationFailure, AuthorizationPermissionMismatch, ...
    return "May whoever repo-azure-key-type and repo-azure-key stand for list, read, write and "
           "remove blobs in this container, and tag them where repo-storage-tag is used? Does the "
           "account's firewall let this host in?";
  return {};
}

result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked) {
  return list_of<object::object_page>(body, asked, [&](const element& one, auto& out) {
    auto found = object_of(one, asked.prefix);
    if (!found)
      return result<void>(found.failure());
    if (*found)
      out.objects.push_back(std::move(**found));
    return success();
  });
}

result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked) {
  return list_of<object::version_page>(body, asked, [&](const element& one, auto& out) {
    auto found = object_of(one, asked.prefix);
    if (!found)
      return result<void>(found.failure());
    if (!*found)
      return success();
    auto version = version_of(one);
    if (version.empty())
      return result<void>(not_understood("a version without id"));
    out.versions.push_back({.key = std::move((*found)->key),
                            .version = std::move(version),
                            .size_bytes = (*found)->size_bytes,
                            .from_s = (*found)->mtime_s});
    return success();
  });
}

std::string block_list_of(std::span<const object::uploaded_part> parts) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BlockList>";
  // The latest of an id, whether it is part of the blob already or not: the same may be sent again
  // after an answer was lost.
  for (const auto& one : parts)
    out += "<Latest>" + xml_escaped(one.tag) + "</Latest>";
  return out + "</BlockList>";
}

} // namespace pgbraid::azure
