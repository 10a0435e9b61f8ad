// The framing that archive.info, backup.info and backup.manifest share.
// SPDX-License-Identifier: MIT
#include "engine/format/info_file.hpp"

#include "engine/base/bytes.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/json_reader.hpp"
#include "engine/format/json_writer.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pgbraid::format {

namespace {

constexpr std::string_view header_section = "backrest";
constexpr std::string_view format_key = "backrest-format";
constexpr std::string_view version_key = "backrest-version";
constexpr std::string_view checksum_key = "backrest-checksum";
constexpr size_t piece_bytes = size_t{64} << 10;

/// SHA-1 over the canonical JSON text of all lines, built as they come.
class line_digest {
public:
  void add(const info_line& line) {
    if (!section_ || *section_ != line.section) {
      pending_ += section_ ? "},\"" : "\"";
      pending_ += line.section;
      pending_ += "\":{\"";
      section_ = line.section;
    } else {
      pending_ += ",\"";
    }
    append_json_escaped(pending_, line.key);
    pending_ += "\":";
    pending_ += line.value;
    if (pending_.size() > flush_bytes)
      flush();
  }

  std::string finish() {
    pending_ += section_ ? "}}" : "}";
    flush(true);
    return to_hex(codec::digest_kernel::value(*stream_));
  }

private:
  static constexpr size_t flush_bytes = 32 << 10;
  void flush(bool last = false) {
    codec::job part{.state = stream_.get(), .in = as_bytes(pending_), .last = last};
    kernel_.run({&part, 1});
    pending_.clear();
  }
  codec::digest_kernel kernel_;
  std::unique_ptr<codec::stream> stream_ = kernel_.open();
  std::string pending_ = "{";
  std::optional<std::string> section_;
};

error refused(std::string message, std::string hint = {}) {
  return error{errc::format, std::move(message), std::move(hint)};
}

/// Says so when the text is cipher text.
result<void> check_plain(std::string_view text) {
  if (text.starts_with("Salted__"))
    return error{errc::crypto, "content is encrypted",
                 "Is the repository encrypted, and no cipher type configured for it?"};
  if (text.starts_with("PGBR006"))
    return refused("expected format 5 but found 6",
                   "The repository was written in format 6, which is not supported.");
  return success();
}

/// The only `=`, which may leave anything behind it.
std::optional<size_t> find_only_assignment(std::string_view line) {
  const auto at = line.find('=');
  return at > 0 && at != line.npos && line.find('=', at + 1) == line.npos ? std::optional(at)
                                                                          : std::nullopt;
}

/// Splits at the first `=` that leaves valid JSON: file names may contain `=`.
std::optional<size_t> find_assignment(std::string_view line) {
  for (size_t at = line.find('='); at != line.npos; at = line.find('=', at + 1)) {
    if (at > 0 && is_json(line.substr(at + 1)))
      return at;
  }
  return {};
}

} // namespace

/// Reads the lines of one file.
struct info_feed::lines {
public:
  lines(info_visitor visit, std::string_view checked_section)
      : visit_(std::move(visit)), checked_section_(checked_section) {}

  result<void> line(std::string_view text) {
    ++number_;
    if (text.empty())
      return success();
    if (text.starts_with('[') && text.ends_with(']')) {
      section_ = text.substr(1, text.size() - 2);
      in_section_ = true;
      return success();
    }
    if (in_section_ && section_ == checked_section_ && !visitor_failure_)
      if (const auto at = find_only_assignment(text))
        return unchecked({section_, text.substr(0, *at), text.substr(*at + 1)});
    const auto at = in_section_ ? find_assignment(text) : std::nullopt;
    return at ? assignment({section_, text.substr(0, *at), text.substr(*at + 1)}) : broken();
  }

  result<std::string> finish() {
    if (!has_format_)
      return refused("'backrest-format' is missing");
    const auto actual = digest_.finish();
    if (!checksum_)
      return error{errc::checksum, "the checksum is missing, it should be '" + actual + "'",
                   "Is the file truncated?"};
    if (*checksum_ != actual)
      return error{errc::checksum,
                   "content has checksum '" + actual + "' but '" + printable(*checksum_) +
                       "' is recorded",
                   "Was the file damaged or edited?"};
    if (visitor_failure_)
      return *visitor_failure_;
    return version_;
  }

private:
  /// Without its text: a broken line may be the one that holds a passphrase.
  error broken() const {
    return refused("line " + std::to_string(number_) + " is neither a section nor key=value");
  }

  result<void> unchecked(const info_line& line) {
    auto done = assignment(line);
    return visitor_failure_ && !is_json(line.value) ? broken() : done;
  }

  result<void> assignment(const info_line& line) {
    if (line.section == header_section && line.key == checksum_key)
      return read_value(line, checksum_);
    digest_.add(line);
    if (line.section == header_section)
      return header(line);
    if (!visitor_failure_) {
      if (auto seen = visit_(line); !seen)
        visitor_failure_ = seen.failure();
    }
    return success();
  }

