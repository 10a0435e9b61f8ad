// Reading segments directory by directory.
// SPDX-License-Identifier: MIT
#include "actors/verify/verify_archive.hpp"

#include "actors/run/run_job.hpp"
#include "actors/verify/read_back.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/logical.hpp"
#include "engine/postgres/wal_header.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace pgbraid::verify {

namespace {

/// Directories are gathered until they have so many, so that a run is worth its start.
constexpr size_t worth_a_run = 1024;
constexpr uint64_t most_segment_bytes = uint64_t{1} << 30;

using segments = std::vector<archived_wal>;

/// Its 40 digits were looked at when the name was parsed.
format::sha1_bytes checksum_in(const format::wal_entry& name) {
  format::sha1_bytes out{};
  for (size_t i = 0; i < out.size(); ++i) {
    uint8_t value = 0;
    const auto* const digits = name.checksum.data() + 2 * i;
    std::from_chars(digits, digits + 2, value, 16);
    out[i] = std::byte{value};
  }
  return out;
}

/// A segment that was read.
struct read_segment {
  const archived_wal* of = nullptr;
  stored_state state = stored_state::sound;
  uint64_t bytes = 0;
  uint32_t segment_bytes = 0; ///< as its header says; 0: it has none that we know
  error why = {};
};

class segment_task final : public read_back {
public:
  segment_task(storage& in, const archived_wal& of)
      : read_back(in, {.path = of.path,
                       .checksum = checksum_in(of.entry),
                       .most_bytes = most_segment_bytes,
                       .head_bytes = postgres::wal_header_bytes}),
        of_(of) {}

  read_segment found() const {
    read_segment out{.of = &of_, .state = state(), .bytes = bytes(), .why = why()};
    if (const auto header = postgres::parse_wal_header(head()))
      out.segment_bytes = header->segment_bytes;
    return out;
  }

private:
  const archived_wal& of_;
};

class archive_reading {
public:
  archive_reading(const wal_source& from, const std::string& id)
      : from_(from), path_(format::archive_path(from.in.stanza()) + "/" + id) {
    out_.found.id = id;
  }

  result<read_archive> run(const std::optional<plan::wal_range>& only);

private:
  result<void> gather(const std::string& directory, const std::optional<plan::wal_range>& only);
  /// Takes those out that are there more than once.
  void set_doubles_aside(segments& sorted);
  result<void> read_gathered();
  result<void> read_packed(std::span<const archived_wal> all, compress_type as,
                           std::vector<read_segment>& to);
  void judge(const read_segment& one);

  const wal_source& from_;
  const std::string path_;
  segments gathered_;
  read_archive out_;
  bool knows_size_ = false; ///< of segments
};

bool is_within(const std::string& segment, const std::optional<plan::wal_range>& only) {
  return !only || (segment >= only->first && segment <= only->last);
}

/// Whether a directory may have segments of the range.
bool may_hold(const std::string& directory, const std::optional<plan::wal_range>& only) {
  return !only || (directory >= only->first.substr(0, directory.size()) &&
                   directory <= only->last.substr(0, directory.size()));
}

result<read_archive> archive_reading::run(const std::optional<plan::wal_range>& only) {
  auto listed = from_.in.files().list(path_);
  if (!listed)
    return listed.failure();
  bool any = false;
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    if (one.info.kind != entry_kind::path || !postgres::is_wal_directory_name(one.name))
      continue;
    any = true;
    if (!may_hold(one.name, only))
      continue;
    if (auto done = gather(one.name, only); !done)
      return done.failure();
    if (gathered_.size() >= worth_a_run)
      if (auto done = read_gathered(); !done)
        return done.failure();
  }
  if (!any)
    log::detail("archive path '{}' is empty", out_.found.id);
  if (auto done = read_gathered(); !done)
    return done.failure();
  for (const auto& range : out_.ranges)
    log::detail("archiveId: {}, wal start: {}, wal stop: {}", out_.found.id, range.first,
                range.last);
  std::ranges::sort(out_.damaged);
  return std::move(out_);
}

