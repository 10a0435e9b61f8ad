// Lines in the order that the service has.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_signature.hpp"

#include "engine/codec/message_digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pgbraid::azure {

namespace {

std::string_view value_of(const std::vector<http::header>& headers, std::string_view name) {
  const auto at = std::ranges::find(headers, name, &http::header::name);
  return at == headers.end() ? std::string_view() : std::string_view(at->value);
}

std::string own_headers(const std::vector<http::header>& headers) {
  std::vector<http::header> own;
  std::ranges::copy_if(headers, std::back_inserter(own),
                       [](const auto& one) { return one.name.starts_with("x-ms-"); });
  std::ranges::sort(own, {}, &http::header::name);
  std::string out;
  for (const auto& one : own)
    out += one.name + ":" + one.value + "\n";
  return out;
}

std::string resource(const to_sign& what, std::string_view account) {
  auto out = fmt::format("/{}{}", account, what.path);
  auto query = what.query;
  std::ranges::sort(query);
  for (const auto& [name, value] : query)
    out += fmt::format("\n{}:{}", name, value);
  return out;
}

} // namespace

std::string text_to_sign(const to_sign& what, std::string_view account) {
  std::string out(what.method);
  out += '\n';
  for (const auto* name : {"content-encoding", "content-language"})
    out += fmt::format("{}\n", value_of(what.headers, name));
  out += what.body_bytes == 0 ? "\n" : fmt::format("{}\n", what.body_bytes);
  for (const auto* name : {"content-md5", "content-type", "date", "if-modified-since", "if-match",
                           "if-none-match", "if-unmodified-since", "range"})
    out += fmt::format("{}\n", value_of(what.headers, name));
  return out + own_headers(what.headers) + resource(what, account);
}

std::string shared_key_authorization(const to_sign& what, std::string_view account,
                                     const secret& key) {
  auto bytes = codec::from_base64(key.view());
  const auto mac = codec::hmac_sha256(bytes, as_bytes(text_to_sign(what, account)));
  ::explicit_bzero(bytes.data(), bytes.size());
  return fmt::format("SharedKey {}:{}", account, codec::to_base64(mac));
}

} // namespace pgbraid::azure
