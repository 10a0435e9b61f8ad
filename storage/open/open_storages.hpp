// From a location to a storage: the one place that knows the kinds.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "storage/open/location.hpp"
#include "storage/wrap/dry_run_storage.hpp"
#include "storage/wrap/fault_plan.hpp"
#include "storage/wrap/metered_storage.hpp"
#include "storage/wrap/throttled_storage.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid::sftp {
class session_pool;
}

namespace pgbraid::object {
class object_store;
}

namespace pgbraid {

class memory_storage;

/// How a storage will be used, and what is to stand before it. Each wrapper is there when it is
/// asked for: from the driver outwards faults, meter, throttle, retry, dry run.
struct storage_wishes {
  size_t workers = 1;      ///< that use it at the same time
  bool moves_much = false; ///< whole clusters
  /// What the files of a worker may hold that are being completed; for the line about memory.
  uint64_t settling_bytes = 0;
  std::shared_ptr<fault_plan> faults = {};
  std::shared_ptr<storage_meter> meter = {};
  std::shared_ptr<throttle> limit = {};
  std::optional<retry_policy> retry = {};
  dry_run_storage::sayer dry_run = {};
};

/// Opens storages, and keeps what those of one process share: the sessions of one login and the
/// connections to one bucket, for as long as a storage uses them, and what memory storages hold.
/// Outlived by what it opened.
/// Thread-safe.
class open_storages {
public:
  /// A session of its own is made where there is none yet, which fails as `sftp::log_in` does; the
  /// root need not exist. `feature_not_supported` for a kind that it does not know.
  result<std::unique_ptr<storage>> open_storage(const location& where,
                                                const storage_wishes& wishes = {});

private:
  result<std::unique_ptr<storage>> driver_for(const location& where, const storage_wishes& wishes);
  result<std::shared_ptr<sftp::session_pool>> pool_for(const sftp::login& to,
                                                       const storage_wishes& wishes);
  std::shared_ptr<object::object_store> bucket_at(const bucket_settings& of);
  std::unique_ptr<storage> memory_at(const std::string& path);

  std::mutex mutex_; ///< guards what follows
  std::map<std::string, std::weak_ptr<sftp::session_pool>> pools_;
  std::vector<std::pair<bucket_settings, std::weak_ptr<object::object_store>>> buckets_;
  std::map<std::string, std::shared_ptr<memory_storage>> memories_;
};

} // namespace pgbraid
