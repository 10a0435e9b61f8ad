// Requests that carry content: reading and writing one file, reading many small ones, removing
// many, listing. SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/exchange_work.hpp"
#include "actors/serve/served_roots.hpp"
#include "engine/base/secret.hpp"

namespace pgbraid::serve {

std::unique_ptr<work> make_read_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_write_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_small_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_removal_work(std::unique_ptr<link::exchange> asked,
                                        std::shared_ptr<served_roots> roots);
std::unique_ptr<work> make_list_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots);
/// repo/read-info and repo/write-info: info files as their text. Null for other paths.
/// @param pass  of the repository; empty: it is not encrypted
std::unique_ptr<work> make_info_work(std::unique_ptr<link::exchange>& asked,
                                     std::shared_ptr<served_roots> roots, const secret& pass);

/// What of a client's options counts. Whoever may write a backup may not say who else may read or
/// run it; and a hint is somebody else's word, which must not reserve or align anything here.
write_options served_options(const write_options& asked);

} // namespace pgbraid::serve
