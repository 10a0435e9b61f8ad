// Four kinds of lenders.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/lent_credentials.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/printable.hpp"
#include "engine/net/child_process.hpp"
#include "storage/driver/rest/lender_answer.hpp"
#include "storage/driver/rest/web_text.hpp"
#include "storage/driver/rest/xml_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace pgbraid::s3 {

using namespace rest;

namespace {

result<std::string> asked_of(const lender& from, std::string_view shown, http::request what) {
  auto how = from.connecting;
  // Who lends keys to this host alone is asked by this host alone.
  how.proxies = from.kind == key_type::web_identity;
  return lender_answer(shown, std::move(what), how, from.limit);
}

/// @param token_name  what the token is called there
result<lent_credentials> from_json(std::string_view text, std::string_view shown,
                                   const char* token_name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto word = [&](const char* name) {
    const auto at = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && at != json.end() && at->is_string() ? at->get<std::string>()
                                                                   : std::string();
  };
  lent_credentials out{.keys = {.access_key = secret(word("AccessKeyId")),
                                .secret_key = secret(word("SecretAccessKey")),
                                .token = secret(word(token_name))},
                       .until_s = seconds_of_iso(word("Expiration"))};
  if (out.keys.access_key.empty() || out.keys.secret_key.empty())
    return no_keys(shown, "its answer holds none");
  if (!word("Expiration").empty() && !out.until_s)
    return no_keys(shown, "it does not say until when they hold");
  return out;
}

result<lent_credentials> from_instance(const lender& from) {
  constexpr std::string_view shown = "the instance metadata";
  const auto place = from.metadata_url + "/latest/meta-data/iam/security-credentials/";
  auto session = asked_of(from, shown,
                          {.method = "PUT",
                           .url = from.metadata_url + "/latest/api/token",
                           .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "300"}},
                           .body = std::make_shared<const std::vector<std::byte>>()});
  if (!session)
    return session.failure();
  const std::vector<http::header> with = {{"x-aws-ec2-metadata-token", *session}};
  auto role = from.role;
  if (role.empty()) {
    auto told = asked_of(from, shown, {.method = "GET", .url = place, .headers = with});
    if (!told)
      return told.failure();
    role = told->substr(0, told->find('\n'));
  }
  if (role.empty())
    return no_keys(shown, "this host has no role");
  auto text =
      asked_of(from, shown, {.method = "GET", .url = place + uri_encoded(role), .headers = with});
  if (!text)
    return text.failure();
  return from_json(*text, shown, "Token");
}

result<lent_credentials> from_web_identity(const lender& from) {
  const auto token = content_of_key_file(from.token_file);
  if (!token)
    return token.failure();
  const auto shown = fmt::format("'{}'", from.sts_host);
  const auto query = query_text({{"Action", "AssumeRoleWithWebIdentity"},
                                 {"RoleArn", from.role_arn},
                                 {"RoleSessionName", "pgbraid"},
                                 {"Version", "2011-06-15"},
                                 {"WebIdentityToken", *token}});
  const auto text = asked_of(from, shown, {.method = "GET", .url = from.sts_url() + "/?" + query});
  if (!text)
    return text.failure();
  const auto root = parse_xml(as_bytes(*text));
  const auto* answer = root ? root->child("AssumeRoleWithWebIdentityResult") : nullptr;
  const auto* keys = answer != nullptr ? answer->child("Credentials") : nullptr;
  if (keys == nullptr)
    return no_keys(shown, "its answer holds none");
  lent_credentials out{.keys = {.access_key = secret(keys->text_of("AccessKeyId")),
                                .secret_key = secret(keys->text_of("SecretAccessKey")),
                                .token = secret(keys->text_of("SessionToken"))},
                       .until_s = seconds_of_iso(keys->text_of("Expiration"))};
  if (out.keys.access_key.empty() || out.keys.secret_key.empty() || !out.until_s)
    return no_keys(shown, "its answer lacks a part of them");
  return out;
}

result<lent_credentials> from_pod(const lender& from) {
  constexpr std::string_view shown = "the agent of the pod";
  http::request what{.method = "GET", .url = from.pod_url};
  if (!from.token_file.empty()) {
    auto token = content_of_key_file(from.token_file);
    if (!token)
      return token.failure();
    what.headers.push_back({"authorization", std::move(*token)});
  }
  const auto text = asked_of(from, shown, std::move(what));
  if (!text)
    return text.failure();
  return from_json(*text, shown, "Token");
}

/// All that a command writes, until it closes its output.
result<std::string> output_of(net::child_process& child, std::chrono::milliseconds limit) {
  const auto until = monotonic::now() + limit;
  std::string text;
  std::array<char, 4096> room{};
  while (text.size() <= lender_answer_bytes) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - monotonic::now());
    pollfd one{child.from_child.get(), POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready == 0)
      return error{errc::execute, fmt::format("it did not end within {}ms", limit.count())};
    if (ready < 0)
      continue; // a signal came
    const auto got = ::read(child.from_child.get(), room.data(), room.size());
    if (got == 0)
      return text;
    if (got < 0 && errno != EINTR)
      return system_error(errc::execute, "its output cannot be read", errno);
    text.append(room.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
  return error{errc::execute, "its output is too long"};
}

result<lent_credentials> from_process(const lender& from) {
  const auto shown = fmt::format("command '{}'", printable_line(from.command.front()));
  auto child = net::child_process::start(from.command);
  if (!child)
    return child.failure();
  child->to_child.reset();
  auto text = output_of(*child, from.limit);
  const auto status = text ? child->wait(from.limit) : std::optional<int>();
  if (!text)
    return text.failure().within("no credentials from " + shown);
  if (status != 0)
    return error{errc::execute, fmt::format("no credentials from {}: it failed: {}", shown,
                                            printable(child->said()))};
  return from_json(*text, shown, "SessionToken");
}

} // namespace

result<lent_credentials> borrow(const lender& from) {
  switch (from.kind) {
  case key_type::instance:
    return from_instance(from);
  case key_type::web_identity:
    return from_web_identity(from);
  case key_type::pod:
    return from_pod(from);
  case key_type::process:
    return from_process(from);
  case key_type::shared:
    break;
  }
  return error{errc::assertion, "shared keys are not lent"};
}

} // namespace pgbraid::s3
