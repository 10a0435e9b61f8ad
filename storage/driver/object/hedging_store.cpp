// Two requests for the same, of which one is enough.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/hedging_store.hpp"

#include "engine/base/log.hpp"
#include "engine/base/printable.hpp"
#include "storage/driver/object/read_pace.hpp"

#include <algorithm>

namespace pgbraid::object {

namespace {

using std::chrono::milliseconds;
using maybe_piece = std::optional<object_piece>;

/// How long one of the two is waited for before the other one is looked at.
constexpr milliseconds turn{10};

struct wanted_piece {
  std::string key;
  uint64_t offset;
  uint64_t bytes;
  std::string tag;
};

class hedged_read final : public pending<maybe_piece> {
public:
  hedged_read(std::shared_ptr<object_store> in, std::shared_ptr<read_pace> pace, wanted_piece what)
      : in_(std::move(in)), pace_(std::move(pace)), what_(std::move(what)), first_(ask()) {
    pace_->begun();
  }
  bool has_come() const override { return first_->has_come(); }
  bool comes_within(milliseconds how_long) override { return first_->comes_within(how_long); }
  std::vector<std::byte> some(milliseconds how_long) override;
  result<maybe_piece> wait() override;

private:
  asked<maybe_piece> ask() const {
    return in_->read(what_.key, what_.offset, what_.bytes, what_.tag);
  }
  milliseconds taken() const {
    return std::chrono::duration_cast<milliseconds>(monotonic::now() - begun_);
  }
  bool is_slow();
  result<maybe_piece> sooner_of_two();

  const std::shared_ptr<object_store> in_;
  const std::shared_ptr<read_pace> pace_;
  const wanted_piece what_;
  const monotonic::time_point begun_ = monotonic::now();
  asked<maybe_piece> first_;
  bool comes_in_parts_ = false; ///< then it is waited for alone, at the pace of who takes them
};

/// Waits as long as others took, and longer.
bool hedged_read::is_slow() {
  const auto patience = pace_->patience(what_.bytes);
  return patience && !first_->comes_within(std::max(*patience - taken(), milliseconds(0)));
}

result<maybe_piece> hedged_read::sooner_of_two() {
  const auto leave = pace_->ask_twice();
  if (!leave)
    return first_->wait();
  log::debug("'{}' is asked for once more at {}: nothing came for {} ms", printable_line(what_.key),
             what_.offset, taken().count());
  auto second = ask();
  // Each comes to its end by the limits of its store.
  while (!first_->comes_within(turn) && !second->comes_within(turn)) {
  }
  auto& sooner = first_->has_come() ? first_ : second;
  auto got = sooner->wait();
  if (got)
    return got;
  sooner.reset();
  return (first_ ? first_ : second)->wait();
}

/// Where nothing comes for longer than all of it should take, `wait` may ask twice.
std::vector<std::byte> hedged_read::some(milliseconds how_long) {
  const auto patience = pace_->patience(what_.bytes);
  if (patience && !comes_in_parts_)
    how_long = std::min(how_long, std::max(*patience - taken(), milliseconds(0)));
  auto came = first_->some(how_long);
  comes_in_parts_ = comes_in_parts_ || !came.empty();
  return came;
}

result<maybe_piece> hedged_read::wait() {
  // Of what came before anybody waited it is not known when; who takes parts waited.
  const bool here = !comes_in_parts_ && first_->has_come();
  auto got = !here && !comes_in_parts_ && is_slow() ? sooner_of_two() : first_->wait();
  if (got && !here)
    pace_->took(what_.bytes, taken());
  return got;
}

class hedging_store final : public object_store {
public:
  explicit hedging_store(std::shared_ptr<object_store> in) : in_(std::move(in)) {}

  asked<object_page> list(const list_request& what) override { return in_->list(what); }
  asked<std::optional<object_about>> look(const std::string& key) override {
    return in_->look(key);
  }
  asked<maybe_piece> read(const std::string& key, uint64_t offset, uint64_t bytes,
                          const std::string& tag) override {
    return std::make_unique<hedged_read>(in_, pace_, wanted_piece{key, offset, bytes, tag});
  }
  asked<nothing> put(const std::string& key, std::vector<std::byte> content) override {
    return in_->put(key, std::move(content));
  }
  asked<std::string> begin_parts(const std::string& key) override { return in_->begin_parts(key); }
  asked<uploaded_part> put_part(const std::string& key, const std::string& upload, unsigned number,
                                std::vector<std::byte> content) override {
    return in_->put_part(key, upload, number, std::move(content));
  }
  asked<nothing> end_parts(const std::string& key, const std::string& upload,
                           std::span<const uploaded_part> parts, uint64_t object_bytes) override {
    return in_->end_parts(key, upload, parts, object_bytes);
  }
  asked<nothing> drop_parts(const std::string& key, const std::string& upload) override {
    return in_->drop_parts(key, upload);
  }
  asked<upload_page> list_uploads(const list_request& what) override {
    return in_->list_uploads(what);
  }
  asked<nothing> remove(std::span<const std::string> keys) override { return in_->remove(keys); }
  asked<nothing> touch(const std::string& key) override { return in_->touch(key); }

private:
  const std::shared_ptr<object_store> in_;
  const std::shared_ptr<read_pace> pace_ = std::make_shared<read_pace>();
};

} // namespace

std::shared_ptr<object_store> make_hedging_store(std::shared_ptr<object_store> in) {
  return std::make_shared<hedging_store>(std::move(in));
}

} // namespace pgbraid::object
