// Checks the checksums of PostgreSQL data pages while they pass by.
// SPDX-License-Identifier: MIT
#include "engine/codec/page_check.hpp"

#include "engine/codec/page_checksum.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace pgbraid::codec {

namespace {

constexpr size_t checksum_offset_bytes = 8;
constexpr size_t upper_offset_bytes = 14;
constexpr uint64_t segment_bytes = uint64_t{1} << 30;

uint16_t read_u16(byte_view page, size_t offset_bytes) {
  uint16_t value = 0;
  std::memcpy(&value, page.data() + offset_bytes, sizeof value);
  return value;
}

bool all_zero(byte_view page) {
  return std::all_of(page.begin(), page.end(), [](std::byte b) { return b == std::byte{0}; });
}

/// Whether a whole page is as PostgreSQL left it.
bool intact(byte_view page, uint64_t number, const page_check_settings& settings) {
  const auto checksum = read_u16(page, checksum_offset_bytes);
  const bool maybe_new =
      settings.header_check ? read_u16(page, upper_offset_bytes) == 0 : checksum == 0;
  if (maybe_new)
    return all_zero(page);
  return page_checksum(page, static_cast<uint32_t>(number), settings.vectors) == checksum;
}

class page_stream final : public stream {
public:
  page_stream(page_check_settings settings, page_source source)
      : settings_(settings), source_(std::move(source)),
        first_number_(source_.segment * (segment_bytes / settings_.page_bytes)) {
    carry_.reserve(settings_.page_bytes);
  }

  result<void> take(byte_view bytes);
  void finish();
  const page_verdict& verdict() const { return verdict_; }

private:
  result<void> check(byte_view page);
  result<bool> changed_since(byte_view page, uint64_t index);
  void blame(uint64_t number);

  page_check_settings settings_;
  page_source source_;
  uint64_t first_number_;
  /// Whole pages seen so far.
  uint64_t index_ = 0;
  /// The beginning of a page whose end is still to come.
  std::vector<std::byte> carry_;
  std::vector<std::byte> reread_;
  page_verdict verdict_;
};

result<void> page_stream::take(byte_view bytes) {
  const size_t size = settings_.page_bytes;
  if (!carry_.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), size - carry_.size()));
    carry_.insert(carry_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (carry_.size() < size)
      return {};
    if (auto done = check(carry_); !done)
      return done;
    carry_.clear();
  }
  for (; bytes.size() >= size; bytes = bytes.subspan(size)) {
    if (auto done = check(bytes.first(size)); !done)
      return done;
  }
  carry_.assign(bytes.begin(), bytes.end());
  return {};
}

result<void> page_stream::check(byte_view page) {
  const auto index = index_++;
  if (intact(page, first_number_ + index, settings_))
    return {};
  auto changed = changed_since(page, index);
  if (!changed)
    return changed.failure();
  if (!*changed)
    blame(first_number_ + index);
  return {};
}

/// A page may be torn because PostgreSQL writes it right now: then it is not what it was.
result<bool> page_stream::changed_since(byte_view page, uint64_t index) {
  if (!source_.read_again)
    return false;
  reread_.resize(page.size());
  auto got = source_.read_again(reread_, index * page.size());
  if (!got)
    return got.failure();
  return *got != page.size() || !std::equal(page.begin(), page.end(), reread_.begin());
}

void page_stream::blame(uint64_t number) {
  verdict_.valid = false;
  if (!verdict_.bad.empty() && verdict_.bad.back().last + 1 == number)
    verdict_.bad.back().last = number;
  else
    verdict_.bad.push_back({number, number});
}

void page_stream::finish() {
  if (carry_.empty())
    return;
  verdict_ = {.valid = false, .misaligned = true, .bad = {}};
}

} // namespace

page_check_kernel::page_check_kernel(page_check_settings settings) : settings_(settings) {
  [[maybe_unused]] const auto size = settings_.page_bytes;
  assert(size >= 1024 && size <= 32768 && (size & (size - 1)) == 0);
}

std::unique_ptr<stream> page_check_kernel::open(page_source source) {
  return std::make_unique<page_stream>(settings_, std::move(source));
}

void page_check_kernel::run(std::span<job> jobs) {
  for (auto& j : jobs) {
    auto& s = static_cast<page_stream&>(*j.state);
    if (auto done = s.take(j.in); !done)
      j.failure = done.failure();
    j.in = {};
    if (j.last && !j.failure)
      s.finish();
    j.finished = j.last && !j.failure;
  }
}

const page_verdict& page_check_kernel::verdict(const stream& finished) {
  return static_cast<const page_stream&>(finished).verdict();
}

} // namespace pgbraid::codec
