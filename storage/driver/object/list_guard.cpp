// What each page of a list has to do for the next one to be asked for.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/list_guard.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::object {

bool list_guard::goes_on(const object_page& page) {
  const bool another = std::exchange(next_, page.next) != page.next;
  if (page.objects.empty() && page.prefixes.empty())
    return another && ++empty_ <= empty_most;
  empty_ = 0;
  auto end = std::max(page.objects.empty() ? std::string() : page.objects.back().key,
                      page.prefixes.empty() ? std::string() : page.prefixes.back());
  return std::exchange(last_, end) < end;
}

} // namespace pgbraid::object
