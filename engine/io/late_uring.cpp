// The functions of liburing that we call, each passed on to the library; most of it is in its
// header.
//
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <liburing.h>

namespace {

using pgbraid::late_library;

late_library& liburing() {
  static late_library one("liburing.so.2");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_5(liburing(), __io_uring_get_cqe)
PGBRAID_LATE_1(liburing(), io_uring_free_probe)
PGBRAID_LATE_1(liburing(), io_uring_get_probe_ring)
PGBRAID_LATE_1(liburing(), io_uring_queue_exit)
PGBRAID_LATE_3(liburing(), io_uring_queue_init)
PGBRAID_LATE_2(liburing(), io_uring_register_files_sparse)
PGBRAID_LATE_1(liburing(), io_uring_submit)
// clang-format on

} // extern "C"
