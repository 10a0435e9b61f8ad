// Loading a shared library when it is needed.
// SPDX-License-Identifier: MIT
#include "engine/base/late_library.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace pgbraid {

result<void> late_library::load() {
  const std::lock_guard lock(loading_);
  if (handle_ == nullptr)
    handle_ = ::dlopen(name_.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle_ != nullptr)
    return success();
  const char* why = ::dlerror();
  return error{errc::file_missing,
               "unable to load library '" + name_ + "': " + (why == nullptr ? "unknown" : why)};
}

void* late_library::function(const char* name) const {
  void* found = handle_ == nullptr ? nullptr : ::dlsym(handle_, name);
  if (found == nullptr) {
    std::fprintf(stderr, "function '%s' is missing in library '%s'\n", name, name_.c_str());
    std::abort();
  }
  return found;
}

} // namespace pgbraid
