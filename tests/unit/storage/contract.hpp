// What all parts of the contract suite need: every driver, and every wrapper before the memory
// driver. SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/actors/serve/remote_rig.hpp"
#include "tests/unit/storage/object_rigs.hpp"
#include "tests/unit/storage/rigs.hpp"
#include "tests/unit/storage/sftp_rig.hpp"
#include "tests/unit/storage/wrap/wrapped_rigs.hpp"

#define LINKING_RIGS                                                                               \
  memory_rig, posix_rig, posix_by_segment_rig, posix_ring_rig, posix_threads_rig, sftp_rig
#define OWN_RIGS LINKING_RIGS, cifs_rig
/// A dry run is none of them: what it says it did is not to be found (dry_run_storage_test.cpp).
#define WRAPPED_RIGS faulty_rig, metered_rig, retrying_rig, throttled_rig
#define LOCAL_RIGS OWN_RIGS, WRAPPED_RIGS
/// Where somebody may have made a link, even if not the driver.
#define PATH_RIGS LOCAL_RIGS, remote_rig
#define OBJECT_RIGS object_rig, object_in_parts_rig, remote_object_rig
#define ALL_RIGS PATH_RIGS, OBJECT_RIGS

namespace pgbraid::test {

using names = std::vector<std::string>;

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK_FALSE(what.failure().message.empty());
  CHECK_FALSE(what.failure().transient); // nothing here passes by itself
  return what.failure().code;
}

inline entry_info info_of(storage& in, std::string_view path) {
  auto found = in.info(path);
  REQUIRE(found);
  REQUIRE(found->has_value());
  return **found;
}

inline bool exists(storage& in, std::string_view path) {
  auto found = in.info(path);
  REQUIRE(found);
  return found->has_value();
}

/// Makes a link, on the host of the files where the driver would not.
template <class Rig> void plant(Rig& on, const std::string& path, const std::string& destination) {
  if constexpr (requires { on.plant(path, destination); })
    on.plant(path, destination);
  else
    REQUIRE(on.repo.make_symlink(path, destination));
}

/// Whether the list of a file is no list. Without paths a file is nothing but a name: there may be
/// others below it.
template <class T> bool lists_nothing(storage& in, const result<std::optional<T>>& listed) {
  return in.features().paths ? code_of(listed) == errc::path_open : listed && !*listed;
}

inline std::string read(storage& in, std::string_view path, const read_options& options = {}) {
  auto file = in.open_read(path, options);
  REQUIRE(file);
  std::string all;
  std::string piece(100003, '\0');
  while (true) {
    auto got = (*file)->read(std::as_writable_bytes(std::span(piece)));
    REQUIRE(got);
    if (*got == 0)
      return all;
    all.append(piece, 0, *got);
  }
}

} // namespace pgbraid::test
