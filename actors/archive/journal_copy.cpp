// A WAL file on its way into the journal of a repository.
// SPDX-License-Identifier: MIT
#include "actors/archive/journal_copy.hpp"

#include "actors/archive/segment_source.hpp"
#include "engine/base/bytes.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

/// Writes the whole file; a failure of the writer goes to `broken`, one of the source is returned.
using pour = std::function<result<void>(io::writer& into, std::optional<error>& broken)>;

result<journal_copy> keep(journal::wal_journal& to, const plan::journal_entry& entry,
                          const pour& all) {
  journal_copy out;
  // PostgreSQL comes again with what was kept when the call did not end well.
  if (const auto there = to.has(entry); there && *there) {
    out.kept = entry;
    return out;
  }
  auto writer = to.begin(entry);
  if (!writer)
    out.why = writer.failure();
  if (writer && *writer) {
    if (auto poured = all(**writer, out.why); !poured)
      return poured.failure();
    if (!out.why)
      if (auto done = io::commit(**writer); !done)
        out.why = done.failure();
    if (!out.why) {
      out.kept = entry;
      return out;
    }
    writer->reset(); // makes room
  }
  auto gap = to.note_gap(entry.wal, entry.size_bytes);
  if (!gap)
    return error{errc::command,
                 fmt::format("WAL file '{}' can neither be stored nor kept in '{}': {}", entry.wal,
                             to.shown(), gap.failure().message),
                 "May the user of this command write into the spool path?"};
  out.new_gap = *gap;
  return out;
}

result<journal_copy> keep_segment(journal::wal_journal& to, storage& from,
                                  const wal_location& wal) {
  segment_source segment(from, wal);
  // Whose it is was checked by those that have it.
  if (auto opened = segment.open({}, false); !opened)
    return opened.failure();
  const auto checksum = segment.digest();
  if (!checksum)
    return checksum.failure();
  const plan::journal_entry entry{
      .wal = wal.name, .checksum = *checksum, .size_bytes = segment.segment_bytes()};
  return keep(to, entry, [&](io::writer& into, std::optional<error>& broken) -> result<void> {
    auto lane = graph::single_lane::make(
        graph::push_graph({.checksum = true}, std::array{codec::file_rules{}}));
    if (!lane)
      return lane.failure();
    std::array ends{graph::write_to(into)};
    if (auto passed = segment.pass(*lane, ends); !passed)
      return passed;
    broken = std::move(ends[0].failure);
    if (!broken && to_hex(lane->checksum()) != *checksum)
      return error{errc::checksum,
                   fmt::format("WAL file '{}' changed while it was read", wal.name)};
    return success();
  });
}

result<journal_copy> keep_history(journal::wal_journal& to, storage& from,
                                  const wal_location& wal) {
  const auto content = read_all(from, wal.source(), format::history_limit_bytes);
  if (!content)
    return content.failure();
  const plan::journal_entry entry{.wal = wal.name,
                                  .checksum = to_hex(codec::sha1_of(as_bytes(*content))),
                                  .size_bytes = content->size()};
  return keep(to, entry, [&](io::writer& into, std::optional<error>& broken) -> result<void> {
    if (auto written = into.write(as_bytes(*content)); !written)
      broken = written.failure();
    return success();
  });
}

} // namespace

result<journal_copy> keep_for_later(journal::wal_journal& to, storage& from,
                                    const wal_location& wal) {
  return postgres::is_segment_or_partial_name(wal.name) ? keep_segment(to, from, wal)
                                                        : keep_history(to, from, wal);
}

} // namespace pgbraid
