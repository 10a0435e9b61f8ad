// What to look at when another host cannot be reached over TLS.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <string>

namespace pgbraid::cli {

/// How the other host was to be reached, in the words of the configuration.
struct tls_way {
  std::string prefix; ///< of the options: `repo1-host` or `pg1-host`
  std::string host;
  std::string port;
  std::string cert_file;
  std::string ca_file; ///< empty: the system's
  std::string stanza;  ///< empty: none
};

/// The same error with a hint that fits its cause: each names the line to set or the command to
/// try. An error that has a hint of its own keeps it.
error with_hint(error what, const tls_way& way);

} // namespace pgbraid::cli
