// Removing many files for another host.
// SPDX-License-Identifier: MIT
#include "actors/serve/file_work.hpp"
#include "engine/base/failures.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>

namespace pgbraid::serve {

namespace {

class removal_work final : public exchange_work {
public:
  removal_work(std::unique_ptr<link::exchange> asked, std::shared_ptr<served_roots> roots)
      : exchange_work(std::move(asked)), roots_(std::move(roots)) {}
  size_t weight_bytes() const override { return 3 * wire::removal_body_bytes; }
  bool ready() const override { return asked().readable(wire::removal_body_bytes); }

private:
  result<bool> go_on(byte_span room) override;
  result<std::string> body();
  result<void> take_line(std::string_view root, std::string_view line);
  bool remove();

  std::shared_ptr<served_roots> roots_;
  size_t lines_ = 0;
  std::shared_ptr<storage> where_; ///< of all in `paths_`
  std::vector<std::string> paths_;
  past_holds gone_;
};

result<std::string> removal_work::body() {
  std::string out(wire::removal_body_bytes, '\0');
  auto got = asked().read(std::as_writable_bytes(std::span(out)));
  if (!got)
    return got.failure();
  if (*got == out.size())
    return error{errc::protocol, "too many files are to be removed at once"};
  out.resize(*got);
  return out;
}

/// Whether to go on.
bool removal_work::remove() {
  const bool on = gone_.goes_on(where_ ? where_->remove_files(paths_) : success());
  paths_.clear();
  return on;
}

result<void> removal_work::take_line(std::string_view root, std::string_view line) {
  auto one = wire::decode<wire::removal_line>(line);
  if (!one)
    return one.failure();
  if (lines_++ == wire::removal_files_max)
    return error{errc::protocol, "too many files are to be removed at once"};
  auto place = roots_->find(std::string(root), one->path, purpose::write);
  if (!place)
    return place.failure();
  if (place->where != where_ && !remove())
    return gone_.outcome();
  where_ = place->where;
  paths_.push_back(std::move(place->path));
  return success();
}

result<bool> removal_work::go_on(byte_span) {
  auto what = wire::decode<wire::place_request>(asked().head());
  if (!what)
    return what.failure();
  auto lines = body();
  if (!lines)
    return lines.failure();
  for (std::string_view left = *lines; !left.empty();) {
    const auto end = std::min(left.find('\n'), left.size());
    if (auto taken = take_line(what->root, left.substr(0, end)); !taken)
      return taken.failure();
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  remove();
  if (auto gone = gone_.outcome(); !gone)
    return gone.failure();
  if (auto told = asked().respond("{}"); !told)
    return told.failure();
  if (auto ended = asked().finish(); !ended)
    return ended.failure();
  return false;
}

} // namespace

std::unique_ptr<work> make_removal_work(std::unique_ptr<link::exchange> asked,
                                        std::shared_ptr<served_roots> roots) {
  return std::make_unique<removal_work>(std::move(asked), std::move(roots));
}

} // namespace pgbraid::serve
