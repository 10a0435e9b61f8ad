// The functions of expat that we call, each passed on to the library.
// SPDX-License-Identifier: MIT

#include "engine/base/late_function.hpp"

#include <expat.h>

namespace {

/// The interface has had this number since expat 2.0.
pgbraid::late_library& libexpat() {
  static pgbraid::late_library one("libexpat.so.1");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_1(libexpat(), XML_ErrorString)
PGBRAID_LATE_1(libexpat(), XML_GetErrorCode)
PGBRAID_LATE_4(libexpat(), XML_Parse)
PGBRAID_LATE_1(libexpat(), XML_ParserCreate)
PGBRAID_LATE_1(libexpat(), XML_ParserFree)
PGBRAID_LATE_2(libexpat(), XML_SetCharacterDataHandler)
PGBRAID_LATE_3(libexpat(), XML_SetElementHandler)
PGBRAID_LATE_2(libexpat(), XML_SetStartDoctypeDeclHandler)
PGBRAID_LATE_2(libexpat(), XML_SetUserData)
PGBRAID_LATE_2(libexpat(), XML_StopParser)
// clang-format on

} // extern "C"
