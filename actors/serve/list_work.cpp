// Listing a path for another host.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "actors/serve/work_pool.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>

namespace pgbraid::serve {

namespace {

class list_work final : public exchange_work {
public:
  list_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  size_t weight_bytes() const override { return page_entries * entry_bytes; }
  bool ready() const override { return !listed_ || asked().writable(piece_bytes); }

private:
  // Larger by a line than what a piece is filled to.
  static constexpr size_t piece_bytes = work_pool::room_bytes;
  /// Entries that are in memory at once, and what one takes there at most on average.
  static constexpr size_t page_entries = 32768;
  static constexpr size_t entry_bytes = 1024;
  result<bool> go_on(byte_span room) override;
  result<bool> begin();
  result<bool> load_page();
  std::string next_lines();

  std::shared_ptr<served_roots> roots_;
  wire::place_request what_;
  served_roots::place place_;
  bool listed_ = false;
  storage::list_page page_;
  size_t next_ = 0; ///< in the page
};

/// Answers with the head. False when there is no such path.
result<bool> list_work::begin() {
  auto what = wire::decode<wire::place_request>(asked().head());
  if (!what)
    return what.failure();
  what_ = std::move(*what);
  auto place = roots_->find(what_.root, what_.path, purpose::look);
  if (!place)
    return place.failure();
  place_ = std::move(*place);
  listed_ = true;
  auto found = load_page();
  if (!found)
    return found;
  if (auto told = asked().respond(wire::encode(wire::list_answer{*found})); !told)
    return told.failure();
  return found;
}

result<bool> list_work::load_page() {
  auto page = place_.where->list_some(place_.path, page_.next, page_entries);
  if (!page)
    return page.failure();
  next_ = 0;
  page_ = *page ? std::move(**page) : storage::list_page();
  const auto& shown = place_.shown;
  if (!shown.empty())
    std::erase_if(page_.entries, [&](const entry& one) {
      return std::find(shown.begin(), shown.end(), one.name) == shown.end();
    });
  return page->has_value();
}

std::string list_work::next_lines() {
  std::string lines;
  for (; next_ < page_.entries.size() && lines.size() < piece_bytes / 2; ++next_) {
    const auto& one = page_.entries[next_];
    if (one.info.kind == entry_kind::link)
      roots_->saw_link(what_.root, what_.path.empty() ? one.name : what_.path + "/" + one.name,
                       one.info.link_destination);
    lines += wire::encode(one) + "\n";
  }
  return lines;
}

result<bool> list_work::go_on(byte_span) {
  if (!listed_)
    if (auto begun = begin(); !begun)
      return begun;
  if (const auto lines = next_lines(); !lines.empty())
    if (auto put = asked().write(as_bytes(lines)); !put)
      return put.failure();
  if (next_ < page_.entries.size())
    return true;
  if (!page_.next.empty()) {
    if (auto loaded = load_page(); !loaded)
      return loaded;
    return true;
  }
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
