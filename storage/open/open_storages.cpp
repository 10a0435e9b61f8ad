// One switch, and what stands before each driver.
// SPDX-License-Identifier: MIT
#include "storage/open/open_storages.hpp"

#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/driver/remote/remote_storage.hpp"
#include "storage/driver/sftp/open_pool.hpp"
#include "storage/driver/sftp/sftp_storage.hpp"
#include "storage/wrap/faulty_storage.hpp"
#include "storage/wrap/retrying_storage.hpp"

namespace pgbraid {

namespace {

std::unique_ptr<storage> wrapped(std::unique_ptr<storage> driver, const storage_wishes& wishes) {
  if (wishes.faults)
    driver = std::make_unique<faulty_storage>(std::move(driver), wishes.faults);
  if (wishes.meter)
    driver = std::make_unique<metered_storage>(std::move(driver), wishes.meter);
  if (wishes.limit)
    driver = std::make_unique<throttled_storage>(std::move(driver), wishes.limit);
  if (wishes.retry)
    driver = std::make_unique<retrying_storage>(std::move(driver), *wishes.retry);
  if (wishes.dry_run)
    driver = std::make_unique<dry_run_storage>(std::move(driver), wishes.dry_run);
  return driver;
}

} // namespace

result<std::unique_ptr<storage>> open_storages::open_storage(const location& where,
                                                             const storage_wishes& wishes) {
  auto driver = driver_for(where, wishes);
  if (!driver)
    return driver;
  return wrapped(std::move(*driver), wishes);
}

result<std::unique_ptr<storage>> open_storages::driver_for(const location& where,
                                                           const storage_wishes& wishes) {
  switch (where.kind) {
  case storage_kind::posix:
    return make_posix_storage(where.path);
  case storage_kind::sftp: {
    auto pool = pool_for(where.login, wishes);
    if (!pool)
      return pool.failure();
    return sftp::make_sftp_storage(std::move(*pool), where.path);
  }
  case storage_kind::remote:
    return remote::make_remote_storage(where.host, where.served_root, where.path, where.infos);
  case storage_kind::memory:
    return memory_at(where.path);
  }
  return error{errc::feature_not_supported, "there is no storage driver of kind " +
                                                std::to_string(static_cast<unsigned>(where.kind))};
}

result<std::shared_ptr<sftp::session_pool>> open_storages::pool_for(const sftp::login& to,
                                                                    const storage_wishes& wishes) {
  const auto name = sftp::pool_name(to);
  {
    const std::lock_guard held(mutex_);
    if (auto pool = pools_[name].lock())
      return pool;
  }
  // Without the lock: a login may take long, and others go elsewhere.
  auto made = sftp::open_pool(to, {.workers = wishes.workers,
                                   .moves_much = wishes.moves_much,
                                   .settling_bytes = wishes.settling_bytes});
  if (made) {
    const std::lock_guard held(mutex_);
    pools_[name] = *made;
  }
  return made;
}

std::unique_ptr<storage> open_storages::memory_at(const std::string& path) {
  const std::lock_guard held(mutex_);
  auto& one = memories_[path];
  if (!one)
    one = std::make_shared<memory_storage>(path);
  return std::make_unique<forwarding_storage>(one);
}

} // namespace pgbraid
