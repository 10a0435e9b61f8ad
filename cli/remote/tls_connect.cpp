// A TLS connection to the server of another host.
// SPDX-License-Identifier: MIT
#include "cli/remote/tls_connect.hpp"

namespace pgbraid::cli {

result<std::unique_ptr<link::transport>> tls_connect(const config::options&, config::option_group,
                                                     size_t) {
  return error{errc::feature_not_supported, "TLS is not supported yet"};
}

} // namespace pgbraid::cli
