// One request in the words of libcurl.
// SPDX-License-Identifier: MIT
#include "engine/http/exchange_state.hpp"

#include "engine/base/number_of.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::http {

namespace {

constexpr size_t headers_limit_bytes = 64 * 1024;
/// Whoever is slower sends or takes a body on purpose like that.
constexpr uint64_t slowest_bytes_per_s = 8 * 1024;
constexpr long buffer_each_way = static_cast<long>(buffer_bytes / 2);

/// As much as the answer says that it has, but no more than it may have: without it the body would
/// be moved each time that it outgrows its room.
uint64_t room_for(const exchange_state& one) {
  const auto told = number_of<uint64_t>(one.answer.find("content-length"));
  return std::min(told.value_or(0), one.asked.answer_limit_bytes);
}

/// All but the last byte: who asks for the rest, after a break, asks for something.
void hand_out(exchange_state& one) {
  auto& here = one.answer.body;
  std::vector<std::byte> rest;
  rest.reserve(some_bytes + buffer_bytes / 2);
  rest.push_back(here.back());
  here.pop_back();
  {
    const std::lock_guard held(*one.mutex);
    if (one.some.empty())
      one.head_of_some = {.status = 206, .headers = one.answer.headers};
    one.some.push_back(std::move(here));
  }
  here = std::move(rest);
  one.changed.notify_all();
}

size_t take_body(char* data, size_t, size_t bytes, void* of) {
  auto& one = *static_cast<exchange_state*>(of);
  one.body_bytes += bytes;
  if (one.body_bytes > one.asked.answer_limit_bytes) {
    one.refused =
        error{errc::protocol, fmt::format("the answer is longer than the {} bytes that it may have",
                                          one.asked.answer_limit_bytes)};
    return 0;
  }
  if (one.answer.body.empty())
    one.answer.body.reserve(room_for(one));
  const auto more = std::as_bytes(std::span(data, bytes));
  one.answer.body.insert(one.answer.body.end(), more.begin(), more.end());
  if (one.is_read_meanwhile && one.answer.body.size() >= some_bytes &&
      curl::number(one.on, CURLINFO_RESPONSE_CODE) == 206)
    hand_out(one);
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

size_t take_header(char* data, size_t, size_t bytes, void* of) {
  auto& one = *static_cast<exchange_state*>(of);
  const std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) { // of the last answer: interim ones come before it
    one.answer.headers.clear();
    one.head_is_whole = false;
  }
  if (trimmed(line).empty())
    one.head_is_whole = true;
  one.header_bytes += bytes;
  if (one.header_bytes > headers_limit_bytes) {
    one.refused = error{errc::protocol, fmt::format("the headers of the answer are longer than {} "
                                                    "bytes",
                                                    headers_limit_bytes)};
    return 0;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos)
    return bytes;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  one.answer.headers.push_back({std::move(name), std::string(trimmed(line.substr(colon + 1)))});
  return bytes;
}

int note_progress(void* of, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  auto& one = *static_cast<exchange_state*>(of);
  if (const auto moved = down + up + static_cast<curl_off_t>(one.header_bytes);
      moved != one.moved_bytes) {
    one.moved_bytes = moved;
    one.moved_at = monotonic::now();
  }
  return 0;
}

/// `https://name:port/path` -> `name:port`.
std::string_view authority_of(std::string_view url) {
  const auto begin = url.find("://");
  const auto rest = begin == std::string_view::npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

error broken_by(CURLcode outcome, const exchange_state& one, const client_settings& how) {
  const std::string shown(how.connect_to.empty() ? authority_of(one.asked.url) : how.connect_to);
  const std::string why = one.problem[0] != '\0' ? one.problem.data() : curl_easy_strerror(outcome);
  switch (outcome) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_CONNECT:
  case CURLE_SSL_CONNECT_ERROR:
    return {errc::host_connect, fmt::format("unable to connect to '{}': {}", shown, why), {}, true};
  case CURLE_OPERATION_TIMEDOUT: // only connecting has a limit there
    return {
        errc::host_connect, fmt::format("timeout connecting to '{}': {}", shown, why), {}, true};
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_CRL_BADFILE:
    return {errc::crypto, fmt::format("unable to verify the certificate of '{}': {}", shown, why),
            "Is its issuer known here? Options repo-storage-ca-file and repo-storage-ca-path name "
            "others than those of the system."};
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
    if (one.asked.url.starts_with("http")) // then it is the answer's
      return {
          errc::protocol, fmt::format("'{}' does not answer in HTTP: {}", shown, why), {}, true};
    [[fallthrough]];
  case CURLE_URL_MALFORMAT:
    return {errc::option_invalid_value, fmt::format("'{}' cannot be connected to: {}", shown, why)};
  default:
    return {errc::file_read, fmt::format("the connection to '{}' broke: {}", shown, why), {}, true};
  }
}

void set_keep_alive(CURL* on, const net::keep_alive& how) {
  curl::set(on, CURLOPT_TCP_KEEPALIVE, how.on ? 1L : 0L);
  if (how.idle_s)
    curl::set(on, CURLOPT_TCP_KEEPIDLE, static_cast<long>(*how.idle_s));
  if (how.interval_s)
    curl::set(on, CURLOPT_TCP_KEEPINTVL, static_cast<long>(*how.interval_s));
}

void set_certificates(CURL* on, const client_settings& how) {
  curl::set(on, CURLOPT_SSL_VERIFYPEER, how.verify ? 1L : 0L);
  curl::set(on, CURLOPT_SSL_VERIFYHOST, how.verify ? 2L : 0L);
  if (how.ca_file.empty() && how.ca_path.empty())
    return;
  // Those of the system do not count beside them.
  const auto name_of = [](const std::string& text) {
    return text.empty() ? nullptr : static_cast<const void*>(text.c_str());
  };
  curl::set(on, CURLOPT_CAINFO, name_of(how.ca_file));
  curl::set(on, CURLOPT_CAPATH, name_of(how.ca_path));
}

} // namespace

