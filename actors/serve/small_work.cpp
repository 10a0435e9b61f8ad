// Reading many small files for another host.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "storage/driver/remote/remote_small_reads.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>
#include <limits>

namespace pgbraid::serve {

namespace {

class small_work final : public exchange_work {
public:
  small_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  size_t weight_bytes() const override {
    return remote::small_read_body_bytes + 2 * remote::small_read_limit_bytes + 3 * group_bytes;
  }
  bool ready() const override {
    if (!begun_)
      return asked().readable(remote::small_read_body_bytes);
    return asked().writable(std::min(answer_.size() - sent_, piece_bytes));
  }

private:
  static constexpr size_t piece_bytes = size_t{256} << 10;
  /// Content that is read at once; one larger file is read alone.
  static constexpr uint64_t group_bytes = uint64_t{1} << 20;
  result<bool> go_on(byte_span room) override;
  result<void> begin();
  result<void> take_lines(std::string_view body);
  result<void> send_piece();
  void read_group();
  void answer_one(small_read& one);

  std::shared_ptr<served_roots> roots_;
  std::string root_;
  bool begun_ = false;
  std::vector<small_read> files_;
  size_t next_ = 0; ///< the first file that was not read yet
  std::string answer_;
  size_t sent_ = 0;
};

result<void> small_work::begin() {
  begun_ = true;
  auto what = wire::decode<wire::place_request>(asked().head());
  if (!what)
    return what.failure();
  root_ = std::move(what->root);
  std::string body(remote::small_read_body_bytes, '\0');
  auto got = asked().read(std::as_writable_bytes(std::span(body)));
  if (!got)
    return got.failure();
  if (*got == body.size())
    return error{errc::protocol, "too many small files were asked for at once"};
  body.resize(*got);
  if (auto taken = take_lines(body); !taken)
    return taken;
  return asked().respond("{}");
}

result<void> small_work::take_lines(std::string_view body) {
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    auto one = wire::decode<wire::small_request>(body.substr(0, end));
    if (!one)
      return one.failure();
    if (one->limit > remote::small_read_limit_bytes)
      return error{errc::param_invalid, "a file is too large to be read as a small one"};
    if (one->offset > uint64_t{std::numeric_limits<int64_t>::max()} - one->limit)
      return error{errc::param_invalid, "a file cannot be read that far behind its start"};
    if (files_.size() == remote::small_read_files_max)
      return error{errc::protocol, "too many small files were asked for at once"};
    files_.push_back(
        {.path = std::move(one->path), .limit_bytes = one->limit, .offset_bytes = one->offset});
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return success();
}

void small_work::answer_one(small_read& one) {
  wire::small_answer about{.size = one.content.size(), .failure = std::move(one.failure)};
  if (about.failure) {
    about.size = 0;
    one.content.clear();
  }
  answer_ += wire::encode(about);
  answer_ += '\n';
  answer_ += as_text(one.content);
  one = {};
}

// Reads as many files of one root as fit, and appends their answers.
void small_work::read_group() {
  std::shared_ptr<storage> where;
  uint64_t bytes = 0;
  std::vector<small_read> group;
  while (next_ < files_.size()) {
    auto& one = files_[next_];
    auto place = roots_->find(root_, one.path, purpose::read);
    if (!place && group.empty()) {
      one.failure = place.failure();
      answer_one(files_[next_++]);
      return;
    }
    if (!place ||
        (!group.empty() && (where != place->where || bytes + one.limit_bytes > group_bytes)))
      break;
    where = place->where;
    bytes += one.limit_bytes;
    group.push_back(
        {.path = place->path, .limit_bytes = one.limit_bytes, .offset_bytes = one.offset_bytes});
    ++next_;
  }
  where->read_small(group, nullptr);
  for (auto& one : group)
    answer_one(one);
}

result<void> small_work::send_piece() {
  const auto piece = std::string_view(answer_).substr(sent_, piece_bytes);
  if (auto put = asked().write(as_bytes(piece)); !put)
    return put;
  sent_ += piece.size();
  if (sent_ == answer_.size()) {
    answer_.clear();
    sent_ = 0;
  }
  return success();
}

result<bool> small_work::go_on(byte_span) {
  if (!begun_)
    if (auto done = begin(); !done)
      return done.failure();
  while (answer_.size() < piece_bytes && next_ < files_.size())
    read_group();
  if (!answer_.empty())
    if (auto put = send_piece(); !put)
      return put.failure();
  if (!answer_.empty() || next_ < files_.size())
    return true;
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

} // namespace

std::unique_ptr<work> make_small_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots) {
  return std::make_unique<small_work>(std::move(asked), std::move(roots));
}

} // namespace pgbraid::serve
