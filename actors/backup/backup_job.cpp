// Dealing the files of a backup and completing the manifest.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_job.hpp"

#include "actors/backup/backup_task.hpp"
#include "actors/backup/remote_batch.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/units.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/backup_changes.hpp"
#include "engine/plan/block_notes.hpp"
#include "engine/postgres/exclusion.hpp"

#include <algorithm>

namespace pgbraid {

namespace {

/// No writer cuts larger ones; one that is put together is held in memory.
constexpr uint32_t block_limit_bytes = uint32_t{16} << 20;
wire::copied_blocks wire_blocks_of(const block_wish& wish) {
  return {.block_bytes = wish.block_bytes,
          .checksum_bytes = wish.checksum_bytes,
          .super_bytes = wish.super_bytes};
}

/// A file that was much larger has a map that is not small.
bool fits_batch(const format::manifest_file& file, const std::optional<block_wish>& blocks) {
  const auto* const before = blocks ? blocks->before : nullptr;
  return file.size_bytes <= remote_batch::largest_bytes &&
         (before == nullptr ||
          before->size_bytes <= remote_batch::growth_limit_bytes(file.size_bytes));
}

std::string page_list(const std::vector<codec::page_range>& bad) {
  std::string out;
  for (const auto& run : bad) {
    out += out.empty() ? "" : ", ";
    out += run.first == run.last ? fmt::format("{}", run.first)
                                 : fmt::format("{}-{}", run.first, run.last);
  }
  return out;
}

} // namespace

wire::copy_rules copy_rules_of(const backup_settings& settings, const secret& cipher_pass) {
  return {.file = {.compression = settings.compression,
                   .compress_level = settings.compress_level,
                   .gz = settings.gz,
                   .cipher_pass = cipher_pass,
                   .checksum_page = settings.checksum_page,
                   .page_bytes = settings.page_bytes,
                   .page_header_check = settings.page_header_check,
                   .raw_members = settings.raw_members},
          .fuse = settings.fuse,
          .workers = settings.workers_per_link};
}

backup_job::backup_job(format::manifest& into, const cluster_files& names, source_set& from,
                       repository& to, backup_settings settings, backup_hooks hooks)
    : manifest_(into), sources_(from), names_(names), repo_(to), settings_(std::move(settings)),
      hooks_(std::move(hooks)), rules_(copy_rules_of(settings_, manifest_.cipher_pass).file) {
  std::vector<plan::file_weight> weights;
  weights.reserve(manifest_.files.size());
  for (uint32_t i = 0; i < manifest_.files.size(); ++i) {
    const auto& file = manifest_.files[i];
    if (file.reference != format::none_index)
      continue;
    if (is_resumed(i, plan::resumed_file::kept)) {
      touch(file);
      continue;
    }
    if (file.size_bytes == 0 && settings_.rules.bundle)
      continue; // of which nothing is stored
    weights.push_back({i, file.size_bytes, file.mtime_s, file.name, names_.queue_of(file.name)});
    total_bytes_ += file.size_bytes;
    if (const auto wish = blocks_of(file))
      note_memory(file, *wish);
  }
  if (rules_.blocks)
    sources_.allow_blocks(served_memory_);
  batches_ = plan::deal_backup(std::move(weights), settings_.rules);
}

/// What a file in blocks takes, here and where it lies.
void backup_job::note_memory(const format::manifest_file& file, const block_wish& wish) {
  rules_.blocks = true;
  const auto before = wish.before != nullptr ? wish.before->size_bytes : 0;
  const auto blocks = std::max(file.size_bytes, before) / wish.block_bytes + 1;
  served_memory_ = std::max(
      served_memory_, served_block_memory(wire_blocks_of(wish), before / wish.block_bytes + 1));
  const auto notes =
      sources_.has_remote() ? plan::memory_of_block_notes(blocks, wish.checksum_bytes) : 0;
  block_memory_ =
      std::max(block_memory_,
               wish.super_bytes + notes + plan::memory_of_block_delta(blocks, wish.checksum_bytes));
}

backup_job::~backup_job() = default;

graph::job_shape backup_job::shape() const {
  auto out = copy_shape(rules_);
  out.bundle = settings_.rules.bundle;
  out.file_count = manifest_.files.size();
  out.plain_bytes = total_bytes_;
  out.data_hosts = sources_.hosts();
  for (const auto& batch : batches_)
    out.bundled_bytes += batch.bundle_id != 0 ? batch.plain_bytes : 0;
  return out;
}

graph::task_use backup_job::use(bool repository_here) const {
  // From other hosts: a window and the next one, of the primary and of a standby; with the maps of
  // their files.
  const uint64_t remote_windows = sources_.has_remote() ? 4 : 0;
  const uint64_t maps = rules_.blocks ? remote_windows * remote_batch::window_maps_bytes() : 0;
  const bool near = sources_.local_files() != nullptr;
  return {.bytes_per_worker = small_files::window_bytes * (remote_windows + (near ? 1 : 0)) + maps,
          .bytes_per_file = block_memory_,
          .repository_here = repository_here,
          .settling_files = settling().files,
          .shared_descriptors = manifest_.targets.size() + 1};
}

graph::settling_limits backup_job::settling() const {
  const auto can = repo_.files().features();
  return {.files = can.settling_files, .writer_bytes = can.writer_bytes};
}

std::set<std::string> backup_job::target_paths() const {
  std::set<std::string> out;
  for (const auto& batch : batches_) {
    if (batch.bundle_id != 0)
      out.emplace(
          split_path(format::bundle_path(repo_.stanza(), manifest_.label, batch.bundle_id)).parent);
    else
      for (const auto index : batch.files)
        out.emplace(split_path(stored_path(manifest_.files[index].name)).parent);
  }
  return out;
}

std::string backup_job::stored_path(std::string_view name) const {
  return format::data_file_path(repo_.stanza(), manifest_.label, name, settings_.compression);
}

wire::copied_file backup_job::remote_file_of(const format::manifest_file& file,
                                             bool for_standby) const {
  auto place = names_.place(file.name);
  wire::copied_file out{.name = std::string(file.name),
                        .through = std::move(place.through),
                        .path = std::move(place.path),
                        .expected = file.size_bytes,
                        .check_pages =
                            file.pages != format::page_check::absent && settings_.checksum_page};
  if (for_standby)
    out.limit = file.size_bytes;
  return out;
}

/// Sizes of blocks stay those of the prior backup for as long as the file holds one.
std::optional<block_wish> backup_job::blocks_of(const format::manifest_file& file) const {
  if (!settings_.blocks || is_made_here(file.name))
    return {};
  const auto super_bytes = [&](uint32_t block) {
    return plan::super_block_bytes(*settings_.blocks, manifest_.type, block);
  };
  const auto* const before =
      settings_.prior != nullptr ? settings_.prior->find_file(file.name) : nullptr;
  if (before != nullptr && before->is_block_incremental() && before->size_bytes != 0 &&
      before->rare->block_size_bytes <= block_limit_bytes &&
      file.size_bytes >= before->rare->block_size_bytes)
    return block_wish{before->rare->block_size_bytes, before->rare->block_checksum_bytes,
                      super_bytes(before->rare->block_size_bytes), before};
  const auto chosen =
      plan::choose_blocks(*settings_.blocks, file.size_bytes, manifest_.start_s - file.mtime_s);
  if (chosen.block_bytes == 0)
    return {};
  return block_wish{chosen.block_bytes, chosen.checksum_bytes, super_bytes(chosen.block_bytes)};
}

/// A second reading is cheaper than storing what is there already: with delta nearly everything is,
/// and in a bundle nothing can be taken back.
void backup_job::compare_with_prior(const format::manifest_file& file,
                                    const std::optional<block_wish>& blocks,
                                    backup_route& route) const {
  if (is_resumed(route.file_index, plan::resumed_file::compared)) {
    route.resumed = settings_.partial->find_file(file.name);
    route.wish.file.same_as = to_hex(route.resumed->checksum);
    return;
  }
  if (!settings_.prior)
    return;
  route.before = plan::comparable(file, *settings_.prior);
  // Blocks are compared while they are read.
  if (blocks && blocks->before != nullptr)
    return;
  if (route.before && (settings_.delta || route.bundle))
    route.wish.file.same_as = to_hex(route.before->checksum);
}

graph::task_list backup_job::deal() {
  if (next_batch_ == batches_.size())
    return {};
  const auto& batch = batches_[next_batch_++];
  std::shared_ptr<bundle_file> bundle;
  if (batch.bundle_id != 0)
    bundle = std::make_shared<bundle_file>(
        repo_.files(), format::bundle_path(repo_.stanza(), manifest_.label, batch.bundle_id),
        write_options{.how = publish::in_place, .make_parents = false}, batch.files.size());
  const bool several = batch.files.size() > 1;
  const auto* here = sources_.local_files();
  const auto prefetch = several && here ? std::make_shared<small_files>() : nullptr;
  const auto remote =
      several && sources_.has_remote() ? std::make_shared<remote_batch>(sources_, rules_) : nullptr;

  graph::task_list out;
  for (size_t member = 0; member < batch.files.size(); ++member) {
    const auto index = batch.files[member];
    const auto& file = manifest_.files[index];
    const bool for_standby = postgres::comes_from_standby(settings_.version, file.name);
    backup_route route{.file_index = index,
                       .wish = {remote_file_of(file, for_standby), for_standby},
                       .bundle = bundle,
                       .member = member,
                       .bundle_id = batch.bundle_id};
    route.wish.file.skip_empty = bundle != nullptr;
    route.wish.file.raw = bundle != nullptr && settings_.raw_members;
    const auto blocks = blocks_of(file);
    if (blocks) {
      route.wish.file.blocks = wire_blocks_of(*blocks);
      route.wish.blocks =
          std::make_shared<block_copy>(repo_, *blocks, own_reference(), settings_.prior);
    }
    compare_with_prior(file, blocks, route);
    if (!bundle)
      route.target_path =
          blocks ? format::block_file_path(repo_.stanza(), manifest_.label, file.name, 0)
                 : stored_path(file.name);
    if (prefetch && sources_.reads_here(for_standby) &&
        file.size_bytes <= small_files::largest_bytes) {
      const auto at = here->find(file.name);
      route.prefetch = prefetch;
      route.prefetch_index = prefetch->add(*at.in, at.path, file.size_bytes);
    }
    if (remote && fits_batch(file, blocks) && !is_made_here(file.name)) {
      route.remote = remote;
      route.remote_index = remote->add(route.wish);
    }
    out.push_back(std::make_shared<backup_task>(*this, std::move(route)));
  }
  return out;
}

void backup_job::record(format::manifest_file& file, const backup_task& done) {
  manifest_.set_copied_size(file, done.learned.plain_bytes);
  if (done.learned.outcome == task_outcome::empty) {
    file.has_checksum = true;
    file.checksum = format::empty_sha1;
    return;
  }
  file.checksum = done.learned.checksum;
  file.has_checksum = true;
  file.repo_size_bytes = done.stored_bytes;
  file.has_repo_size = done.stored_bytes != done.learned.plain_bytes;
  if (done.learned.repo_checksum) {
    file.repo_checksum = *done.learned.repo_checksum;
    file.has_repo_checksum = true;
  }
  if (done.map_bytes != 0) {
    const auto& blocks = *done.route().wish.file.blocks;
    auto rare = *file.rare;
    rare.block_size_bytes = blocks.block_bytes;
    rare.block_checksum_bytes = static_cast<uint8_t>(blocks.checksum_bytes);
    rare.block_map_size_bytes = done.map_bytes;
    manifest_.set_rare(file, rare);
  }
  file.bundle_id = done.route().bundle_id;
  file.bundle_offset_bytes = done.bundle_offset_bytes;
  touch(file);
}

/// Where the file is stored has to be synced.
void backup_job::touch(const format::manifest_file& file) {
  touched_paths_.emplace(
      split_path(format::stored_file_path(repo_.stanza(), manifest_, file)).parent);
}

std::string backup_job::shown_path(const format::manifest_file& file,
                                   const backup_task& done) const {
  const auto& from = sources_.all()[done.source];
  return (from.host ? from.host->name() + ":" : "") + cluster_file_path(manifest_, file.name);
}

result<void> backup_job::report_pages(const format::manifest_file& file, const backup_task& done) {
  const auto& found = *done.learned.pages;
  const auto path = shown_path(file, done);
  const bool one = found.bad.size() == 1 && found.bad[0].first == found.bad[0].last;
  const auto text =
      found.misaligned
          ? fmt::format(
                "page misalignment in file {}: file size {} is not divisible by page size {}", path,
                file.size_bytes, settings_.page_bytes)
          : fmt::format("invalid page checksum{} found in file {} at page{} {}", one ? "" : "s",
                        path, one ? "" : "s", page_list(found.bad));
  if (settings_.page_errors_end_it)
    return error{errc::checksum, text};
  ++page_warnings_;
  log::warn("{}", text);
  return success();
}

/// What the page check found of a file that was stored. Noted first: when that ends the backup, the
/// next one goes on with what is noted, and must not take the file for a right one.
result<void> backup_job::note_pages(format::manifest_file& file, const backup_task& done) {
  if (!done.learned.pages || done.learned.pages->valid)
    return success();
  file.pages = format::page_check::broken;
  std::vector<format::page_range> bad;
  for (const auto& run : done.learned.pages->bad)
    bad.emplace_back(run.first, run.last);
  if (!bad.empty()) {
    auto rare = *file.rare;
    rare.page_errors = manifest_.add_page_errors(std::move(bad));
    manifest_.set_rare(file, rare);
  }
  return report_pages(file, done);
}

void backup_job::log_file(const format::manifest_file& file, const backup_task& done) {
  if (!log::enabled(log::level::detail))
    return; // the collector has a million of them to go through
  const double share = total_bytes_ == 0 ? 100.0
                                         : 100.0 * static_cast<double>(done_bytes_) /
                                               static_cast<double>(total_bytes_);
  const auto place = file.in_bundle()
                         ? fmt::format("bundle {}/{}, ", file.bundle_id, file.bundle_offset_bytes)
                         : std::string();
  const auto path = shown_path(file, done);
  if (done.learned.outcome == task_outcome::empty)
    return log::detail("store truncated file {}", path);
  const bool matches = done.learned.outcome == task_outcome::unchanged;
  const auto* const what = !matches               ? "backup file"
                           : done.route().resumed ? "checksum resumed file"
                                                  : "match file from prior backup";
  log::detail("{} {} ({}{}{}, {:.2f}%){}", what, path, matches ? "" : place,
              file.original_size_bytes() != file.size_bytes
                  ? format_size(file.original_size_bytes()) + "->"
                  : "",
              format_size(file.size_bytes), share,
              file.size_bytes == 0 ? "" : " checksum " + to_hex(file.checksum));
}

result<void> backup_job::settled(graph::task& done_task) {
  const auto& done = static_cast<const backup_task&>(done_task);
  auto& file = manifest_.files[done.route().file_index];
  done_bytes_ += done.route().wish.file.expected;
  if (done.learned.outcome == task_outcome::vanished) {
    vanished_.push_back(done.route().file_index);
    if (done.learned.path_gone)
      gone_paths_.emplace(split_path(file.name).parent);
    log::detail("skip file removed by database {}", shown_path(file, done));
  } else if (done.learned.outcome == task_outcome::unchanged && done.route().resumed) {
    plan::keep_resumed(manifest_, file, *done.route().resumed);
    touch(file);
    log_file(file, done);
  } else if (done.learned.outcome == task_outcome::unchanged) {
    plan::refer_to_prior(manifest_, file, *settings_.prior, *done.route().before);
    log_file(file, done);
  } else {
    record(file, done);
    log_file(file, done);
    if (auto noted = note_pages(file, done); !noted)
      return noted;
  }
  return hooks_.progress ? hooks_.progress(done_bytes_) : success();
}

result<void> backup_job::tick() {
  return hooks_.tick ? hooks_.tick() : success();
}

void backup_job::remove_vanished() {
  std::ranges::sort(vanished_);
  uint32_t index = 0;
  manifest_.files.remove_if(
      [&](const format::manifest_file&) { return std::ranges::binary_search(vanished_, index++); });
  vanished_.clear();
}

} // namespace pgbraid
