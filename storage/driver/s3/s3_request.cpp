// Headers and signature of a call.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_request.hpp"

#include "engine/codec/message_digest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace pgbraid::s3 {

using namespace rest;

namespace {

std::string host_of(const settings& of) {
  return of.style == uri_style::host ? of.bucket + "." + of.at.endpoint : of.at.endpoint;
}

std::string path_of(const call& what, const settings& of) {
  const auto key = uri_encoded(what.key, true);
  return of.style == uri_style::host ? "/" + key
         : key.empty()               ? "/" + of.bucket
                                     : "/" + of.bucket + "/" + key;
}

void add_encryption(std::vector<http::header>& to, const call& what, const settings& of) {
  if (!of.kms_key_id.empty() && what.what == touches::object) {
    to.push_back({"x-amz-server-side-encryption", "aws:kms"});
    to.push_back({"x-amz-server-side-encryption-aws-kms-key-id", of.kms_key_id});
  }
  if (what.what != touches::nothing)
    for (auto& one : customer_key_headers(of, "x-amz-"))
      to.push_back(std::move(one));
}

} // namespace

std::vector<http::header> customer_key_headers(const settings& of, const std::string& prefix) {
  if (of.customer_key.empty())
    return {};
  const auto start = prefix + "server-side-encryption-customer-";
  const auto key = codec::from_base64(of.customer_key.view());
  return {{start + "algorithm", "AES256"},
          {start + "key", std::string(of.customer_key.view())},
          {start + "key-md5", codec::to_base64(codec::md5_of(key))}};
}

std::string url_of(const call& what, const settings& of) {
  const auto query = query_text(what.query);
  return of.at.origin_of(host_of(of)) + path_of(what, of) + (query.empty() ? "" : "?" + query);
}

http::request request_for(const call& what, const settings& of, const credentials& with,
                          int64_t now_s) {
  const auto time =
      fmt::format("{:%Y%m%dT%H%M%SZ}", std::chrono::sys_seconds(std::chrono::seconds(now_s)));
  const byte_view body = what.body ? byte_view(*what.body) : byte_view();
  const auto digest = to_hex(codec::sha256_of(body));
  http::request out{.method = what.method,
                    .headers = what.headers,
                    .body = what.body,
                    .answer_limit_bytes = what.answer_limit_bytes};
  out.headers.push_back({"host", host_of(of)});
  out.headers.push_back({"x-amz-content-sha256", digest});
  out.headers.push_back({"x-amz-date", time});
  if (what.body)
    out.headers.push_back({"content-md5", codec::to_base64(codec::md5_of(body))});
  if (!with.token.empty())
    out.headers.push_back({"x-amz-security-token", std::string(with.token.view())});
  if (of.requester_pays)
    out.headers.push_back({"x-amz-request-payer", "requester"});
  if (!of.at.tags.empty() && what.what == touches::object)
    out.headers.push_back({"x-amz-tagging", query_text(of.at.tags)});
  if (!of.lock.mode.empty() && what.what == touches::object) {
    out.headers.push_back({"x-amz-object-lock-mode", of.lock.mode});
    out.headers.push_back(
        {"x-amz-object-lock-retain-until-date",
         fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     std::chrono::sys_seconds(std::chrono::seconds(now_s + of.lock.time_s)))});
  }
  add_encryption(out.headers, what, of);
  const auto path = path_of(what, of);
  const auto query = query_text(what.query);
  out.headers.push_back(
      {"authorization",
       authorization({what.method, path, query, out.headers, digest},
                     {.time = time, .region = of.region, .service = of.service}, with)});
  out.url = url_of(what, of);
  return out;
}

} // namespace pgbraid::s3
