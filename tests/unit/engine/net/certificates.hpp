// Certificates made for one test, in PEM files.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/net/tls_context.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace pgbraid::test {

struct certificate_wish {
  std::string name;
  std::vector<std::string> common_names;
  std::string alternative_names = {}; ///< `DNS:localhost,IP:127.0.0.1`
  long valid_from_s = -3600;
  long valid_to_s = 3600;
};

/// A certificate authority; its own certificate is `<name>.crt` in the directory.
class authority {
public:
  authority(const scratch& in, const std::string& name);

  /// Makes `<wish.name>.crt` and `.key`.
  void issue(const certificate_wish& wish);
  /// Appends a list that revokes what was issued under that name to the authority's own file.
  void revoke(const std::string& name);

  std::string file(const std::string& name) const { return in_ / name; }
  /// Identity and authority for one end.
  net::tls_files files(const std::string& name) const {
    return {.cert_file = file(name + ".crt"),
            .key_file = file(name + ".key"),
            .ca_file = file(name_ + ".crt")};
  }

private:
  using key_handle = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using x509_handle = std::unique_ptr<X509, decltype(&X509_free)>;
  x509_handle make(const certificate_wish& wish, EVP_PKEY* key, bool is_authority);
  void write(const std::string& name, X509* certificate, EVP_PKEY* key) const;

  const scratch& in_;
  std::string name_;
  long serial_ = 0;
  key_handle key_;
  x509_handle certificate_;
};

} // namespace pgbraid::test
