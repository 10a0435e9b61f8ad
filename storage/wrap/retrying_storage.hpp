// A storage that asks again where that may help.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "storage/wrap/each_verb.hpp"

namespace pgbraid {

/// Asks until it succeeds, fails for good, or was asked often enough.
template <class Call> auto retried(const retry_policy& how, Call call) {
  retry tries(how);
  while (true) {
    auto done = call();
    if (done || !done.failure().transient || !tries.again())
      return done;
  }
}

/// After a failure that the driver calls transient the same is asked again, as often and after such
/// pauses as the policy has them. Only what can be done twice without harm is:
/// - looking, opening, making, removing, syncing, setting attributes: always;
/// - moving and linking: while a look shows that it was not done. Otherwise the failure is
/// returned,
///   since the file that is there may be another's;
/// - reading: the file is opened again where it was. Nobody looks whether it is the same file: its
///   reader has a checksum, or the driver its own way.
/// What was written is gone with its writer, so writing and committing are not repeated. As safe to
/// share between threads as what is behind.
class retrying_storage final : public each_verb<retrying_storage> {
public:
  retrying_storage(std::shared_ptr<storage> base, const retry_policy& how)
      : each_verb(std::move(base)), how_(how) {}

  template <class Call> auto around(storage_verb, std::string_view, Call call) {
    return retried(how_, call);
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;

private:
  const retry_policy how_;
};

} // namespace pgbraid
