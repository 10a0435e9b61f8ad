// Choosing, counting and dropping sources.
// SPDX-License-Identifier: MIT
#include "actors/backup/source_set.hpp"

#include "engine/base/log.hpp"
#include "engine/base/units.hpp"

#include <algorithm>

namespace pgbraid {

source_lease::source_lease(source_set& of, size_t source, uint64_t bytes)
    : of_(&of), source_(source), asked_bytes_(bytes) {}

source_lease::source_lease(source_lease&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)), source_(other.source_),
      asked_bytes_(other.asked_bytes_), done_bytes_(other.done_bytes_),
      done_files_(other.done_files_) {}

source_lease& source_lease::operator=(source_lease&& other) noexcept {
  if (this == &other)
    return *this;
  end();
  of_ = std::exchange(other.of_, nullptr);
  source_ = other.source_;
  asked_bytes_ = other.asked_bytes_;
  done_bytes_ = other.done_bytes_;
  done_files_ = other.done_files_;
  return *this;
}

source_lease::~source_lease() {
  end();
}

void source_lease::delivered(uint64_t plain_bytes) {
  done_bytes_ += plain_bytes;
  ++done_files_;
}

void source_lease::end() {
  if (auto* of = std::exchange(of_, nullptr))
    of->end(source_, asked_bytes_, done_bytes_, done_files_);
}

source_set::source_set(std::vector<backup_source> sources, wire::copy_rules rules, bool fall_back)
    : described_(std::move(sources)), fall_back_(fall_back) {
  assert(std::ranges::count(described_, false, &backup_source::standby) == 1);
  for (const auto& one : described_) {
    assert((one.local != nullptr) != (one.host != nullptr));
    has_standby_ = has_standby_ || one.standby;
    auto& added = sources_.emplace_back();
    added.about = one;
    if (one.host)
      added.client = std::make_unique<copy_client>(one.host, rules);
  }
}

void source_set::allow_blocks(uint64_t memory_bytes) {
  for (auto& one : sources_)
    if (one.client)
      one.client->allow_blocks(memory_bytes);
}

std::optional<size_t> source_set::pick(bool standby, uint64_t bytes) const {
  std::vector<plan::source_load> loads;
  const auto now = monotonic::now();
  for (const auto& one : sources_) {
    auto& load = loads.emplace_back(one.load);
    load.usable = !one.lost && one.about.standby == standby;
    if (one.leases > 0)
      load.busy_s += std::chrono::duration<double>(now - one.busy_since).count();
  }
  return plan::choose_source(loads, bytes);
}

result<source_lease> source_set::choose(bool for_standby, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool standby = for_standby && has_standby_;
  auto chosen = pick(standby, bytes);
  if (!chosen && standby && fall_back_)
    chosen = pick(false, bytes);
  if (!chosen) {
    const auto lost = std::ranges::find_if(
        sources_, [standby](const state& one) { return one.lost && one.about.standby == standby; });
    return lost->lost->within(lost->about.name);
  }
  return begin(*chosen, bytes);
}

source_lease source_set::begin(size_t source, uint64_t bytes) {
  auto& at = sources_[source];
  if (at.leases++ == 0)
    at.busy_since = monotonic::now();
  at.load.in_flight_bytes += bytes;
  return {*this, source, bytes};
}

source_lease source_set::lease(size_t source, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  return begin(source, bytes);
}

void source_set::end(size_t source, uint64_t asked_bytes, uint64_t done_bytes,
                     uint64_t done_files) {
  const std::lock_guard lock(mutex_);
  auto& at = sources_[source];
  at.load.in_flight_bytes -= asked_bytes;
  at.load.done_bytes += done_bytes;
  at.files += done_files;
  if (--at.leases == 0)
    at.load.busy_s += std::chrono::duration<double>(monotonic::now() - at.busy_since).count();
}

void source_set::drop(size_t source, const error& why) {
  const std::lock_guard lock(mutex_);
  auto& at = sources_[source];
  if (at.lost)
    return;
  at.lost = why;
  const bool others = pick(at.about.standby, 0).has_value();
  if (others || (at.about.standby && fall_back_))
    log::warn("{} is lost, its files are read from {}: {}", at.about.name,
              others ? "the other standbys" : "the primary", why.message);
}

bool source_set::is_dropped(size_t source) const {
  const std::lock_guard lock(mutex_);
  return sources_[source].lost.has_value();
}

const cluster_files* source_set::local_files() const {
  const auto found = std::ranges::find_if(
      described_, [](const backup_source& one) { return one.local != nullptr; });
  return found == described_.end() ? nullptr : found->local;
}

size_t source_set::primary() const {
  const auto found = std::ranges::find(described_, false, &backup_source::standby);
  return static_cast<size_t>(found - described_.begin());
}

bool source_set::reads_here(bool for_standby) const {
  return std::ranges::any_of(described_, [&](const backup_source& one) {
    return one.local != nullptr && one.standby == (for_standby && has_standby_);
  });
}

std::vector<std::string> source_set::hosts() const {
  std::vector<std::string> out;
  for (const auto& one : described_)
    out.push_back(one.host ? one.host->name() : std::string());
  return out;
}

bool source_set::has_remote() const {
  return std::ranges::any_of(described_, [](const auto& one) { return one.host != nullptr; });
}

source_set::total source_set::done(size_t source) const {
  const std::lock_guard lock(mutex_);
  return {sources_[source].files, sources_[source].load.done_bytes};
}

void source_set::log_totals() const {
  for (size_t i = 0; i < described_.size(); ++i) {
    const auto came = done(i);
    log::detail("{} file(s), {} came from {}", came.files, format_size(came.bytes),
                described_[i].name);
  }
}

} // namespace pgbraid
