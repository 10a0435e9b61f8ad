// Headers, and what authorizes a call.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_request.hpp"

#include "engine/codec/message_digest.hpp"
#include "engine/http/http_time.hpp"
#include "storage/driver/azure/azure_signature.hpp"
#include "storage/driver/rest/multipart.hpp"

#include <fmt/format.h>

namespace pgbraid::azure {

using namespace rest;

namespace {

constexpr std::string_view interface_version = "2024-08-04";

std::string host_of(const settings& of) {
  return of.style == uri_style::host ? of.account + "." + of.at.endpoint : of.at.endpoint;
}

std::string path_of(const std::string& key, const settings& of) {
  const auto container =
      (of.style == uri_style::host ? "/" : "/" + of.account + "/") + of.container;
  return key.empty() ? container : container + "/" + uri_encoded(key, true);
}

/// The fields of the query that somebody signed, as they are.
std::string_view shared_signature(const settings& of) {
  auto text = of.kind == key_type::sas ? of.key.view() : std::string_view();
  if (text.starts_with('?'))
    text.remove_prefix(1);
  return text;
}

std::string query_of(const call& what, const settings& of, bool authorized) {
  auto query = query_text(what.query);
  if (authorized && !shared_signature(of).empty())
    query += (query.empty() ? "" : "&") + std::string(shared_signature(of));
  return query.empty() ? query : "?" + query;
}

/// To be called with all other headers.
void authorize(std::vector<http::header>& headers, const call& what, const settings& of,
               const secret& token) {
  if (of.kind == key_type::instance)
    headers.push_back({"authorization", "Bearer " + std::string(token.view())});
  if (of.kind != key_type::shared)
    return;
  const auto path = path_of(what.key, of);
  headers.push_back(
      {"authorization", shared_key_authorization({.method = what.method,
                                                  .path = path,
                                                  .query = what.query,
                                                  .headers = headers,
                                                  .body_bytes = what.body ? what.body->size() : 0},
                                                 of.account, of.key)});
}

/// As it stands in a batch: without version, which is that of the batch, and without host.
std::string in_words(const call& what, const settings& of, const secret& token, int64_t now_s) {
  std::vector<http::header> headers = {{"x-ms-date", http::time_text(now_s)}};
  authorize(headers, what, of, token);
  headers.push_back({"content-length", "0"});
  auto out = fmt::format("{} {}{} HTTP/1.1\r\n", what.method, path_of(what.key, of),
                         query_of(what, of, true));
  for (const auto& one : headers)
    out += fmt::format("{}: {}\r\n", one.name, one.value);
  return out + "\r\n";
}

} // namespace

std::string url_of(const call& what, const settings& of) {
  return of.at.origin_of(host_of(of)) + path_of(what.key, of) + query_of(what, of, false);
}

http::request request_for(const call& what, const settings& of, const secret& token,
                          int64_t now_s) {
  http::request out{.method = what.method,
                    .url = of.at.origin_of(host_of(of)) + path_of(what.key, of) +
                           query_of(what, of, true),
                    .headers = what.headers,
                    .body = what.body,
                    .answer_limit_bytes = what.answer_limit_bytes,
                    .secret = of.kind == key_type::sas};
  out.headers.push_back({"x-ms-date", http::time_text(now_s)});
  out.headers.push_back({"x-ms-version", std::string(interface_version)});
  if (what.body && what.what != touches::nothing)
    out.headers.push_back({"content-md5", codec::to_base64(codec::md5_of(*what.body))});
  if (!of.at.tags.empty() && what.what == touches::object)
    out.headers.push_back({"x-ms-tags", query_text(of.at.tags)});
  authorize(out.headers, what, of, token);
  return out;
}

call removal_of(std::span<const std::string> keys, const settings& of, const secret& token,
                int64_t now_s) {
  std::vector<std::string> words;
  for (const auto& key : keys)
    words.push_back(in_words({.method = "DELETE", .key = key}, of, token, now_s));
  std::vector<body_part> parts;
  // The service knows these names in this spelling alone.
  for (size_t number = 0; number < words.size(); ++number)
    parts.push_back({.headers = {{"Content-Type", "application/http"},
                                 {"Content-Transfer-Encoding", "binary"},
                                 {"Content-ID", std::to_string(number)}},
                     .content = as_bytes(words[number])});
  const auto boundary = boundary_for(parts);
  return {.method = "POST",
          .query = {{"comp", "batch"}, {"restype", "container"}},
          .headers = {{"content-type", "multipart/mixed; boundary=" + boundary}},
          .body = body_of(multipart_body(boundary, parts)),
          .answer_limit_bytes = uint64_t{4} << 20};
}

} // namespace pgbraid::azure
