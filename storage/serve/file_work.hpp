// Requests that carry content: reading and writing one file, reading many small ones, listing.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/serve/exchange_work.hpp"
#include "storage/serve/served_roots.hpp"

namespace pgbraid::serve {

std::unique_ptr<work> make_read_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_write_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_small_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_list_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots);

} // namespace pgbraid::serve
