// Exceptions as errors.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <type_traits>

namespace pgbraid {

/// What `work` returns, which is a result. Where it throws that is an error, too: `memory` (94) or
/// `unhandled` (124). An exception that leaves a thread would end the process on the spot.
template <class Work> auto caught(const Work& work) -> std::invoke_result_t<const Work&> {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return error{errc::memory, "out of memory"};
  } catch (const std::exception& problem) {
    return error{errc::unhandled, fmt::format("unexpected failure: {}", problem.what())};
  }
}

} // namespace pgbraid
