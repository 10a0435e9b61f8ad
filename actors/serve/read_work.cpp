// Reading one file for another host.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "actors/serve/work_pool.hpp"
#include "storage/wire/wire.hpp"

#include <fmt/format.h>

#include <limits>

namespace pgbraid::serve {

namespace {

class read_work final : public exchange_work {
public:
  read_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  size_t weight_bytes() const override { return size_t{5} << 19; } // what a stream holds, and more
  bool ready() const override {
    return file_ == nullptr || asked().writable(work_pool::room_bytes);
  }

private:
  result<bool> go_on(byte_span room) override;
  result<void> open();
  void drop() override { file_.reset(); }

  std::shared_ptr<served_roots> roots_;
  std::unique_ptr<io::reader> file_;
};

result<void> read_work::open() {
  auto what = wire::decode<wire::read_request>(asked().head());
  if (!what)
    return what.failure();
  constexpr uint64_t offset_max = std::numeric_limits<int64_t>::max();
  if (what->offset > offset_max)
    return error{errc::param_invalid, "a file cannot be read that far behind its start"};
  if (what->limit)
    what->limit = std::min(*what->limit, offset_max - what->offset);
  auto place = roots_->find(what->root, what->path, purpose::read);
  if (!place)
    return place.failure();
  // Looked at before it is opened: should it be replaced in between, a read that goes on ends with
  // an error, instead of with the halves of two files.
  auto about = place->where->info(place->path);
  if (!about)
    return about.failure();
  auto file = place->where->open_read(place->path, {.offset_bytes = what->offset,
                                                    .limit_bytes = what->limit,
                                                    .size_hint_bytes = what->size_hint});
  if (!file)
    return file.failure();
  file_ = std::move(*file);
  const wire::read_answer answer{
      .version = *about ? fmt::format("{}-{}", (*about)->mtime_s, (*about)->size_bytes) : ""};
  return asked().respond(wire::encode(answer));
}

result<bool> read_work::go_on(byte_span room) {
  if (file_ == nullptr)
    if (auto opened = open(); !opened)
      return opened.failure();
  auto got = file_->read(room);
  if (!got)
    return got.failure();
  if (*got > 0)
    if (auto put = asked().write(room.first(*got)); !put)
      return put.failure();
  if (*got == room.size())
    return true;
  file_.reset();
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

} // namespace

std::unique_ptr<work> make_read_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots) {
  return std::make_unique<read_work>(std::move(asked), std::move(roots));
}

} // namespace pgbraid::serve