void exchange_state::prepare(const client_settings& how) {
  for (const auto& one : asked.headers)
    headers = curl_slist_append(headers, (one.name + ": " + one.value).c_str());
  // What libcurl would add of its own: nobody signed it, and waiting for a 100 costs a round trip.
  for (const auto* none : {"Expect:", "Content-Type:", "Accept:"})
    headers = curl_slist_append(headers, none);
  curl::set(on, CURLOPT_HTTPHEADER, static_cast<const void*>(headers));
  curl::set(on, CURLOPT_URL, static_cast<const void*>(asked.url.c_str()));
  curl::set(on, CURLOPT_PROTOCOLS_STR, static_cast<const void*>("http,https"));
  curl::set(on, CURLOPT_PATH_AS_IS, 1L); // as it was signed
  curl::set(on, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl::set(on, CURLOPT_NOSIGNAL, 1L);
  curl::set(on, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(how.limit.count()));
  curl::set(on, CURLOPT_BUFFERSIZE, buffer_each_way);
  curl::set(on, CURLOPT_UPLOAD_BUFFERSIZE, buffer_each_way);
  if (!how.connect_to.empty()) {
    connect_to = curl_slist_append(nullptr, ("::" + how.connect_to).c_str());
    curl::set(on, CURLOPT_CONNECT_TO, static_cast<const void*>(connect_to));
  }
  if (!how.proxies)
    curl::set(on, CURLOPT_NOPROXY, static_cast<const void*>("*"));
  set_keep_alive(on, how.keep_alive);
  set_certificates(on, how);
  if (asked.method == "HEAD")
    curl::set(on, CURLOPT_NOBODY, 1L);
  else
    curl::set(on, CURLOPT_CUSTOMREQUEST, static_cast<const void*>(asked.method.c_str()));
  if (asked.body) {
    curl::set(on, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<long>(asked.body->size()));
    // Without an address it would ask for the body.
    curl::set(on, CURLOPT_POSTFIELDS,
              asked.body->empty() ? static_cast<const void*>("")
                                  : static_cast<const void*>(asked.body->data()));
  }
  curl::set(on, CURLOPT_WRITEFUNCTION, &take_body);
  curl::set(on, CURLOPT_WRITEDATA, static_cast<const void*>(this));
  curl::set(on, CURLOPT_HEADERFUNCTION, &take_header);
  curl::set(on, CURLOPT_HEADERDATA, static_cast<const void*>(this));
  curl::set(on, CURLOPT_NOPROGRESS, 0L);
  curl::set(on, CURLOPT_XFERINFOFUNCTION, &note_progress);
  curl::set(on, CURLOPT_XFERINFODATA, static_cast<const void*>(this));
  curl::set(on, CURLOPT_ERRORBUFFER, static_cast<const void*>(problem.data()));
  moved_at = monotonic::now();
  const uint64_t most = asked.answer_limit_bytes + (asked.body ? asked.body->size() : 0);
  until = moved_at + 2 * how.limit +
          std::chrono::seconds(std::min<uint64_t>(most / slowest_bytes_per_s, 24 * 3600));
}

void exchange_state::conclude(CURLcode outcome, const client_settings& how) {
  answer.status = static_cast<int>(curl::number(on, CURLINFO_RESPONSE_CODE));
  if (refused)
    answer.broken = std::move(refused);
  else if (outcome != CURLE_OK || !head_is_whole)
    answer.broken = broken_by(outcome == CURLE_OK ? CURLE_PARTIAL_FILE : outcome, *this, how);
  curl_slist_free_all(headers);
  curl_slist_free_all(connect_to);
  headers = connect_to = nullptr;
}

/// Before the rest of the body. Each goes as soon as it is copied: no more memory than once.
void exchange_state::put_back_some() {
  if (some.empty())
    return;
  size_t bytes = answer.body.size();
  for (const auto& one : some)
    bytes += one.size();
  std::vector<std::byte> all;
  all.reserve(bytes);
  for (; !some.empty(); some.pop_front())
    all.insert(all.end(), some.front().begin(), some.front().end());
  all.insert(all.end(), answer.body.begin(), answer.body.end());
  answer.body = std::move(all);
}

/// Long before all has come that an answer may have. Only of what is read: a store that is at work
/// on a change sends blanks meanwhile.
bool exchange_state::drips(monotonic::time_point now, const client_settings& how) {
  if (asked.method != "GET" || body_bytes == 0)
    return false;
  const bool begins = measured_bytes == 0;
  if (!begins && now - measured_at < how.limit)
    return false;
  const auto least = slowest_bytes_per_s * static_cast<uint64_t>(how.limit.count()) / 1000;
  const bool slow = !begins && body_bytes - measured_bytes < least;
  measured_at = now;
  measured_bytes = body_bytes;
  return slow;
}

bool exchange_state::is_late(monotonic::time_point now, const client_settings& how) {
  const auto shown = how.connect_to.empty() ? authority_of(asked.url) : how.connect_to;
  if (now - moved_at > how.limit)
    refused = error{errc::file_read,
                    fmt::format("timeout after {}ms waiting for '{}'", how.limit.count(), shown),
                    {},
                    true};
  else if (now > until || drips(now, how))
    refused =
        error{errc::file_read,
              fmt::format("'{}' is slower than {} bytes a second", shown, slowest_bytes_per_s),
              {},
              true};
  return refused.has_value();
}

} // namespace pgbraid::http
