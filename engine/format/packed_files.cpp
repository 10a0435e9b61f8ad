// The files of a manifest in a fraction of their memory, for reading from front to back.
// SPDX-License-Identifier: MIT
#include "engine/format/packed_files.hpp"

#include "engine/format/varint.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <string_view>

namespace pgbraid::format {

namespace {

constexpr size_t packed_piece_bytes = size_t{256} << 10;
constexpr unsigned pages_shift = 16;

/// What a file has; `pages` lies above these.
enum has : uint64_t {
  checksum = 1,
  own_checksum = 2, ///< another one than that of nothing
  repo_checksum = 4,
  repo_size = 8,
  bundle = 16,
  rare = 32,
  original_size = 64,
  reference = 256,
  master_member = 512,
  master = 1024,
};

uint64_t what_it_has(const manifest_file& file) {
  const auto when = [](bool it, has what) { return it ? uint64_t{what} : uint64_t{0}; };
  return when(file.has_checksum, has::checksum) |
         when(file.has_checksum && file.checksum != empty_sha1, has::own_checksum) |
         when(file.has_repo_checksum, has::repo_checksum) |
         when(file.has_repo_size, has::repo_size) | when(file.in_bundle(), has::bundle) |
         when(*file.rare != nothing_rare, has::rare) |
         when(file.rare->original_size_bytes.has_value(), has::original_size) |
         when(file.reference != none_index, has::reference) |
         when(file.has_master, has::master_member) | when(file.master, has::master) |
         (static_cast<uint64_t>(file.pages) << pages_shift);
}

void put_bytes(std::vector<std::byte>& to, byte_view bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

uint64_t take_number(byte_view& from) {
  const auto number = take_varint(from);
  assert(number); // it was put there
  return *number;
}

byte_view take_bytes(byte_view& from, size_t count) {
  const auto taken = from.first(count);
  from = from.subspan(count);
  return taken;
}

void take_sha1(byte_view& from, sha1_bytes& to) {
  std::ranges::copy(take_bytes(from, to.size()), to.begin());
}

} // namespace

packed_files::packed_files(const manifest& of) {
  manifest_file before;
  for (const auto& file : of.files) {
    add(file, before);
    before = file;
  }
  count_ = of.files.size();
}

void packed_files::add(const manifest_file& file, const manifest_file& before) {
  constexpr size_t largest_bytes = 4096; // longer ones only make the piece grow
  if (pieces_.empty() || pieces_.back().size() + largest_bytes > packed_piece_bytes) {
    pieces_.emplace_back();
    pieces_.back().reserve(packed_piece_bytes);
  }
  auto& to = pieces_.back();
  const auto shared =
      static_cast<size_t>(std::ranges::mismatch(before.name, file.name).in1 - before.name.begin());
  const auto rest = file.name.substr(shared);
  put_varint(to, shared);
  put_varint(to, rest.size());
  put_bytes(to, as_bytes(rest));
  const auto what = what_it_has(file);
  put_varint(to, what);
  put_varint(to, file.size_bytes);
  put_varint(to, to_zigzag(file.mtime_s));
  put_varint(to, file.user);
  put_varint(to, file.group);
  put_varint(to, file.mode);
  if (what & has::own_checksum)
    put_bytes(to, file.checksum);
  if (what & has::repo_checksum)
    put_bytes(to, file.repo_checksum);
  if (what & has::repo_size)
    put_varint(to, file.repo_size_bytes);
  if (what & has::bundle) {
    put_varint(to, file.bundle_id);
    put_varint(to, file.bundle_offset_bytes);
  }
  if (what & has::reference)
    put_varint(to, file.reference);
  if (what & has::rare) {
    put_varint(to, file.rare->block_size_bytes);
    put_varint(to, file.rare->block_map_size_bytes);
    put_varint(to, file.rare->block_checksum_bytes);
    put_varint(to, file.rare->page_errors);
  }
  if (what & has::original_size)
    put_varint(to, *file.rare->original_size_bytes);
}

void packed_files::reader::read_name() {
  const auto shared = take_number(left_);
  const auto rest = take_number(left_);
  name_.resize(shared);
  name_ += as_text(take_bytes(left_, rest));
  file_.name = name_;
}

void packed_files::reader::read_stored(uint64_t what) {
  file_.has_checksum = (what & has::checksum) != 0;
  if (what & has::own_checksum)
    take_sha1(left_, file_.checksum);
  else if (file_.has_checksum)
    file_.checksum = empty_sha1;
  file_.has_repo_checksum = (what & has::repo_checksum) != 0;
  if (file_.has_repo_checksum)
    take_sha1(left_, file_.repo_checksum);
  file_.has_repo_size = (what & has::repo_size) != 0;
  if (file_.has_repo_size)
    file_.repo_size_bytes = take_number(left_);
  if (what & has::bundle) {
    file_.bundle_id = static_cast<uint32_t>(take_number(left_));
    file_.bundle_offset_bytes = take_number(left_);
  }
  if (what & has::reference)
    file_.reference = static_cast<uint32_t>(take_number(left_));
}

void packed_files::reader::read_rare(uint64_t what) {
  rare_ = {};
  if (what & has::rare) {
    rare_.block_size_bytes = static_cast<uint32_t>(take_number(left_));
    rare_.block_map_size_bytes = take_number(left_);
    rare_.block_checksum_bytes = static_cast<uint8_t>(take_number(left_));
    rare_.page_errors = static_cast<uint32_t>(take_number(left_));
  }
  if (what & has::original_size)
    rare_.original_size_bytes = take_number(left_);
  file_.rare = &rare_;
  file_.has_master = (what & has::master_member) != 0;
  file_.master = (what & has::master) != 0;
  file_.pages = static_cast<page_check>(what >> pages_shift);
}

const manifest_file* packed_files::reader::next() {
  while (left_.empty()) {
    if (next_piece_ == of_.pieces_.size())
      return nullptr;
    left_ = of_.pieces_[next_piece_++];
  }
  file_ = {};
  read_name();
  const auto what = take_number(left_);
  file_.size_bytes = take_number(left_);
  file_.mtime_s = from_zigzag(take_number(left_));
  file_.user = static_cast<owner_index>(take_number(left_));
  file_.group = static_cast<owner_index>(take_number(left_));
  file_.mode = static_cast<uint16_t>(take_number(left_));
  read_stored(what);
  read_rare(what);
  return &file_;
}

} // namespace pgbraid::format
