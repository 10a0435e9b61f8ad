// Taking in requests, and the run of a copy.
// SPDX-License-Identifier: MIT
#include "actors/copy_service.hpp"

#include "actors/run_job.hpp"
#include "engine/io/descriptor_limit.hpp"
#include "storage/backup/served_copy.hpp"
#include "storage/backup/small_files.hpp"
#include "storage/remote/protocol.hpp"
#include "storage/serve/copied_place.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace pgbraid::actors {

namespace {

constexpr size_t rules_limit_bytes = size_t{64} << 10;
// As often a slow body is looked at.
constexpr auto look_every = std::chrono::milliseconds(5);

/// A copy and the thread that runs it.
struct running_copy {
  std::shared_ptr<served_copy> job;
  std::thread thread;
};

struct request {
  std::unique_ptr<link::exchange> asked;
  serve::grants may;
};

result<std::vector<remote::copied_file>> files_of(std::string_view lines) {
  std::vector<remote::copied_file> out;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto file = remote::decode<remote::copied_file>(lines.substr(0, end));
    if (!file)
      return file.failure();
    out.push_back(std::move(*file));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  if (auto fine = validate(out); !fine)
    return fine.failure();
  return out;
}

/// Reading what is asked for may take as long as the other end likes; so a thread of its own does
/// it, which hands the work on to the copy.
class copy_desk final : public serve::copy_service {
public:
  explicit copy_desk(size_t cores) : cores_(cores), intake_([this] { take_in(); }) {}
  ~copy_desk() override { end(); }

  void take(std::unique_ptr<link::exchange> asked, const serve::grants& may) override;
  void end() override;

private:
  void take_in();
  void handle(request next);
  result<void> begin(std::unique_ptr<link::exchange>& asked, const serve::grants& may);
  result<void> add(std::unique_ptr<link::exchange>& asked, bool small);
  void leave_copy();
  result<void> wait_for_room();
  result<std::string> read_body(link::exchange& asked, size_t limit_bytes);

  const size_t cores_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<request> waiting_; ///< as many as a link has streams
  bool ended_ = false;
  std::optional<running_copy> copy_; ///< of the intake thread alone, and of `end` after it
  std::thread intake_;
};

void copy_desk::take(std::unique_ptr<link::exchange> asked, const serve::grants& may) {
  const std::lock_guard lock(mutex_);
  if (ended_)
    return asked->fail({errc::protocol, "this connection takes no more requests"});
  waiting_.push_back({std::move(asked), may});
  changed_.notify_all();
}

void copy_desk::take_in() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
    if (ended_)
      return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    handle(std::move(next));
  }
}

void copy_desk::handle(request next) {
  auto& asked = next.asked;
  const auto& path = asked->path();
  auto handled = path == remote::path::copy_begin   ? begin(asked, next.may)
                 : path == remote::path::copy_file  ? add(asked, false)
                 : path == remote::path::copy_small ? add(asked, true)
                                                    : error{errc::protocol, "unknown request"};
  if (!handled && asked)
    asked->fail(handled.failure());
}

result<void> copy_desk::begin(std::unique_ptr<link::exchange>& asked, const serve::grants& may) {
  if (may.pg_path.empty() || !may.roots)
    return error{errc::access, "no cluster is served on this connection"};
  auto body = read_body(*asked, rules_limit_bytes);
  if (!body)
    return body.failure();
  auto rules = remote::decode<remote::copy_rules>(*body);
  if (!rules)
    return rules.failure();
  if (auto fine = validate(*rules); !fine)
    return fine;
  if (copy_ && !copy_->job->is_over())
    return error{errc::protocol, "a copy runs on this connection already"};
  leave_copy();
  if (auto answered = asked->respond("{}"); !answered)
    return answered;

  const auto workers = std::clamp<size_t>(rules->workers, 1, std::max<size_t>(1, may.process_max));
  auto finder = [roots = may.roots,
                 pg_path = may.pg_path](const remote::copied_file& file) -> result<served_place> {
    auto place = serve::find_copied(*roots, pg_path, file.through, file.path);
    if (!place)
      return place.failure();
    return served_place{std::move(place->where), std::move(place->path)};
  };
  const bool fuse = rules->fuse;
  auto job = std::make_shared<served_copy>(std::move(*rules), std::move(asked), std::move(finder));
  const graph::machine machine{.cores = cores_,
                               .process_max = workers,
                               .fuse = fuse,
                               .descriptors_max = io::descriptor_limit()};
  // What goes to the other host costs no descriptor here.
  const graph::task_use use{.bytes_per_worker = small_files::window_bytes, .lane_descriptors = 1};
  const run_settings run{.graph = graph::compile(graph::backup_graph(job->shape()), machine, use),
                         .fuse = fuse,
                         .mode = may.mode,
                         .minds_signals = false};
  copy_.emplace(running_copy{job, std::thread([job, run] { job->end(run_job(*job, run)); })});
  return success();
}

result<void> copy_desk::add(std::unique_ptr<link::exchange>& asked, bool small) {
  if (!copy_ || copy_->job->is_over())
    return error{errc::protocol, "no copy runs on this connection"};
  if (!small) {
    auto file = remote::decode<remote::copied_file>(asked->head());
    if (!file)
      return file.failure();
    copy_->job->add(std::move(asked), {std::move(*file)}, false);
    return success();
  }
  if (auto room = wait_for_room(); !room)
    return room;
  auto body = read_body(*asked, remote::body_limit_bytes);
  if (!body)
    return body.failure();
  auto files = files_of(*body);
  if (!files)
    return files.failure();
  copy_->job->add(std::move(asked), std::move(*files), true);
  return success();
}

/// Names of files cost memory: those of further requests stay in the other host's until the copy
/// has caught up.
result<void> copy_desk::wait_for_room() {
  std::unique_lock lock(mutex_);
  while (!ended_ && copy_->job->is_full() && !copy_->job->is_over())
    changed_.wait_for(lock, look_every);
  if (ended_)
    return error{errc::protocol, "this connection takes no more requests"};
  return success();
}

/// Unlike `exchange::read_all` this ends when the service does.
result<std::string> copy_desk::read_body(link::exchange& asked, size_t limit_bytes) {
  std::string out;
  std::array<std::byte, size_t{16} << 10> part;
  while (out.size() <= limit_bytes) {
    if (std::unique_lock lock(mutex_); !ended_ && !asked.readable(part.size())) {
      changed_.wait_for(lock, look_every);
      continue;
    } else if (ended_) {
      return error{errc::protocol, "this connection takes no more requests"};
    }
    auto got = asked.read(part);
    if (!got)
      return got.failure();
    if (*got == 0)
      return out;
    out.append(as_text(byte_view(part).first(*got)));
  }
  return error{errc::protocol, "the other host sent a request that is too long"};
}

void copy_desk::leave_copy() {
  if (!copy_)
    return;
  copy_->job->abandon();
  copy_->thread.join();
  copy_.reset();
}

void copy_desk::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  if (intake_.joinable())
    intake_.join();
  leave_copy();
}

} // namespace

std::unique_ptr<serve::copy_service> make_copy_service(size_t cores) {
  return std::make_unique<copy_desk>(cores);
}

} // namespace pgbraid::actors
