// One switch, and what stands before each driver.
// SPDX-License-Identifier: MIT
#include "storage/open/open_storages.hpp"

#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "storage/driver/azure/azure_store.hpp"
#include "storage/driver/gcs/gcs_store.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/object/hedging_store.hpp"
#include "storage/driver/object/object_storage.hpp"
#include "storage/driver/object/read_pace.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/driver/remote/remote_storage.hpp"
#include "storage/driver/s3/s3_store.hpp"
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

const rest::place& place_of(const bucket_settings& of) {
  return std::visit([](const auto& one) -> const rest::place& { return one.at; }, of);
}

std::shared_ptr<object::object_store> made(const s3::settings& how) {
  return s3::make_s3_store(how);
}
std::shared_ptr<object::object_store> made(const gcs::settings& how) {
  return gcs::make_gcs_store(how);
}
std::shared_ptr<object::object_store> made(const azure::settings& how) {
  return azure::make_azure_store(how);
}

const std::string& name_of(const s3::settings& of) {
  return of.bucket;
}
const std::string& name_of(const gcs::settings& of) {
  return of.bucket;
}
const std::string& name_of(const azure::settings& of) {
  return of.container;
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
  case storage_kind::cifs:
    return make_cifs_storage(where.path);
  case storage_kind::sftp: {
    auto pool = pool_for(where.login, wishes);
    if (!pool)
      return pool.failure();
    return sftp::make_sftp_storage(std::move(*pool), where.path);
  }
  case storage_kind::s3:
  case storage_kind::gcs:
  case storage_kind::azure: {
    const auto& at = place_of(where.bucket);
    return object::make_object_storage(bucket_at(where.bucket), where.path,
                                       {.chunk_bytes = at.chunk_bytes, .reading = at.reading});
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

std::shared_ptr<object::object_store> open_storages::bucket_at(const bucket_settings& of) {
  const std::lock_guard held(mutex_);
  std::erase_if(buckets_, [](const auto& known) { return known.second.expired(); });
  for (const auto& [settings, known] : buckets_)
    if (auto one = settings == of ? known.lock() : nullptr)
      return one;
  auto one = object::make_hedging_store(
      std::visit([](const auto& settings) { return made(settings); }, of));
  buckets_.emplace_back(of, one);
  const auto& at = place_of(of);
  const auto shared_bytes = http::buffer_bytes * at.connecting.connections +
                            at.reading.piece_bytes * object::second_reads_most;
  log::debug("memory budget: {} for each object that is read, {} for each that is written, and {} "
             "more, over up to {} connections to bucket '{}'",
             format_size(at.reading.piece_bytes * at.reading.pieces),
             format_size(object::writer_bytes(at.chunk_bytes)), format_size(shared_bytes),
             at.connecting.connections,
             std::visit([](const auto& settings) { return name_of(settings); }, of));
  return one;
}

std::unique_ptr<storage> open_storages::memory_at(const std::string& path) {
  const std::lock_guard held(mutex_);
  auto& one = memories_[path];
  if (!one)
    one = std::make_shared<memory_storage>(path);
  return std::make_unique<forwarding_storage>(one);
}

} // namespace pgbraid
