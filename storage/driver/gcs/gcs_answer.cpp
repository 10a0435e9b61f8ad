// Reading the bodies of the protocol.
// SPDX-License-Identifier: MIT
#include "storage/driver/gcs/gcs_answer.hpp"

#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgbraid::gcs {

using namespace rest;

namespace {

nlohmann::json parsed(byte_view body) {
  // It nests on the heap, however deeply the text does.
  return nlohmann::json::parse(as_text(body), nullptr, false);
}

std::optional<std::string> word(const nlohmann::json& in, const char* name) {
  const auto at = in.is_object() ? in.find(name) : in.end();
  if (!in.is_object() || at == in.end() || !at->is_string())
    return {};
  return at->get<std::string>();
}

/// Numbers of 64 bits are texts there.
std::optional<description> described(const nlohmann::json& one) {
  const auto size = number_of<uint64_t>(word(one, "size").value_or(""));
  const auto time = seconds_of_iso(word(one, "updated").value_or(""));
  if (!size || !time)
    return {};
  return description{*size, *time, word(one, "md5Hash").value_or("")};
}

/// The name of an object in a list.
result<std::string> listed_key(const nlohmann::json& one, std::string_view prefix) {
  auto key = word(one, "name");
  if (!key || key->empty())
    return not_understood("an object without name");
  if (auto fine = check_listed_key(*key, prefix); !fine)
    return fine.failure();
  return std::move(*key);
}

result<void> add_objects(object::object_page& to, const nlohmann::json& items,
                         std::string_view prefix) {
  for (const auto& one : items) {
    auto key = listed_key(one, prefix);
    if (!key)
      return key.failure();
    const auto about = described(one);
    if (!about)
      return not_understood("an object without size or time");
    to.objects.push_back({std::move(*key), about->size_bytes, about->mtime_s});
  }
  return success();
}

result<void> add_objects(object::version_page& to, const nlohmann::json& items,
                         std::string_view prefix) {
  for (const auto& one : items) {
    auto key = listed_key(one, prefix);
    if (!key)
      return key.failure();
    auto version = word(one, "generation").value_or("");
    const auto size = number_of<uint64_t>(word(one, "size").value_or(""));
    const auto from = seconds_of_iso(word(one, "timeCreated").value_or(""));
    const auto ended = word(one, "timeDeleted");
    const auto until = ended ? seconds_of_iso(*ended) : std::nullopt;
    if (version.empty() || !size || !from || (ended && !until))
      return not_understood("a version without name, size or time");
    to.versions.push_back({.key = std::move(*key),
                           .version = std::move(version),
                           .size_bytes = *size,
                           .from_s = *from,
                           .until_s = until});
  }
  return success();
}

result<void> add_prefixes(std::vector<std::string>& to, const nlohmann::json& prefixes,
                          std::string_view above) {
  for (const auto& one : prefixes) {
    if (!one.is_string())
      return not_understood("a prefix that is no text");
    auto prefix = one.get<std::string>();
    if (auto fine = check_listed_key(prefix, above); !fine)
      return fine;
    if (!prefix.ends_with('/'))
      return not_understood("a prefix without '/' at its end");
    to.push_back(std::move(prefix));
  }
  return success();
}

template <class Page>
result<Page> list_of(byte_view body, const object::object_store::list_request& asked) {
  const auto root = parsed(body);
  if (!root.is_object())
    return not_understood("no list");
  // An empty page need not say more than its kind; nothing else says so.
  if (const auto kind = word(root, "kind"); kind && *kind != "storage#objects")
    return not_understood("no list of objects");
  Page out;
  if (const auto items = root.find("items"); items != root.end())
    if (auto added = items->is_array() ? add_objects(out, *items, asked.prefix)
                                       : result<void>(not_understood("items that are no list"));
        !added)
      return added.failure();
  if (const auto prefixes = root.find("prefixes"); prefixes != root.end())
    if (auto added = prefixes->is_array()
                         ? add_prefixes(out.prefixes, *prefixes, asked.prefix)
                         : result<void>(not_understood("prefixes that are no list"));
        !added)
      return added.failure();
  if (root.contains("nextPageToken")) {
    out.next = word(root, "nextPageToken").value_or("");
    if (out.next.empty())
      return not_understood("a part of a list, and nothing to go on with");
  }
  return out;
}

} // namespace

std::string told_by(const http::response& answer) {
  const auto body = parsed(answer.body);
  if (!body.is_object())
    return std::string(as_text(answer.body));
  const auto at = body.find("error");
  if (at == body.end())
    return {};
  return word(*at, "message").value_or(word(body, "error_description").value_or(""));
}

bool tells_of_hold(const http::response& answer) {
  // The reason has a name, or is `forbidden` like others.
  const auto body = answer.status == 403 ? parsed(answer.body) : nlohmann::json();
  const auto at = body.is_object() ? body.find("error") : body.end();
  if (at == body.end() || !at->is_object())
    return false;
  if (word(*at, "message").value_or("").find("cannot be deleted") != std::string::npos)
    return true;
  const auto all = at->find("errors");
  if (all == at->end() || !all->is_array() || all->empty())
    return false;
  const auto reason = word(all->front(), "reason").value_or("");
  return reason == "retentionPolicyNotMet" || reason == "objectUnderActiveHold";
}

std::string hint_for(int status) {
  switch (status) {
  case 401:
    return "Is repo-gcs-key still valid?";
  case 403:
    return "May the account of repo-gcs-key list, read, write, change and remove objects of this "
           "bucket?";
  case 404:
    return "Is repo-gcs-bucket right, and does the bucket exist?";
  default:
    return status >= 300 && status <= 399 ? "Is repo-gcs-endpoint right?" : "";
  }
}

result<object::object_page> page_of(byte_view body,
                                    const object::object_store::list_request& asked) {
  return list_of<object::object_page>(body, asked);
}

result<object::version_page> version_page_of(byte_view body,
                                             const object::object_store::list_request& asked) {
  return list_of<object::version_page>(body, asked);
}

result<description> description_of(byte_view body) {
  auto about = described(parsed(body));
  if (!about)
    return not_understood("an object without size or time");
  return std::move(*about);
}

std::optional<uint64_t> received_by(const http::response& answer) {
  constexpr std::string_view start = "bytes=0-";
  const auto range = answer.find("range");
  if (range.empty())
    return 0;
  const auto last = range.starts_with(start) ? number_of<uint64_t>(range.substr(start.size()))
                                             : std::optional<uint64_t>();
  if (!last || *last == UINT64_MAX)
    return {};
  return *last + 1;
}

} // namespace pgbraid::gcs
