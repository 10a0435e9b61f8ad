// Certificates made for one test.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/net/certificates.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>

namespace pgbraid::test {

namespace {

struct close_file {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, close_file>;

file_handle open(const std::string& path, const char* mode) {
  file_handle file(std::fopen(path.c_str(), mode));
  REQUIRE(file);
  return file;
}

EVP_PKEY* new_key() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  REQUIRE(key);
  return key;
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str());
  REQUIRE(extension);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

} // namespace

authority::authority(const scratch& in, const std::string& name)
    : in_(in), name_(name), key_(new_key(), EVP_PKEY_free), certificate_(nullptr, X509_free) {
  certificate_ = make({.name = name, .common_names = {name}}, key_.get(), true);
  write(name, certificate_.get(), key_.get());
}

authority::x509_handle authority::make(const certificate_wish& wish, EVP_PKEY* key,
                                       bool is_authority) {
  x509_handle out(X509_new(), X509_free);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial_);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), wish.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), wish.valid_to_s);
  X509_set_pubkey(out.get(), key);
  auto* subject = X509_get_subject_name(out.get());
  for (const auto& name : wish.common_names)
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
  auto* issuer = is_authority ? out.get() : certificate_.get();
  X509_set_issuer_name(out.get(), X509_get_subject_name(issuer));
  if (is_authority)
    add_extension(out.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
  if (!wish.alternative_names.empty())
    add_extension(out.get(), issuer, NID_subject_alt_name, wish.alternative_names);
  REQUIRE(X509_sign(out.get(), key_.get(), EVP_sha256()) > 0);
  return out;
}

void authority::write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
  PEM_write_X509(open(file(name + ".crt"), "w").get(), certificate);
  PEM_write_PrivateKey(open(file(name + ".key"), "w").get(), key, nullptr, nullptr, 0, nullptr,
                       nullptr);
  std::filesystem::permissions(file(name + ".key"), std::filesystem::perms(0600));
}

void authority::issue(const certificate_wish& wish) {
  const key_handle key(new_key(), EVP_PKEY_free);
  write(wish.name, make(wish, key.get(), false).get(), key.get());
}

void authority::revoke(const std::string& name) {
  const x509_handle doomed(
      PEM_read_X509(open(file(name + ".crt"), "r").get(), nullptr, nullptr, nullptr), X509_free);
  REQUIRE(doomed);
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> now(X509_gmtime_adj(nullptr, -60),
                                                                  ASN1_TIME_free);
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> later(X509_gmtime_adj(nullptr, 3600),
                                                                    ASN1_TIME_free);
  X509_CRL_set1_lastUpdate(list.get(), now.get());
  X509_CRL_set1_nextUpdate(list.get(), later.get());
  X509_REVOKED* entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(doomed.get()));
  X509_REVOKED_set_revocationDate(entry, now.get());
  X509_CRL_add0_revoked(list.get(), entry);
  REQUIRE(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
  PEM_write_X509_CRL(open(file(name_ + ".crt"), "a").get(), list.get());
}

} // namespace pgbraid::test
