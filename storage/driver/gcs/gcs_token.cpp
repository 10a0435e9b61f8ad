// Three kinds of lenders.
// SPDX-License-Identifier: MIT
#include "storage/driver/gcs/gcs_token.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/printable.hpp"
#include "engine/codec/message_digest.hpp"
#include "engine/codec/rsa_signature.hpp"
#include "storage/driver/rest/lender_answer.hpp"
#include "storage/driver/rest/protocol.hpp"
#include "storage/driver/rest/token_answer.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgbraid::gcs {

using namespace rest;

namespace {

constexpr std::string_view wanted_scope = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr int64_t claim_life_s = 3600;

std::string text_in(const nlohmann::json& in, const char* name) {
  const auto at = in.is_object() ? in.find(name) : in.end();
  return in.is_object() && at != in.end() && at->is_string() ? at->get<std::string>()
                                                             : std::string();
}

/// It is sent a secret: to a host that is known by its certificate.
bool is_safe(std::string_view token_url) {
  return token_url.starts_with("https://") &&
         token_url.find_first_of(" \t\r\n\"'\\") == std::string_view::npos;
}

error no_key_file(std::string_view why) {
  return {errc::format, fmt::format("the key file is not understood: {}", why),
          "Option repo-gcs-key names a key file in JSON, as Google gives it out."};
}

result<lent<secret>> for_form(const lender& from, const std::string& url,
                              const query_fields& form) {
  const auto shown = fmt::format("'{}'", printable_line(url));
  auto text = lender_answer(shown,
                            {.method = "POST",
                             .url = url,
                             .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                             .body = body_of(query_text(form))},
                            from.connecting, from.limit);
  if (!text) {
    auto why = text.failure();
    if (why.hint.empty() && why.code == errc::protocol)
      why.hint =
          "Is repo-gcs-key the file of an account that still exists, and is the clock of this "
          "host right?";
    return why;
  }
  return token_answer(*text, shown);
}

result<lent<secret>> from_service(const lender& from) {
  const auto text = content_of_key_file(from.key_file);
  if (!text)
    return text.failure();
  const auto key = service_account(*text);
  if (!key)
    return key.failure();
  const auto claim = signed_claim(*key, wall_s());
  if (!claim)
    return claim.failure();
  return for_form(
      from, key->token_url,
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", *claim}});
}

result<lent<secret>> from_web_identity(const lender& from) {
  const auto text = content_of_key_file(from.key_file);
  if (!text)
    return text.failure();
  const auto key = external_account(*text);
  if (!key)
    return key.failure();
  const auto token = content_of_key_file(key->token_file); // each time anew: somebody renews it
  if (!token)
    return token.failure();
  return for_form(from, key->token_url,
                  {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                   {"audience", key->audience},
                   {"scope", std::string(wanted_scope)},
                   {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                   {"subject_token_type", key->subject_token_type},
                   {"subject_token", *token}});
}

result<lent<secret>> from_instance(const lender& from) {
  constexpr std::string_view shown = "the instance metadata";
  auto how = from.connecting;
  how.proxies = false; // who lends to this host alone is asked by this host alone
  auto text = lender_answer(
      shown,
      {.method = "GET",
       .url = from.metadata_url + "/computeMetadata/v1/instance/service-accounts/default/token",
       .headers = {{"metadata-flavor", "Google"}}},
      how, from.limit);
  if (!text)
    return text.failure();
  return token_answer(*text, shown);
}

} // namespace

result<key_file> service_account(std::string_view text) {
  const auto root = nlohmann::json::parse(text, nullptr, false);
  if (text_in(root, "type") != "service_account")
    return no_key_file("it is of no service account");
  key_file out{.client_email = text_in(root, "client_email"),
               .private_key = secret(text_in(root, "private_key")),
               .token_url = text_in(root, "token_uri")};
  if (out.client_email.empty() || out.private_key.empty() || out.token_url.empty())
    return no_key_file("it lacks client_email, private_key or token_uri");
  if (!is_safe(out.token_url))
    return no_key_file("its token_uri does not begin with https://");
  return out;
}

result<key_file> external_account(std::string_view text) {
  const auto root = nlohmann::json::parse(text, nullptr, false);
  if (text_in(root, "type") != "external_account")
    return no_key_file("it is of no external account");
  if (root.contains("service_account_impersonation_url"))
    return error{errc::feature_not_supported,
                 "external accounts that take on a service account are not supported"};
  const auto source = root.find("credential_source");
  key_file out{.token_url = text_in(root, "token_url"),
               .audience = text_in(root, "audience"),
               .subject_token_type = text_in(root, "subject_token_type"),
               .token_file = source == root.end() ? std::string() : text_in(*source, "file")};
  if (out.token_file.empty())
    return error{errc::feature_not_supported,
                 "external accounts whose token is not in a file are not supported"};
  const auto format = source->find("format");
  if (format != source->end() && text_in(*format, "type") != "text")
    return error{errc::feature_not_supported,
                 "external accounts whose token is not a text are not supported"};
  if (out.token_url.empty() || out.audience.empty() || out.subject_token_type.empty())
    return no_key_file("it lacks token_url, audience or subject_token_type");
  if (!is_safe(out.token_url))
    return no_key_file("its token_url does not begin with https://");
  return out;
}

result<std::string> signed_claim(const key_file& of, int64_t now_s) {
  const nlohmann::json head = {{"alg", "RS256"}, {"typ", "JWT"}};
  const nlohmann::json claim = {{"iss", of.client_email},
                                {"scope", wanted_scope},
                                {"aud", of.token_url},
                                {"iat", now_s},
                                {"exp", now_s + claim_life_s}};
  const auto part = [](const nlohmann::json& of_it) {
    return codec::to_base64url(
        as_bytes(of_it.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  };
  const auto text = part(head) + "." + part(claim);
  const auto signature = codec::rs256_signature(of.private_key, as_bytes(text));
  if (!signature)
    return signature.failure();
  return text + "." + codec::to_base64url(*signature);
}

result<lent<secret>> borrow(const lender& from) {
  switch (from.kind) {
  case key_type::service:
    return from_service(from);
  case key_type::instance:
    return from_instance(from);
  case key_type::web_identity:
    return from_web_identity(from);
  case key_type::token:
    break;
  }
  return error{errc::assertion, "a token of the options is not lent"};
}

} // namespace pgbraid::gcs
