// Writing one file for another host.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>

namespace pgbraid::serve {

namespace {

class write_work final : public exchange_work {
public:
  write_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  bool ready() const override { return file_ == nullptr || asked().readable(piece_bytes); }

private:
  static constexpr size_t piece_bytes = size_t{256} << 10;
  result<bool> go_on(byte_span room) override;
  result<void> open();
  void drop() override { file_.reset(); }

  std::shared_ptr<served_roots> roots_;
  std::unique_ptr<io::writer> file_;
};

result<void> write_work::open() {
  auto what = wire::decode<wire::write_request>(asked().head());
  if (!what)
    return what.failure();
  auto place = roots_->find(what->root, what->path, purpose::write);
  if (!place)
    return place.failure();
  auto file = place->where->open_write(place->path, served_options(what->options));
  if (!file)
    return file.failure();
  file_ = std::move(*file);
  return asked().respond("{}");
}

// Only the end of the body commits; a body that is cut short is cancelled.
result<bool> write_work::go_on(byte_span room) {
  if (file_ == nullptr) {
    if (auto opened = open(); !opened)
      return opened.failure();
    return true;
  }
  const auto piece = room.first(std::min(room.size(), piece_bytes));
  auto got = asked().read(piece);
  if (!got)
    return got.failure();
  if (*got > 0)
    if (auto put = file_->write(piece.first(*got)); !put)
      return put.failure();
  if (*got == piece.size())
    return true;
  if (auto stored = io::commit(*file_); !stored)
    return stored.failure();
  file_.reset();
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

} // namespace

write_options served_options(const write_options& asked) {
  return {.how = asked.how,
          .mode = repository_file_mode,
          .path_mode = repository_path_mode,
          .make_parents = asked.make_parents,
          .sync = asked.sync,
          .mtime_s = asked.mtime_s};
}

std::unique_ptr<work> make_write_work(std::unique_ptr<link::exchange> asked,
                                      std::shared_ptr<served_roots> roots) {
  return std::make_unique<write_work>(std::move(asked), std::move(roots));
}

} // namespace pgbraid::serve
