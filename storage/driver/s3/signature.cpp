// The four steps of a signature.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/signature.hpp"

#include "engine/codec/message_digest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::s3 {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

codec::sha256_digest keyed(byte_view key, std::string_view text) {
  return codec::hmac_sha256(key, as_bytes(text));
}

std::string hex_sha256(std::string_view text) {
  return to_hex(codec::sha256_of(as_bytes(text)));
}

} // namespace

std::string authorization(const to_sign& what, const scope& where, const credentials& with) {
  auto headers = what.headers;
  std::ranges::sort(headers, {}, &http::header::name);
  std::string lines;
  std::string names;
  for (const auto& one : headers) {
    lines += one.name + ":" + one.value + "\n";
    names += (names.empty() ? "" : ";") + one.name;
  }
  const auto canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", what.method, what.path, what.query,
                                     lines, names, what.payload_sha256);
  const auto day = where.time.substr(0, 8);
  const auto place = fmt::format("{}/{}/{}/aws4_request", day, where.region, where.service);
  const auto text =
      fmt::format("{}\n{}\n{}\n{}", algorithm, where.time, place, hex_sha256(canonical));
  const secret first("AWS4" + std::string(with.secret_key.view()));
  auto key = keyed(as_bytes(first.view()), day);
  for (const auto part : {where.region, where.service, std::string_view("aws4_request")})
    key = keyed(key, part);
  return fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", algorithm,
                     with.access_key.view(), place, names, to_hex(keyed(key, text)));
}

} // namespace pgbraid::s3
