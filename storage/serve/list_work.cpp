// Listing a path for another host.
// SPDX-License-Identifier: MIT
#include "storage/remote/wire.hpp"
#include "storage/serve/file_work.hpp"
#include "storage/serve/work_pool.hpp"

#include <algorithm>

namespace pgbraid::serve {

namespace {

class list_work final : public exchange_work {
public:
  list_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  bool ready() const override { return !listed_ || asked().writable(piece_bytes); }

private:
  // Larger by a line than what a piece is filled to.
  static constexpr size_t piece_bytes = work_pool::room_bytes;
  result<bool> go_on(byte_span room) override;
  result<void> list();
  std::string next_lines();

  std::shared_ptr<served_roots> roots_;
  remote::place_request what_;
  bool listed_ = false;
  std::vector<entry> entries_;
  size_t next_ = 0;
};

result<void> list_work::list() {
  auto what = remote::decode<remote::place_request>(asked().head());
  if (!what)
    return what.failure();
  what_ = std::move(*what);
  auto place = roots_->find(what_.root, what_.path, purpose::look);
  if (!place)
    return place.failure();
  auto all = place->where->list(place->path);
  if (!all)
    return all.failure();
  listed_ = true;
  if (*all)
    entries_ = std::move(**all);
  if (!place->shown.empty())
    std::erase_if(entries_, [&](const entry& one) {
      return std::find(place->shown.begin(), place->shown.end(), one.name) == place->shown.end();
    });
  return asked().respond(remote::encode(remote::list_answer{all->has_value()}));
}

std::string list_work::next_lines() {
  std::string lines;
  for (; next_ < entries_.size() && lines.size() < piece_bytes / 2; ++next_) {
    const auto& one = entries_[next_];
    if (one.info.kind == entry_kind::link)
      roots_->saw_link(what_.root, what_.path.empty() ? one.name : what_.path + "/" + one.name,
                       one.info.link_destination);
    lines += remote::encode(one) + "\n";
  }
  return lines;
}

result<bool> list_work::go_on(byte_span) {
  if (!listed_)
    if (auto done = list(); !done)
      return done.failure();
  if (const auto lines = next_lines(); !lines.empty())
    if (auto put = asked().write(as_bytes(lines)); !put)
      return put.failure();
  if (next_ < entries_.size())
    return true;
  if (auto done = asked().finish(); !done)
    return done.failure();
  return false;
}

} // namespace

std::unique_ptr<work> make_list_work(std::unique_ptr<link::exchange> asked,
                                     std::shared_ptr<served_roots> roots) {
  return std::make_unique<list_work>(std::move(asked), std::move(roots));
}

} // namespace pgbraid::serve