result<void> archive_reading::gather(const std::string& directory,
                                     const std::optional<plan::wal_range>& only) {
  auto listed = from_.in.files().list(path_ + "/" + directory);
  if (!listed)
    return listed.failure();
  segments here;
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    auto wal = format::parse_wal_entry(one.name);
    if (wal && !wal->partial && is_within(wal->segment, only))
      here.push_back({std::move(*wal), path_ + "/" + directory + "/" + one.name});
  }
  if (here.empty())
    log::detail("path '{}/{}' does not contain any valid WAL to be processed", out_.found.id,
                directory);
  out_.found.wal.total += here.size();
  set_doubles_aside(here);
  std::ranges::move(here, std::back_inserter(gathered_));
  return success();
}

void archive_reading::set_doubles_aside(segments& sorted) {
  std::set<std::string> doubles;
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].entry.segment == sorted[i - 1].entry.segment)
      doubles.insert(sorted[i].entry.segment);
  for (const auto& one : doubles)
    log::info("duplicate WAL '{}' for '{}' exists, skipping", one, out_.found.id);
  std::erase_if(sorted, [&](const auto& one) { return doubles.contains(one.entry.segment); });
}

result<void> archive_reading::read_gathered() {
  std::vector<read_segment> found;
  std::set<compress_type> kinds;
  for (const auto& one : gathered_)
    kinds.insert(one.entry.compress);
  for (const auto kind : kinds)
    if (auto read = read_packed(gathered_, kind, found); !read)
      return read;
  std::ranges::sort(found, {}, [](const auto& one) { return std::string_view(one.of->path); });
  if (!knows_size_) {
    const auto first = std::ranges::find_if(found, [](const read_segment& one) {
      return one.state == stored_state::sound && one.segment_bytes != 0;
    });
    knows_size_ = first != found.end();
    if (knows_size_)
      out_.segment_bytes = first->segment_bytes;
  }
  for (const auto& one : found)
    judge(one);
  gathered_.clear();
  return success();
}

result<void> archive_reading::read_packed(std::span<const archived_wal> all, compress_type as,
                                          std::vector<read_segment>& to) {
  auto next = all.begin();
  const auto make = [&]() -> graph::task_list {
    next = std::find_if(next, all.end(), [&](const auto& one) { return one.entry.compress == as; });
    if (next == all.end())
      return {};
    const auto& one = *next++;
    return {std::make_shared<segment_task>(from_.in.files(), one)};
  };
  read_back_job job(make, [&](const read_back& done) {
    to.push_back(dynamic_cast<const segment_task&>(done).found());
  });
  const auto count = static_cast<uint64_t>(
      std::ranges::count(all, as, [](const auto& one) { return one.entry.compress; }));
  const auto drawn =
      graph::read_back_graph({.rules = {.compression = as, .cipher_pass = from_.pass},
                              .file_count = count,
                              .plain_bytes = count * out_.segment_bytes});
  return actors::run_job(job, from_.compile(drawn, {.repository_here = from_.here,
                                                    .settling_files = job.settling().files}));
}

void archive_reading::judge(const read_segment& one) {
  const auto path = one.of->path.substr(path_.size() - out_.found.id.size());
  auto state = one.state;
  if (state == stored_state::sound && one.bytes != out_.segment_bytes)
    state = stored_state::wrong_size;
  if (state == stored_state::missing) {
    // It was there when it was listed: expire goes on beside us.
    log::warn("'{}' was removed meanwhile", path);
    --out_.found.wal.total;
    return;
  }
  count(out_.found.wal, state);
  tell_damage(path, "", state, one.why);
  if (state != stored_state::sound)
    out_.damaged.push_back(one.of->entry.segment);
  plan::add_segment(out_.ranges, one.of->entry.segment, out_.segment_bytes);
}

} // namespace

result<read_archive> verify_archive(const wal_source& from, const std::string& id,
                                    const std::optional<plan::wal_range>& only) {
  return archive_reading(from, id).run(only);
}

} // namespace pgbraid::verify
