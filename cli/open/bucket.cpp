// Options repo-s3-* and repo-storage-*.
// SPDX-License-Identifier: MIT
#include "cli/open/bucket.hpp"

#include "cli/open/tls_connect.hpp"
#include "engine/codec/message_digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace pgbraid::cli {

namespace {

constexpr size_t customer_key_bytes = 32;
/// What one file that is read may have under way, however many requests that is.
constexpr uint64_t read_ahead_bytes = uint64_t{64} << 20;
constexpr uint64_t piece_bytes_least = uint64_t{64} << 10;

error refused(std::string_view option, std::string_view text, std::string_view why) {
  return {errc::option_invalid_value,
          fmt::format("'{}' is not allowed for '{}' option: {}", text, option, why)};
}

std::string name_of(const config::options& opts, size_t position, std::string_view rest) {
  return fmt::format("repo{}-{}", opts.repo_key(position), rest);
}

/// Options of one repository; empty where there is no value.
struct texts {
  const config::options& opts;
  const size_t position;
  std::string operator()(config::text_key name) const {
    return opts.has_value(name, position) ? opts.text(name, position) : std::string();
  }
};

/// Where to connect, and how: the endpoint, unless a host and a port of their own are set.
result<void> set_places(s3::settings& to, const config::options& opts, size_t position) {
  auto where = parse_endpoint(name_of(opts, position, "s3-endpoint"),
                              opts.text("repo-s3-endpoint", position));
  if (!where)
    return where.failure();
  to.endpoint = where->host;
  std::optional<endpoint> other;
  if (opts.has_value("repo-storage-host", position)) {
    auto parsed = parse_endpoint(name_of(opts, position, "storage-host"),
                                 opts.text("repo-storage-host", position));
    if (!parsed)
      return parsed.failure();
    other = std::move(*parsed);
  }
  to.tls = where->tls && (!other || other->tls);
  const uint16_t usual = to.tls ? 443 : 80;
  const auto asked =
      opts.is_set("repo-storage-port", position)
          ? std::optional(static_cast<uint16_t>(opts.integer("repo-storage-port", position)))
          : std::optional<uint16_t>();
  to.port = where->port.value_or(asked.value_or(usual));
  if (other)
    to.connecting.connect_to =
        fmt::format("{}:{}", other->host, other->port.value_or(asked.value_or(usual)));
  return success();
}

result<void> set_customer_key(s3::settings& to, const config::options& opts, size_t position) {
  if (!opts.has_value("repo-s3-sse-customer-key", position))
    return success();
  to.customer_key = secret(opts.text("repo-s3-sse-customer-key", position));
  if (codec::from_base64(to.customer_key.view()).size() != customer_key_bytes)
    return refused(name_of(opts, position, "s3-sse-customer-key"), "<redacted>",
                   "it must be the base64 of 32 bytes");
  return success();
}

std::string variable(const char* name) {
  const auto* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

error variables_missing(const config::options& opts, size_t position, std::string_view which) {
  return {errc::option_invalid, fmt::format("'{}' is '{}', but {} not in the environment",
                                            name_of(opts, position, "s3-key-type"),
                                            opts.text("repo-s3-key-type", position), which)};
}

/// Who lends the keys; the names in the environment are Amazon's.
result<s3::lender> lender_of(const config::options& opts, size_t position) {
  const texts text{opts, position};
  const auto& kind = opts.text("repo-s3-key-type", position);
  s3::lender from{.role = text("repo-s3-role"), .sts_host = text("repo-s3-sts-host")};
  if (kind == "auto") {
    from.kind = s3::key_type::instance;
  } else if (kind == "web-id") {
    from.kind = s3::key_type::web_identity;
    from.role_arn = variable("AWS_ROLE_ARN");
    from.token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (from.role_arn.empty() || from.token_file.empty())
      return variables_missing(opts, position, "AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE is");
  } else if (kind == "pod-id") {
    from.kind = s3::key_type::pod;
    from.pod_url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    from.token_file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (from.pod_url.empty())
      return variables_missing(opts, position, "AWS_CONTAINER_CREDENTIALS_FULL_URI is");
  } else if (kind == "process") {
    from.kind = s3::key_type::process;
    from.command = opts.list("repo-s3-process-cmd", position);
  }
  return from;
}

s3::credentials credentials_of(const config::options& opts, size_t position) {
  if (!opts.has_value("repo-s3-key", position))
    return {};
  s3::credentials with{.access_key = secret(opts.text("repo-s3-key", position)),
                       .secret_key = secret(opts.text("repo-s3-key-secret", position))};
  if (opts.has_value("repo-s3-token", position))
    with.token = secret(opts.text("repo-s3-token", position));
  return with;
}

} // namespace

result<endpoint> parse_endpoint(std::string_view option, std::string_view text) {
  endpoint out;
  auto rest = text;
  if (rest.starts_with("http://"))
    out.tls = false;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (!rest.starts_with("http://") && !rest.starts_with("https://"))
      return refused(option, text, "its scheme is neither http nor https");
    rest.remove_prefix(scheme + 3);
  }
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  const auto bracket = rest.find(']');
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto digits = rest.substr(colon + 1);
    uint16_t port = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (problem != std::errc() || end != digits.data() + digits.size() || port == 0)
      return refused(option, text, "its port is none");
    out.port = port;
    rest = rest.substr(0, colon);
  }
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f &&
           std::string_view("/?#@\\\"'").find(c) == std::string_view::npos;
  });
  if (rest.empty() || !plain)
    return refused(option, text, "it is no name of a host");
  out.host = rest;
  return out;
}

result<s3::settings> bucket_of(const config::options& opts, size_t position) {
  const texts text{opts, position};
  const std::chrono::milliseconds limit(opts.time_ms("io-timeout"));
  s3::settings to{.bucket = text("repo-s3-bucket"),
                  .region = text("repo-s3-region"),
                  .service = text("repo-s3-service"),
                  .style = text("repo-s3-uri-style") == "path" ? s3::uri_style::path
                                                               : s3::uri_style::host,
                  .with = credentials_of(opts, position),
                  .kms_key_id = text("repo-s3-kms-key-id"),
                  .requester_pays = opts.flag("repo-s3-requester-pays", position),
                  .chunk_bytes = opts.size_bytes("repo-storage-upload-chunk-size", position),
                  .limit = limit,
                  .connecting = {.verify = opts.flag("repo-storage-verify-tls", position),
                                 .ca_file = text("repo-storage-ca-file"),
                                 .ca_path = text("repo-storage-ca-path"),
                                 .keep_alive = keep_alive_of(opts),
                                 .limit = limit}};
  if (opts.valid("repo-storage-prefetch")) {
    to.reading.pieces = static_cast<size_t>(opts.integer("repo-storage-prefetch", position)) + 1;
    to.reading.piece_bytes = std::clamp(read_ahead_bytes / to.reading.pieces, piece_bytes_least,
                                        object::read_ahead_limits{}.piece_bytes);
  }
  for (const auto& [name, value] : opts.map("repo-storage-tag", position))
    to.tags.emplace_back(name, value);
  auto from = lender_of(opts, position);
  if (!from)
    return from.failure();
  to.from = std::move(*from);
  to.from.limit = limit;
  to.from.connecting = to.connecting;
  if (auto set = set_places(to, opts, position); !set)
    return set.failure();
  if (auto set = set_customer_key(to, opts, position); !set)
    return set.failure();
  return to;
}

} // namespace pgbraid::cli
