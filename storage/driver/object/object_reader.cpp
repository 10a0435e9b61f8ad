// One object in pieces.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/object_reader.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid::object {

namespace {

/// Each read comes to its end by the limits of its store.
constexpr std::chrono::hours no_hurry{1};

uint64_t end_of(const read_options& options) {
  if (!options.limit_bytes)
    return UINT64_MAX;
  return options.offset_bytes + std::min(*options.limit_bytes, UINT64_MAX - options.offset_bytes);
}

/// No more than may be held of a file otherwise.
uint64_t first_of(const read_options& options, const read_ahead_limits& limits) {
  return options.alone ? (limits.pieces + 1) * limits.piece_bytes : limits.piece_bytes;
}

} // namespace

object_reader::object_reader(std::shared_ptr<object_store> in, std::string key, std::string shown,
                             const read_options& options, const read_ahead_limits& limits)
    : in_(std::move(in)), key_(std::move(key)), shown_(std::move(shown)), limits_(limits),
      end_(end_of(options)), next_(options.offset_bytes) {}

result<std::unique_ptr<io::reader>> object_reader::open(std::shared_ptr<object_store> in,
                                                        std::string key, std::string shown,
                                                        const read_options& options,
                                                        const read_ahead_limits& limits) {
  std::unique_ptr<object_reader> made(
      new object_reader(std::move(in), std::move(key), std::move(shown), options, limits));
  if (auto begun = made->begin(options); !begun)
    return begun.failure();
  return std::unique_ptr<io::reader>(std::move(made));
}

result<object_piece> object_reader::taken(asked<std::optional<object_piece>> one) {
  auto piece = one->wait();
  if (!piece)
    return piece.failure().within("unable to read '" + shown_ + "'");
  if (!*piece)
    return error{errc::file_missing, "unable to open missing file '" + shown_ + "' for read"};
  return std::move(**piece);
}

result<object_piece> object_reader::read_piece(uint64_t offset, uint64_t bytes) {
  return taken(in_->read(key_, offset, bytes, tag_));
}

/// Also where nothing is wanted: somebody wants to know whether the file is there.
result<void> object_reader::begin(const read_options& options) {
  const auto begin = next_;
  const auto wanted = std::clamp<uint64_t>(end_ - begin, 1, first_of(options, limits_));
  coming_ = in_->read(key_, begin, wanted, {});
  next_ = first_end_ = begin + wanted;
  ask_ahead(std::min(end_, begin + options.size_hint_bytes)); // which the caller knows to be there
  if (options.alone)
    here_ = coming_->some(no_hurry);
  return here_.empty() ? end_of_first() : success();
}

void object_reader::ask_ahead(uint64_t until) {
  while (under_way_.size() < limits_.pieces && next_ < until) {
    const auto bytes = std::min(limits_.piece_bytes, until - next_);
    under_way_.push_back({bytes, in_->read(key_, next_, bytes, tag_)});
    next_ += bytes;
  }
}

/// What it is part of is known now.
result<void> object_reader::end_of_first() {
  auto rest = taken(std::move(coming_));
  if (!rest)
    return rest.failure();
  size_ = rest->object_bytes;
  tag_ = std::move(rest->tag);
  if (here_.empty())
    here_ = std::move(rest->bytes);
  else
    here_.insert(here_.end(), rest->bytes.begin(), rest->bytes.end());
  const auto end = std::min(end_, size_);
  if (first_end_ > end_) // nothing was wanted
    here_.clear();
  if (next_ > end) { // it is shorter than somebody thought
    under_way_.clear();
    next_ = std::min(first_end_, end);
  }
  ask_ahead(end);
  return success();
}

result<bool> object_reader::next_bytes() {
  if (!coming_)
    return next_piece();
  here_ = coming_->some(no_hurry);
  used_ = 0;
  if (here_.empty())
    if (auto ended = end_of_first(); !ended)
      return ended.failure();
  return true;
}

/// False at the end.
result<bool> object_reader::next_piece() {
  if (under_way_.empty())
    return false;
  const auto wanted_bytes = under_way_.front().bytes;
  auto one = taken(std::move(under_way_.front().outcome));
  under_way_.pop_front();
  if (!one)
    return one.failure();
  // What was asked for before the first piece was there may be of another content.
  if (one->tag != tag_)
    return error{errc::file_read, "unable to read '" + shown_ + "': it changed meanwhile"};
  // All but the last are as long as they were asked for.
  if (one->bytes.size() < wanted_bytes && !under_way_.empty())
    return error{errc::file_read, "unable to read '" + shown_ + "': it became shorter"};
  here_ = std::move(one->bytes);
  used_ = 0;
  ask_ahead(std::min(end_, size_));
  return true;
}

result<size_t> object_reader::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (used_ == here_.size()) {
      auto more = next_bytes();
      if (!more)
        return more.failure();
      if (!*more)
        break;
      continue;
    }
    const auto part = std::min(out.size() - filled, here_.size() - used_);
    std::memcpy(out.data() + filled, here_.data() + used_, part);
    used_ += part;
    filled += part;
  }
  return filled;
}

result<size_t> object_reader::read_at(byte_span out, uint64_t offset_bytes) {
  if (coming_)
    if (auto ended = end_of_first(); !ended)
      return ended.failure();
  size_t filled = 0;
  while (filled < out.size() && offset_bytes + filled < size_) {
    auto piece = read_piece(offset_bytes + filled,
                            std::min<uint64_t>(out.size() - filled, limits_.piece_bytes));
    if (!piece)
      return piece.failure();
    if (piece->bytes.empty())
      break;
    std::memcpy(out.data() + filled, piece->bytes.data(), piece->bytes.size());
    filled += piece->bytes.size();
  }
  return filled;
}

} // namespace pgbraid::object
