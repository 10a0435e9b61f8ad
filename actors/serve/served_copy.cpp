// Requests as tasks.
// SPDX-License-Identifier: MIT
#include "actors/serve/served_copy.hpp"

#include "actors/backup/block_watch.hpp"
#include "actors/backup/local_file.hpp"
#include "actors/backup/remote_batch.hpp"

namespace pgbraid::serve {

namespace {

// More than streams a link may have.
constexpr size_t largest_queue = 1024;

size_t bytes_of(const std::vector<wanted_file>& files) {
  size_t bytes = 0;
  for (const auto& one : files)
    bytes += sizeof(one) + one.file.name.size() + one.file.through.size() + one.file.path.size() +
             one.prior_sums.size();
  return bytes;
}

/// What is asked for and how it goes out.
struct served_route {
  wire::copied_file file;
  served_place at;
  std::shared_ptr<served_answer> answer;
  size_t number = 0; ///< in the answer
  bool small = false;
  std::shared_ptr<block_watch> blocks = {}; ///< null: it is sent whole
  std::shared_ptr<small_files> prefetch = {};
  size_t prefetch_index = 0;
};

/// A failure ends the answer, never the lanes that other requests share.
class served_task final : public graph::task {
public:
  explicit served_task(served_route route) : route_(std::move(route)) {}

  result<bool> open(const graph::worker_tools& tools) override;
  result<size_t> read(byte_span out) override;
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override;
  bool ready_to_write(std::chrono::milliseconds wait) override {
    return route_.answer->is_writable(route_.number, wait);
  }
  result<void> write(byte_view in) override;
  result<void> finish(const graph::file_streams& streams) override;
  result<bool> settled(bool) override { return true; }
  std::string name() const override { return route_.file.name; }

private:
  result<wire::copy_outcome> look(const graph::worker_tools& tools);
  result<wire::copy_outcome> vanished();
  void send_notes();

  served_route route_;
  std::optional<local_file> file_;
  wire::copied_results learned_ = {};
};

result<wire::copy_outcome> served_task::vanished() {
  auto path_gone = is_path_gone({route_.at.in.get(), route_.at.path});
  if (!path_gone)
    return path_gone.failure();
  learned_.path_gone = *path_gone;
  return wire::copy_outcome::vanished;
}

/// How much may be read; nothing when the file is not there any more or has grown too much.
result<wire::copy_outcome> served_task::look(const graph::worker_tools& tools) {
  auto limit = route_.file.limit;
  if (route_.small && !limit) {
    auto info = route_.at.in->info(route_.at.path);
    if (!info)
      return info.failure();
    if (!*info)
      return vanished();
    limit = remote_batch::growth_limit_bytes(route_.file.expected);
    if ((*info)->size_bytes > *limit)
      return wire::copy_outcome::grown;
  }
  file_.emplace(local_wish{.name = route_.file.name,
                           .at = {route_.at.in.get(), route_.at.path},
                           .limit_bytes = limit,
                           .expected_bytes = route_.file.expected,
                           .prefetch = route_.prefetch,
                           .prefetch_index = route_.prefetch_index});
  auto there = file_->open(tools.engine);
  if (!there)
    return there.failure();
  if (!*there)
    return vanished();
  auto how = look_first(*file_, route_.file);
  if (!how)
    return how.failure();
  return *how == task_outcome::empty       ? wire::copy_outcome::empty
         : *how == task_outcome::unchanged ? wire::copy_outcome::unchanged
                                           : wire::copy_outcome::stored;
}

result<bool> served_task::open(const graph::worker_tools& tools) {
  if (route_.answer->is_over())
    return false;
  auto how = look(tools);
  if (!how) {
    route_.answer->fail(how.failure());
    return false;
  }
  learned_.how = *how;
  return true;
}

result<size_t> served_task::read(byte_span out) {
  if (learned_.how != wire::copy_outcome::stored || route_.answer->is_over())
    return size_t{0};
  auto got = file_->read(out);
  if (got)
    return got;
  route_.answer->fail(got.failure());
  return size_t{0};
}

std::unique_ptr<codec::stream> served_task::open_stream(codec::kernel& kernel) {
  return open_copy_stream(
      kernel, route_.file,
      [this](byte_span into, uint64_t offset_bytes) -> result<size_t> {
        auto got = file_->read_again(into, offset_bytes);
        if (got)
          return got;
        route_.answer->fail(got.failure());
        return size_t{0};
      },
      route_.blocks);
}

result<void> served_task::write(byte_view in) {
  if (learned_.how != wire::copy_outcome::stored)
    return success();
  send_notes();
  route_.answer->write(in);
  return success();
}

void served_task::send_notes() {
  if (route_.blocks && learned_.how == wire::copy_outcome::stored)
    route_.answer->write_notes(route_.blocks->take_notes());
}

result<void> served_task::finish(const graph::file_streams& streams) {
  if (learned_.how == wire::copy_outcome::stored) {
    copy_results found;
    take_copy_results(streams, found);
    learned_.plain = file_->read_bytes();
    learned_.sha1 = to_hex(found.checksum);
    if (found.repo_checksum && !route_.blocks)
      learned_.repo_sha1 = to_hex(*found.repo_checksum);
    if (found.pages) {
      learned_.pages_checked = true;
      learned_.pages_valid = found.pages->valid;
      learned_.pages_misaligned = found.pages->misaligned;
      for (const auto& run : found.pages->bad)
        learned_.bad_pages.insert(learned_.bad_pages.end(), {run.first, run.last});
    }
  }
  file_.reset();
  send_notes();
  route_.blocks.reset();
  route_.answer->end(learned_);
  return success();
}

} // namespace

result<void> validate(const std::vector<wanted_file>& small) {
  uint64_t bytes = 0;
  for (const auto& one : small)
    if (one.file.expected > remote_batch::largest_bytes ||
        (bytes += one.file.expected) > small_files::window_bytes)
      return error{errc::protocol, "the other host asked for small files that are not small"};
  if (small.empty() || small.size() > small_files::window_files)
    return error{errc::protocol, "the other host asked for no or too many small files"};
  return success();
}

served_copy::served_copy(std::unique_ptr<link::exchange> begun, served_finder finder,
                         answer_room room)
    : begun_(std::move(begun)), find_(std::move(finder)), room_(std::move(room)) {}

served_copy::~served_copy() = default;

void served_copy::add(std::unique_ptr<link::exchange> asked, std::vector<wanted_file> files,
                      bool small) {
  const std::lock_guard lock(mutex_);
  if (closed_ || waiting_.size() >= largest_queue)
    return asked->fail({errc::protocol, "the copy takes no more requests"});
  waiting_bytes_ += bytes_of(files);
  waiting_.push_back({std::move(asked), std::move(files), small});
  if (wake_)
    wake_();
}

void served_copy::look() {
  const std::lock_guard lock(mutex_);
  if (wants_room_ && wake_)
    wake_();
}

void served_copy::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (wake_)
    wake_();
}