  result<void> header(const info_line& line) {
    if (line.key == version_key)
      return read_value(line, version_);
    if (line.key != format_key)
      return success();
    uint64_t found = 0;
    if (auto read = read_value(line, found); !read)
      return read;
    if (found != repository_format)
      return refused("expected format 5 but found " + std::to_string(found),
                     "The repository was written by another version or in an unsupported format.");
    has_format_ = true;
    return success();
  }

  const info_visitor visit_;
  const std::string checked_section_;
  line_digest digest_;
  std::string section_;
  std::string version_;
  std::optional<std::string> checksum_;
  std::optional<error> visitor_failure_;
  uint64_t number_ = 0;
  bool in_section_ = false;
  bool has_format_ = false;
};

info_feed::info_feed(info_visitor visit, std::string_view checked_section)
    : lines_(std::make_unique<lines>(std::move(visit), checked_section)) {
  rest_.reserve(4096); // a line with a passphrase never moves to a larger place
}

info_feed::~info_feed() {
  rest_.resize(rest_.capacity());
  explicit_bzero(rest_.data(), rest_.size());
}

/// What the first bytes say comes before what their lines say.
result<void> info_feed::check_head(std::string_view piece) {
  constexpr size_t head_bytes = 8;
  auto head = rest_.substr(0, head_bytes);
  head += piece.substr(0, head_bytes - head.size());
  head_checked_ = head.size() == head_bytes;
  return check_plain(head);
}

result<void> info_feed::feed(std::string_view piece) {
  any_ |= !piece.empty();
  if (!head_checked_)
    if (auto plain = check_head(piece); !plain)
      return plain;
  for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
    auto line = piece.substr(0, end);
    if (!rest_.empty())
      line = rest_ += line;
    if (auto read = lines_->line(line); !read)
      return read;
    rest_.clear();
    piece.remove_prefix(end + 1);
  }
  if (rest_.size() + piece.size() > line_limit_bytes)
    return refused("a line is longer than " + std::to_string(line_limit_bytes) + " bytes");
  rest_ += piece;
  return success();
}

result<std::string> info_feed::finish() {
  if (!any_)
    return refused("the file is empty");
  if (!rest_.empty())
    if (auto read = lines_->line(rest_); !read)
      return read.failure();
  return lines_->finish();
}

result<std::string> parse_info(std::string_view text, const info_visitor& visit) {
  info_feed lines(visit);
  if (auto fed = lines.feed(text); !fed)
    return fed.failure();
  return lines.finish();
}

bool looks_like_info(std::string_view text) {
  const auto first = text.find_first_not_of('\n');
  if (first == text.npos || text[first] != '[')
    return false;
  const auto end = text.find('\n', first);
  const auto line = text.substr(first, end == text.npos ? end : end - first);
  return (end == text.npos || line.back() == ']') &&
         std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

struct info_writer::digest {
  line_digest sum;
};

info_writer::info_writer(std::string_view writer_version, text_taker to)
    : to_(std::move(to)), digest_(std::make_unique<digest>()) {
  if (to_)
    out_.reserve(piece_bytes); // a line with a passphrase never moves to a larger place
  number(header_section, format_key, repository_format);
  text(header_section, version_key, writer_version);
}

info_writer::~info_writer() {
  if (to_)
    explicit_bzero(out_.data(), out_.size());
}

/// What was handed on is wiped, because it may hold a passphrase.
void info_writer::hand_on() {
  if (handed_on_ && !out_.empty())
    handed_on_ = to_(out_);
  explicit_bzero(out_.data(), out_.size());
  out_.clear();
}

void info_writer::line(std::string_view section, std::string_view key,
                       std::string_view json_value) {
  constexpr size_t marks_bytes = 8; // around the section, the key and the value
  const auto wanted = section.size() + key.size() + json_value.size() + marks_bytes;
  if (to_ && out_.size() + wanted > piece_bytes)
    hand_on();
  if (section_ != section) {
    if (!section_.empty())
      out_ += '\n';
    out_ += '[';
    out_ += section;
    out_ += "]\n";
    section_ = section;
  }
  out_ += key;
  out_ += '=';
  out_ += json_value;
  out_ += '\n';
  digest_->sum.add({section, key, json_value});
}

void info_writer::text(std::string_view section, std::string_view key, std::string_view value) {
  scratch_ = "\"";
  append_json_escaped(scratch_, value);
  scratch_ += '"';
  line(section, key, scratch_);
}

void info_writer::number(std::string_view section, std::string_view key, uint64_t value) {
  line(section, key, std::to_string(value));
}

void info_writer::boolean(std::string_view section, std::string_view key, bool value) {
  line(section, key, value ? "true" : "false");
}

void info_writer::add_checksum() {
  out_ += "\n[backrest]\nbackrest-checksum=\"";
  out_ += digest_->sum.finish();
  out_ += "\"\n";
}

std::string info_writer::finish() {
  add_checksum();
  return std::move(out_);
}

result<void> info_writer::end() {
  hand_on();
  add_checksum();
  hand_on();
  return handed_on_;
}

} // namespace pgbraid::format
