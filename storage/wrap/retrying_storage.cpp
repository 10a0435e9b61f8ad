// What may be done twice, and when.
// SPDX-License-Identifier: MIT
#include "storage/wrap/retrying_storage.hpp"

#include <functional>

namespace pgbraid {

namespace {

/// Opens its file again where it was.
class retrying_reader final : public io::reader {
public:
  using opener = std::function<result<std::unique_ptr<io::reader>>(const read_options&)>;
  retrying_reader(std::unique_ptr<io::reader> base, opener open, const read_options& left,
                  const retry_policy& how)
      : base_(std::move(base)), open_(std::move(open)), left_(left), how_(how) {}

  result<size_t> read(byte_span out) override {
    auto got = again([&] { return base_->read(out); });
    if (!got)
      return got;
    left_.offset_bytes += *got;
    if (left_.limit_bytes)
      *left_.limit_bytes -= *got;
    return got;
  }
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override {
    return again([&] { return base_->read_at(out, offset_bytes); });
  }

private:
  template <class Call> result<size_t> again(Call call) {
    return retried(how_, [&]() -> result<size_t> {
      if (!base_) {
        auto opened = open_(left_);
        if (!opened)
          return opened.failure();
        base_ = std::move(*opened);
      }
      auto got = call();
      if (!got && got.failure().transient)
        base_.reset();
      return got;
    });
  }

  std::unique_ptr<io::reader> base_; ///< null after a break
  const opener open_;
  read_options left_; ///< what is still to come
  const retry_policy how_;
};

/// Repeats a change for as long as a look shows that it was not done.
template <class Change, class Undone>
result<void> repeat(const retry_policy& how, Change change, Undone is_undone) {
  return retried(how, [&]() -> result<void> {
    auto done = change();
    if (done || !done.failure().transient || is_undone())
      return done;
    auto why = done.failure();
    why.transient = false;
    return why;
  });
}

} // namespace

result<std::unique_ptr<io::reader>> retrying_storage::open_read(std::string_view path,
                                                                const read_options& options) {
  auto opened = each_verb::open_read(path, options);
  if (!opened)
    return opened;
  auto again = [from = shared_base(), path = std::string(path)](const read_options& left) {
    return from->open_read(path, left);
  };
  return std::unique_ptr<io::reader>(
      std::make_unique<retrying_reader>(std::move(*opened), std::move(again), options, how_));
}

result<std::unique_ptr<io::reader>> retrying_storage::open_version(std::string_view path,
                                                                   std::string_view id,
                                                                   const read_options& options) {
  auto opened = each_verb::open_version(path, id, options);
  if (!opened)
    return opened;
  auto again = [from = shared_base(), path = std::string(path), id = std::string(id)](
                   const read_options& left) { return from->open_version(path, id, left); };
  return std::unique_ptr<io::reader>(
      std::make_unique<retrying_reader>(std::move(*opened), std::move(again), options, how_));
}

void retrying_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  std::vector<small_read> batch(files.begin(), files.end());
  std::vector<size_t> places(files.size());
  for (size_t i = 0; i < places.size(); ++i)
    places[i] = i;
  // Each round asks for those that failed in the one before.
  static_cast<void>(retried(how_, [&]() -> result<void> {
    base().read_small(batch, engine);
    std::vector<small_read> left;
    std::vector<size_t> left_places;
    std::optional<error> why;
    for (size_t i = 0; i < batch.size(); ++i) {
      auto& to = files[places[i]];
      to.content = std::move(batch[i].content);
      to.failure = std::move(batch[i].failure);
      if (!to.failure || !to.failure->transient)
        continue;
      why = to.failure;
      left.push_back(
          {.path = to.path, .limit_bytes = to.limit_bytes, .offset_bytes = to.offset_bytes});
      left_places.push_back(places[i]);
    }
    batch = std::move(left);
    places = std::move(left_places);
    return why ? result<void>(*why) : success();
  }));
}

result<void> retrying_storage::move(std::string_view from, std::string_view to) {
  return repeat(
      how_, [&] { return base().move(from, to); },
      [&] {
        const auto there = info(from);
        return there && there->has_value();
      });
}

result<void> retrying_storage::make_symlink(std::string_view path, std::string_view destination) {
  return repeat(
      how_, [&] { return base().make_symlink(path, destination); },
      [&] {
        const auto there = info(path);
        return there && !there->has_value();
      });
}

result<void> retrying_storage::make_hardlink(std::string_view path, std::string_view existing) {
  return repeat(
      how_, [&] { return base().make_hardlink(path, existing); },
      [&] {
        const auto there = info(path);
        return there && !there->has_value();
      });
}

} // namespace pgbraid
