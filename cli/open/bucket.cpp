// From options to the settings of whichever store it is.
// SPDX-License-Identifier: MIT
#include "cli/open/bucket.hpp"

#include "cli/open/bucket_place.hpp"
#include "engine/codec/message_digest.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace pgbraid::cli {

namespace {

constexpr size_t customer_key_bytes = 32;

result<void> set_customer_key(s3::settings& to, const config::options& opts, size_t position) {
  if (!opts.has_value("repo-s3-sse-customer-key", position))
    return success();
  to.customer_key = secret(opts.text("repo-s3-sse-customer-key", position));
  if (codec::from_base64(to.customer_key.view()).size() != customer_key_bytes)
    return refused_value(repo_option(opts, position, "s3-sse-customer-key"), "<redacted>",
                         "it must be the base64 of 32 bytes");
  return success();
}

std::string variable(const char* name) {
  const auto* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

error variables_missing(const config::options& opts, size_t position, std::string_view which) {
  return {errc::option_invalid, fmt::format("'{}' is '{}', but {} not in the environment",
                                            repo_option(opts, position, "s3-key-type"),
                                            opts.text("repo-s3-key-type", position), which)};
}

/// Who lends the keys; the names in the environment are Amazon's.
result<s3::lender> lender_of(const config::options& opts, size_t position) {
  const repo_texts text{opts, position};
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

/// One without the other means nothing.
result<s3::object_lock> lock_of(const config::options& opts, size_t position) {
  const repo_texts text{opts, position};
  const auto mode = text("repo-storage-lock-mode");
  if (opts.has_value("repo-storage-lock-time", position) == mode.empty())
    return error{errc::option_required,
                 fmt::format("{} command requires option: {}", opts.command_name(),
                             repo_option(opts, position,
                                         mode.empty() ? "storage-lock-mode" : "storage-lock-time")),
                 "objects are locked in a mode, and for a time."};
  if (mode.empty())
    return s3::object_lock{};
  return s3::object_lock{mode == "compliance" ? "COMPLIANCE" : "GOVERNANCE",
                         opts.time_ms("repo-storage-lock-time", position) / 1000};
}

/// Who gives tokens.
gcs::lender lender_of_tokens(const config::options& opts, size_t position) {
  const auto& kind = opts.text("repo-gcs-key-type", position);
  gcs::lender from{.kind = kind == "token"    ? gcs::key_type::token
                           : kind == "auto"   ? gcs::key_type::instance
                           : kind == "web-id" ? gcs::key_type::web_identity
                                              : gcs::key_type::service};
  if (from.kind == gcs::key_type::service || from.kind == gcs::key_type::web_identity)
    from.key_file = repo_texts{opts, position}("repo-gcs-key");
  return from;
}

} // namespace

result<s3::settings> s3_bucket_of(const config::options& opts, size_t position) {
  const repo_texts text{opts, position};
  s3::settings to{.bucket = text("repo-s3-bucket"),
                  .region = text("repo-s3-region"),
                  .service = text("repo-s3-service"),
                  .style = text("repo-s3-uri-style") == "path" ? s3::uri_style::path
                                                               : s3::uri_style::host,
                  .with = credentials_of(opts, position),
                  .kms_key_id = text("repo-s3-kms-key-id"),
                  .requester_pays = opts.flag("repo-s3-requester-pays", position)};
  auto at = place_of(opts, position, "s3-endpoint", text("repo-s3-endpoint"));
  if (!at)
    return at.failure();
  to.at = std::move(*at);
  auto from = lender_of(opts, position);
  if (!from)
    return from.failure();
  to.from = std::move(*from);
  to.from.limit = to.at.limit;
  to.from.connecting = to.at.connecting;
  to.from.connecting.connect_to.clear();
  auto lock = lock_of(opts, position);
  if (!lock)
    return lock.failure();
  to.lock = std::move(*lock);
  if (auto set = set_customer_key(to, opts, position); !set)
    return set.failure();
  return to;
}

result<gcs::settings> gcs_bucket_of(const config::options& opts, size_t position) {
  const repo_texts text{opts, position};
  gcs::settings to{.bucket = text("repo-gcs-bucket"),
                   .user_project = text("repo-gcs-user-project"),
                   .from = lender_of_tokens(opts, position)};
  if (to.from.kind == gcs::key_type::token)
    to.token = secret(text("repo-gcs-key"));
  auto at = place_of(opts, position, "gcs-endpoint", text("repo-gcs-endpoint"));
  if (!at)
    return at.failure();
  to.at = std::move(*at);
  to.at.chunk_bytes -= to.at.chunk_bytes % gcs::part_grain_bytes;
  to.from.limit = to.at.limit;
  to.from.connecting = to.at.connecting;
  return to;
}

result<azure::settings> azure_container_of(const config::options& opts, size_t position) {
  const repo_texts text{opts, position};
  const auto kind = text("repo-azure-key-type");
  azure::settings to{.account = text("repo-azure-account"),
                     .container = text("repo-azure-container"),
                     .style = text("repo-azure-uri-style") == "path" ? azure::uri_style::path
                                                                     : azure::uri_style::host,
                     .kind = kind == "sas"    ? azure::key_type::sas
                             : kind == "auto" ? azure::key_type::instance
                                              : azure::key_type::shared,
                     .key = secret(text("repo-azure-key"))};
  if (to.kind != azure::key_type::instance && to.key.empty())
    return error{errc::option_required,
                 fmt::format("{} command requires option: {}", opts.command_name(),
                             repo_option(opts, position, "azure-key"))};
  const bool is_key =
      to.kind != azure::key_type::shared || !codec::from_base64(to.key.view()).empty();
  if (!is_key)
    return refused_value(repo_option(opts, position, "azure-key"), "<redacted>",
                         "it must be the base64 of a key");
  // Another host is the endpoint here, in names and certificates, too: so it is with the peer.
  auto at = opts.has_value("repo-storage-host", position)
                ? place_of(opts, position, "storage-host", text("repo-storage-host"))
                : place_of(opts, position, "azure-endpoint", text("repo-azure-endpoint"));
  if (!at)
    return at.failure();
  to.at = std::move(*at);
  to.at.connecting.connect_to.clear();
  return to;
}

} // namespace pgbraid::cli
