// A storage that fails when a plan says so; for tests.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/wrap/each_verb.hpp"
#include "storage/wrap/fault_plan.hpp"

namespace pgbraid {

/// Asks the plan before it asks the storage behind. Files are whole or torn as the plan says, and
/// what was planned to fail is not done: the commit of an atomic file goes on to what is behind
/// only with the first question whether it is done, so that a fault of `publish` comes before the
/// name.
class faulty_storage : public each_verb<faulty_storage> {
public:
  faulty_storage(std::shared_ptr<storage> base, std::shared_ptr<fault_plan> plan)
      : each_verb(std::move(base)), plan_(std::move(plan)) {}

  template <class Call> auto around(storage_verb verb, std::string_view path, Call call) {
    if (auto fault = plan_->trip(verb, path))
      return decltype(call())(std::move(fault->failure));
    return call();
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override;
  /// Of several names each is a use of its own: those before the one that fails are done.
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override;
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode = 0750) override;
  result<void> remove_files(std::span<const std::string> paths) override;
  result<void> sync_many_paths(std::span<const std::string> paths) override;
  /// Each file is opened and read, as far as the plan is concerned.
  void read_small(std::span<small_read> files, io::io_engine* engine) override;

private:
  /// How many of the paths come before a fault, and that fault.
  struct reach {
    size_t count;
    std::optional<error> then;
  };
  reach reach_of(storage_verb verb, std::span<const std::string> paths);
  result<std::unique_ptr<io::reader>> guarded(std::string_view path,
                                              result<std::unique_ptr<io::reader>> opened) const;

  const std::shared_ptr<fault_plan> plan_;
};

} // namespace pgbraid