void served_copy::abandon() {
  abandoned_ = true;
  close();
}

void served_copy::end(const result<void>& outcome) {
  const std::lock_guard lock(mutex_);
  closed_ = over_ = true;
  for (auto& one : waiting_)
    one.asked->fail({errc::protocol, "the copy has ended"});
  waiting_.clear();
  if (outcome)
    static_cast<void>(begun_->finish()); // who has gone needs no end
  else
    begun_->fail(outcome.failure());
}

graph::task_list served_copy::tasks_of(request asked) const {
  const auto answer = std::make_shared<served_answer>(std::move(asked.asked), asked.files.size());
  const auto prefetch = asked.files.size() > 1 ? std::make_shared<small_files>() : nullptr;
  graph::task_list out;
  for (auto& one : asked.files) {
    auto& file = one.file;
    auto place = find_(file);
    if (!place) {
      answer->fail(place.failure());
      return {};
    }
    served_route route{.file = std::move(file),
                       .at = std::move(*place),
                       .answer = answer,
                       .number = out.size(),
                       .small = asked.small};
    if (const auto& how = route.file.blocks)
      route.blocks = std::make_shared<block_watch>(*how, std::move(one.prior_sums));
    if (prefetch && route.file.expected <= small_files::largest_bytes) {
      route.prefetch = prefetch;
      route.prefetch_index = prefetch->add(*route.at.in, route.at.path, route.file.expected);
    }
    out.push_back(std::make_shared<served_task>(std::move(route)));
  }
  return out;
}

/// The one that waits longest, if there is room for its answer.
std::optional<served_copy::request> served_copy::next() {
  const std::lock_guard lock(mutex_);
  wants_room_ = false;
  if (closed_ || waiting_.empty())
    return {};
  auto room = room_();
  wants_room_ = !room;
  if (!room)
    return {};
  auto out = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= bytes_of(out.files);
  out.asked->keep(std::move(room));
  return out;
}

graph::task_list served_copy::deal() {
  graph::task_list out;
  while (out.empty()) {
    auto asked = next();
    if (!asked)
      break;
    out = tasks_of(std::move(*asked));
  }
  return out;
}

bool served_copy::more_to_come() {
  return !closed_;
}

void served_copy::on_change(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

result<void> served_copy::tick() {
  if (abandoned_)
    return error{errc::term, "the copy was abandoned"};
  if (!closed_ && begun_->cancelled())
    close();
  return success();
}

} // namespace pgbraid::serve
