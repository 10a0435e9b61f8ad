// Looking for gaps in archived WAL.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_wal.hpp"

#include "engine/plan/segment_size.hpp"
#include "engine/plan/target_time.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace pgbraid::plan {

namespace {

// A backup that took more is damaged or hostile.
constexpr uint64_t max_backup_segments = 1 << 20;

uint32_t hex_part(std::string_view name, size_t from) {
  uint32_t out = 0;
  std::from_chars(name.data() + from, name.data() + from + 8, out, 16);
  return out;
}

std::vector<uint32_t> possible_sizes(const format::manifest& of,
                                     const std::vector<archived_segment>& stock) {
  const auto most = std::ranges::max_element(stock, {}, &archived_segment::number);
  std::vector<uint32_t> out;
  for (const auto bytes : segment_sizes())
    if (segment_fits(*of.archive_start, of.lsn_start, bytes) &&
        segment_fits(*of.archive_stop, of.lsn_stop, bytes) &&
        (most == stock.end() || most->number < log_bytes / bytes))
      out.push_back(bytes);
  // What is said is said of the first one.
  const auto usual = std::ranges::find(out, postgres::usual_segment_bytes);
  if (usual != out.end())
    std::iter_swap(out.begin(), usual);
  return out;
}

/// The archives as seen along the timelines of one recovery, with one size of segments.
class archive_line {
public:
  archive_line(const wal_question& question, const std::vector<archived_segment>& stock,
               uint32_t segment_bytes)
      : bytes_(segment_bytes), first_(number_of(*question.backup->archive_start)),
        stop_(number_of(*question.backup->archive_stop)) {
    uint64_t from = 0;
    for (const auto& one : question.history) {
      stretches_.push_back({one.timeline, from / bytes_, one.lsn / bytes_});
      from = one.lsn;
    }
    stretches_.push_back({question.timeline, from / bytes_, std::numeric_limits<uint64_t>::max()});
    for (const auto& one : stock)
      if (const auto number = uint64_t{one.log} * (log_bytes / bytes_) + one.number;
          number >= first_ && leads_through(one.timeline, number))
        there_.push_back({number, one.stored_s});
    std::ranges::sort(there_, {}, &place::number);
  }

  /// Of the backup itself.
  std::optional<uint64_t> missing() const {
    if (stop_ < first_ || stop_ - first_ > max_backup_segments)
      return {};
    const auto gap = first_gap(first_);
    return gap <= stop_ ? std::optional(gap) : std::nullopt;
  }
  /// The first segment after the backup that is not there although later ones are.
  std::optional<uint64_t> gap() const {
    const auto gap = first_gap(stop_ + 1);
    return !there_.empty() && gap < there_.back().number ? std::optional(gap) : std::nullopt;
  }
  std::optional<uint64_t> last() const {
    return there_.empty() ? std::nullopt : std::optional(there_.back().number);
  }
  /// When the newest of all segments before `number` was stored; 0: there is none.
  int64_t stored_before(uint64_t number) const {
    int64_t out = 0;
    for (const auto& one : there_)
      if (one.number < number)
        out = std::max(out, one.stored_s);
    return out;
  }
  std::string name(uint64_t number) const {
    const auto on = std::ranges::find_if(
        stretches_, [number](const stretch& s) { return s.first <= number && number <= s.last; });
    return postgres::segment_name(on->timeline, number * bytes_, bytes_);
  }
  uint64_t number_at(postgres::lsn location) const { return location / bytes_; }

private:
  struct stretch {
    uint32_t timeline;
    uint64_t first;
    uint64_t last;
  };
  struct place {
    uint64_t number;
    int64_t stored_s;
  };

  uint64_t number_of(std::string_view name) const {
    const auto part = archived_segment_of(name, 0);
    return uint64_t{part.log} * (log_bytes / bytes_) + part.number;
  }
  bool leads_through(uint32_t timeline, uint64_t number) const {
    return std::ranges::any_of(stretches_, [&](const stretch& s) {
      return s.timeline == timeline && s.first <= number && number <= s.last;
    });
  }
  uint64_t first_gap(uint64_t from) const {
    auto at = std::ranges::lower_bound(there_, from, {}, &place::number);
    for (; at != there_.end() && at->number <= from; ++at)
      from = at->number + 1;
    return from;
  }

