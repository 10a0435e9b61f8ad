// Info files for hosts that have no passphrase: opened and sealed here.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "engine/base/bytes.hpp"
#include "engine/format/repository_reach.hpp"
#include "storage/repository/sealed_text.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace pgbraid::serve {

namespace {

/// The content of one of them, twice: sealed and open.
constexpr size_t weight = 2 * wire::info_limit_bytes;

result<served_roots::place> find_info(served_roots& roots, const std::string& root,
                                      const std::string& path, purpose wanted) {
  if (root == "repo" && format::is_info_path(path))
    return roots.find(root, path, wanted);
  return error{errc::access, "access denied: this is no info file of a stanza"};
}

class read_info_work final : public exchange_work {
public:
  read_info_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots,
                 secret pass)
      : exchange_work(std::move(asked)), roots_(std::move(roots)), pass_(std::move(pass)) {}
  size_t weight_bytes() const override { return weight; }
  bool ready() const override { return !text_ || asked().writable(piece_bytes); }

private:
  static constexpr size_t piece_bytes = size_t{256} << 10;
  result<bool> go_on(byte_span room) override;
  result<void> open();

  std::shared_ptr<served_roots> roots_;
  const secret pass_;
  std::optional<plain_text> text_;
  std::string_view left_;
};

result<void> read_info_work::open() {
  auto what = wire::decode<wire::read_request>(asked().head());
  if (!what)
    return what.failure();
  auto place = find_info(*roots_, what->root, what->path, purpose::read);
  if (!place)
    return place.failure();
  auto about = place->where->info(place->path);
  if (!about)
    return about.failure();
  auto stored = read_all(*place->where, place->path, wire::info_limit_bytes);
  if (!stored)
    return stored.failure();
  auto opened = unseal(std::move(*stored), pass_);
  if (!opened)
    return opened.failure().within(fmt::format("'{}'", what->path));
  text_.emplace(std::move(*opened));
  left_ = text_->view();
  left_.remove_prefix(std::min<uint64_t>(what->offset, left_.size()));
  left_ = left_.substr(0, what->limit.value_or(left_.size()));
  const wire::read_answer answer{
      .version = *about ? fmt::format("{}-{}", (*about)->mtime_s, (*about)->size_bytes) : ""};
  return asked().respond(wire::encode(answer));
}

result<bool> read_info_work::go_on(byte_span) {
  if (!text_)
    if (auto opened = open(); !opened)
      return opened.failure();
  const auto piece = left_.substr(0, piece_bytes);
  if (auto put = asked().write(as_bytes(piece)); !put)
    return put.failure();
  left_.remove_prefix(piece.size());
  if (!left_.empty())
    return true;
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

class write_info_work final : public exchange_work {
public:
  write_info_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots,
                  secret pass)
      : exchange_work(std::move(asked)), roots_(std::move(roots)), pass_(std::move(pass)) {}
  size_t weight_bytes() const override { return weight; }
  bool ready() const override { return file_ == nullptr || asked().readable(piece_bytes); }

private:
  static constexpr size_t piece_bytes = size_t{256} << 10;
  result<bool> go_on(byte_span room) override;
  result<void> open();
  result<void> store();
  void drop() override { file_.reset(); }

  std::shared_ptr<served_roots> roots_;
  const secret pass_;
  std::string text_;
  std::unique_ptr<io::writer> file_;
};

result<void> write_info_work::open() {
  auto what = wire::decode<wire::write_request>(asked().head());
  if (!what)
    return what.failure();
  auto place = find_info(*roots_, what->root, what->path, purpose::write);
  if (!place)
    return place.failure();
  auto file = place->where->open_write(place->path, served_options(what->options));
  if (!file)
    return file.failure();
  file_ = std::move(*file);
  return asked().respond("{}");
}

result<void> write_info_work::store() {
  const plain_text text(std::move(text_));
  auto sealed = seal(text.view(), pass_);
  if (!sealed)
    return sealed.failure();
  if (auto put = file_->write(as_bytes(*sealed)); !put)
    return put;
  return io::commit(*file_);
}

// Only the end of the body commits; a body that is cut short is cancelled.
result<bool> write_info_work::go_on(byte_span room) {
  if (file_ == nullptr) {
    if (auto opened = open(); !opened)
      return opened.failure();
    return true;
  }
  const auto piece = room.first(std::min(room.size(), piece_bytes));
  auto got = asked().read(piece);
  if (!got)
    return got.failure();
  if (text_.size() + *got > wire::info_limit_bytes)
    return error{errc::protocol, "the other host sent an info file that is too large"};
  text_ += as_text(byte_view(piece.first(*got)));
  if (*got == piece.size())
    return true;
  if (auto stored = store(); !stored)
    return stored.failure();
  file_.reset();
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

} // namespace

std::unique_ptr<work> make_info_work(std::unique_ptr<link::exchange>& asked,
                                     std::shared_ptr<served_roots> roots, const secret& pass) {
  if (asked->path() == wire::path::repo_read_info)
    return std::make_unique<read_info_work>(std::move(asked), std::move(roots), pass);
  if (asked->path() == wire::path::repo_write_info)
    return std::make_unique<write_info_work>(std::move(asked), std::move(roots), pass);
  return {};
}

} // namespace pgbraid::serve
