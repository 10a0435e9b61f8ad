// Options repo-storage-*, and endpoints.
// SPDX-License-Identifier: MIT
#include "cli/open/bucket_place.hpp"

#include "cli/open/tls_connect.hpp"
#include "engine/plan/target_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pgbraid::cli {

namespace {

/// What one file that is read may have under way, however many requests that is.
constexpr uint64_t read_ahead_bytes = uint64_t{64} << 20;
constexpr uint64_t piece_bytes_least = uint64_t{64} << 10;

/// Where to connect, and how: the endpoint, unless a host and a port of their own are set.
result<void> set_host(rest::place& to, const config::options& opts, size_t position,
                      const endpoint& where) {
  to.endpoint = where.host;
  std::optional<endpoint> other;
  if (opts.has_value("repo-storage-host", position)) {
    auto parsed = parse_endpoint(repo_option(opts, position, "storage-host"),
                                 opts.text("repo-storage-host", position));
    if (!parsed)
      return parsed.failure();
    other = std::move(*parsed);
  }
  to.tls = where.tls && (!other || other->tls);
  const uint16_t usual = to.tls ? 443 : 80;
  const auto asked =
      opts.is_set("repo-storage-port", position)
          ? std::optional(static_cast<uint16_t>(opts.integer("repo-storage-port", position)))
          : std::optional<uint16_t>();
  to.port = where.port.value_or(asked.value_or(usual));
  if (other)
    to.connecting.connect_to =
        fmt::format("{}:{}", other->host, other->port.value_or(asked.value_or(usual)));
  return success();
}

result<void> set_time(rest::place& to, const config::options& opts) {
  if (!opts.has_value("repo-target-time"))
    return success();
  const auto time = plan::parse_target_time(opts.text("repo-target-time"));
  if (!time)
    return time.failure();
  to.as_of_s = *time;
  return success();
}

} // namespace

result<endpoint> parse_endpoint(std::string_view option, std::string_view text) {
  endpoint out;
  auto rest = text;
  if (rest.starts_with("http://"))
    out.tls = false;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (!rest.starts_with("http://") && !rest.starts_with("https://"))
      return refused_value(option, text, "its scheme is neither http nor https");
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
      return refused_value(option, text, "its port is none");
    out.port = port;
    rest = rest.substr(0, colon);
  }
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f &&
           std::string_view("/?#@\\\"'").find(c) == std::string_view::npos;
  });
  if (rest.empty() || !plain)
    return refused_value(option, text, "it is no name of a host");
  out.host = rest;
  return out;
}

error refused_value(std::string_view option, std::string_view text, std::string_view why) {
  return {errc::option_invalid_value,
          fmt::format("'{}' is not allowed for '{}' option: {}", text, option, why)};
}

std::string repo_option(const config::options& opts, size_t position, std::string_view rest) {
  return fmt::format("repo{}-{}", opts.repo_key(position), rest);
}

result<rest::place> place_of(const config::options& opts, size_t position,
                             std::string_view endpoint_option, const std::string& endpoint_text) {
  const repo_texts text{opts, position};
  const std::chrono::milliseconds limit(opts.time_ms("io-timeout"));
  rest::place to{.chunk_bytes = opts.size_bytes("repo-storage-upload-chunk-size", position),
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
  if (auto set = set_time(to, opts); !set)
    return set.failure();
  if (opts.valid("repo-storage-read-over"))
    to.reading.read_over_bytes = opts.size_bytes("repo-storage-read-over", position);
  for (const auto& [name, value] : opts.map("repo-storage-tag", position))
    to.tags.emplace_back(name, value);
  const auto where = parse_endpoint(repo_option(opts, position, endpoint_option), endpoint_text);
  if (!where)
    return where.failure();
  if (auto set = set_host(to, opts, position, *where); !set)
    return set.failure();
  return to;
}

} // namespace pgbraid::cli