  uint32_t bytes_;
  uint64_t first_;
  uint64_t stop_;
  std::vector<stretch> stretches_;
  std::vector<place> there_;
};

std::optional<std::string> gap_warning(const wal_question& question, const archive_line& line,
                                       uint64_t gap) {
  auto text = fmt::format("WAL segment {} is missing in the archive although later ones are there",
                          line.name(gap));
  using enum recovery_type;
  switch (question.type) {
  case standard:
  case standby:
    return text + ": recovery cannot go past it";
  case name:
  case xid:
    return text + ": a target behind it cannot be reached";
  case lsn:
    if (const auto at = postgres::parse_lsn(question.target); !at || line.number_at(*at) < gap)
      return {};
    return fmt::format("{}: recovery ends before the target lsn '{}'", text, question.target);
  case time:
    if (const auto at = parse_target_time(question.target); !at || *at < line.stored_before(gap))
      return {};
    return fmt::format("{}: recovery ends before the target time '{}'", text, question.target);
  default:
    return {};
  }
}

std::optional<std::string> end_warning(const wal_question& question, const archive_line& line) {
  const auto last = line.last();
  if (!last)
    return {};
  const auto stored_s = line.stored_before(*last + 1);
  if (question.type == recovery_type::lsn) {
    const auto at = postgres::parse_lsn(question.target);
    if (!at || line.number_at(*at) <= *last)
      return {};
    return fmt::format("the target lsn '{}' is behind the last WAL segment in the archive, {}",
                       question.target, line.name(*last));
  }
  if (question.type != recovery_type::time)
    return {};
  const auto at = parse_target_time(question.target);
  if (!at || *at <= stored_s)
    return {};
  return fmt::format("the target time '{}' is later than the last WAL segment in the archive, {}, "
                     "which was stored at {}: recovery may end before it",
                     question.target, line.name(*last), format_local_time(stored_s));
}

bool replays_further(recovery_type type) {
  using enum recovery_type;
  return type != none && type != preserve && type != immediate;
}

} // namespace

archived_segment archived_segment_of(std::string_view name, int64_t stored_s) {
  return {hex_part(name, 0), hex_part(name, 8), hex_part(name, 16), stored_s};
}

std::optional<wal_question> wal_question_of(const format::manifest& backup, recovery_type type,
                                            std::string target, uint32_t timeline,
                                            std::vector<format::timeline_switch> history) {
  const auto& made = backup.options;
  if (!made.online || !made.archive_check || made.archive_copy || type == recovery_type::none)
    return {};
  if (!backup.archive_start || !postgres::is_segment_name(*backup.archive_start) ||
      !backup.archive_stop || !postgres::is_segment_name(*backup.archive_stop))
    return {};
  return wal_question{.backup = &backup,
                      .type = type,
                      .target = std::move(target),
                      .timeline =
                          timeline != 0 ? timeline : postgres::timeline_of(*backup.archive_start),
                      .history = std::move(history)};
}

log_range wanted_logs(const wal_question& of) {
  log_range out{archived_segment_of(*of.backup->archive_start, 0).log,
                archived_segment_of(*of.backup->archive_stop, 0).log};
  if (!replays_further(of.type))
    return out;
  const auto target =
      of.type == recovery_type::lsn ? postgres::parse_lsn(of.target) : postgres::lsn{UINT64_MAX};
  if (target)
    out.last = std::max(out.last, static_cast<uint32_t>(*target >> 32));
  return out;
}

wal_answer judge_wal(const wal_question& question, std::vector<archived_segment> stock) {
  std::vector<archive_line> lines;
  for (const auto bytes : possible_sizes(*question.backup, stock))
    lines.emplace_back(question, stock, bytes);
  wal_answer out;
  if (lines.empty())
    return out;
  const auto& line = lines.front();
  const auto agreed = [&](auto find) { return std::ranges::all_of(lines, find); };
  if (agreed([](const auto& one) { return one.missing().has_value(); }))
    out.missing = line.name(*line.missing());
  if (out.missing || !replays_further(question.type))
    return out;
  const auto gap_text = [&](const archive_line& of) {
    const auto gap = of.gap();
    return gap ? gap_warning(question, of, *gap) : std::nullopt;
  };
  if (agreed([](const auto& one) { return one.gap().has_value(); })) {
    if (auto text = gap_text(line))
      out.warnings.push_back(std::move(*text));
  } else if (auto text = end_warning(question, line)) {
    out.warnings.push_back(std::move(*text));
  }
  return out;
}

std::optional<std::string> future_warning(recovery_type type, std::string_view target,
                                          int64_t now_s) {
  if (type != recovery_type::time)
    return {};
  const auto at = parse_target_time(target);
  if (!at || *at <= now_s)
    return {};
  return fmt::format("the target time '{}' lies in the future: now it is {}", target,
                     format_local_time(now_s));
}

} // namespace pgbraid::plan
