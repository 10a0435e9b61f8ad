// Taking in requests, and the run of a copy.
// SPDX-License-Identifier: MIT
#include "actors/serve/copy_runner.hpp"

#include "actors/backup/small_files.hpp"
#include "actors/run/run_job.hpp"
#include "actors/serve/copy_place.hpp"
#include "actors/serve/memory_budget.hpp"
#include "actors/serve/served_copy.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/io/descriptor_limit.hpp"
#include "storage/wire/protocol.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace pgbraid::serve {

namespace {

constexpr size_t rules_limit_bytes = size_t{64} << 10;
// As often a slow body is looked at.
constexpr auto look_every = std::chrono::milliseconds(5);

/// A copy and the thread that runs it.
struct running_copy {
  std::shared_ptr<served_copy> job;
  wire::copy_rules rules;
  std::thread thread;
};

struct request {
  std::unique_ptr<link::exchange> asked;
  grants may;
};

/// What of a file's request is no JSON, behind it.
size_t sums_bytes(const wire::copied_file& of) {
  return of.blocks ? of.blocks->prior_blocks * of.blocks->checksum_bytes : 0;
}

result<wire::copied_file> file_of(std::string_view text, const wire::copy_rules& rules) {
  auto file = wire::decode<wire::copied_file>(text);
  if (file && file->blocks)
    if (auto fine = pgbraid::validate(*file->blocks, rules); !fine)
      return fine.failure();
  return file;
}

/// Takes the checksums from the front of what follows a file.
result<wanted_file> with_sums(wire::copied_file file, std::string_view& rest) {
  const auto bytes = sums_bytes(file);
  if (rest.size() < bytes)
    return error{errc::protocol, "the other host sent less than the checksums of its blocks"};
  const auto sums = as_bytes(rest.substr(0, bytes));
  rest.remove_prefix(bytes);
  return wanted_file{std::move(file), {sums.begin(), sums.end()}};
}

result<std::vector<wanted_file>> files_of(std::string_view lines, const wire::copy_rules& rules) {
  std::vector<wanted_file> out;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (end > wire::line_limit_bytes)
      return error{errc::protocol, "the other host sent a line that is too long"};
    auto file = file_of(lines.substr(0, end), rules);
    if (!file)
      return file.failure();
    lines.remove_prefix(std::min(end + 1, lines.size()));
    auto whole = with_sums(std::move(*file), lines);
    if (!whole)
      return whole.failure();
    out.push_back(std::move(*whole));
  }
  if (auto fine = validate(out); !fine)
    return fine.failure();
  return out;
}

// Nothing is written here.
constexpr io::io_limits reading = {.write_slabs = 0};

/// How a copy runs.
struct copy_plan {
  graph::compiled_graph graph;
  bool fuse = true;
};

/// With fewer workers than asked for where they would take too much memory, or there are none;
/// where one of them would, with fewer files in it, and fused whatever was asked for: bytes are the
/// same.
copy_plan plan_copy(const wire::copy_rules& rules, size_t process_max, size_t cores) {
  const auto workers = std::clamp<size_t>(rules.workers, 1, std::max<size_t>(1, process_max));
  graph::machine machine{.cores = cores,
                         .process_max = workers,
                         .fuse = rules.fuse,
                         .descriptors_max = io::descriptor_limit()};
  // What goes to the other host costs no descriptor here.
  const graph::task_use use{.bytes_per_worker = small_files::window_bytes,
                            .bytes_per_file = rules.file.blocks ? rules.block_memory_bytes : 0,
                            .repository_here = false};
  const auto logical = graph::backup_graph({.rules = rules.file});
  while (true) {
    machine.engine_bytes = machine.fuse ? uint64_t{reading.read_slabs} * reading.slab_bytes : 0;
    auto out = graph::compile(logical, machine, use);
    const bool least = *machine.process_max == 1 && machine.fuse && out.lanes == 1;
    if (out.budget_bytes <= memory_budget::copy_limit_bytes || least) {
      if (out.workers_max < workers || out.lanes == machine.lanes_max)
        log::detail("copy: {} of {} workers with {} file(s) each, which may take {} of memory",
                    out.workers_max, workers, out.lanes, format_size(out.budget_bytes));
      return {std::move(out), machine.fuse};
    }
    if (*machine.process_max > 1)
      --*machine.process_max;
    else if (machine.fuse)
      machine.lanes_max = out.lanes - 1;
    else
      machine.fuse = true;
  }
}

/// Reading what is asked for may take as long as the other end likes; so a thread of its own does
/// it, which hands the work on to the copy.
class graph_copy_runner final : public copy_runner {
public:
  explicit graph_copy_runner(size_t cores) : cores_(cores), intake_([this] { take_in(); }) {}
  ~graph_copy_runner() override { end(); }

  void take(std::unique_ptr<link::exchange> asked, const grants& may) override;
  void look() override;
  void end() override;

private:
  void take_in();
  void handle(request next);
  result<void> begin(std::unique_ptr<link::exchange>& asked, const grants& may);
  result<void> add(std::unique_ptr<link::exchange>& asked, bool small);
  result<void> add_one(std::unique_ptr<link::exchange>& asked);
  void leave_copy();
  void set_copy(std::shared_ptr<served_copy> job);
  result<void> wait_for_room();
  result<void> wait_for_memory(const link::exchange& asked, const memory_budget& memory);
  result<std::string> read_body(link::exchange& asked, size_t limit_bytes);

  const size_t cores_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<request> waiting_; ///< as many as a link has streams
  bool ended_ = false;
  std::shared_ptr<served_copy> looked_at_; ///< the job of `copy_`
  std::optional<running_copy> copy_;       ///< of the intake thread alone, and of `end` after it
  std::thread intake_;
};

void graph_copy_runner::take(std::unique_ptr<link::exchange> asked, const grants& may) {
  const std::lock_guard lock(mutex_);
  if (ended_)
    return asked->fail({errc::protocol, "this connection takes no more requests"});
  waiting_.push_back({std::move(asked), may});
  changed_.notify_all();
}

void graph_copy_runner::look() {
  std::shared_ptr<served_copy> job;
  {
    const std::lock_guard lock(mutex_);
    job = looked_at_;
  }
  if (job)
    job->look();
}

void graph_copy_runner::take_in() {
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

void graph_copy_runner::handle(request next) {
  auto& asked = next.asked;
  const auto& path = asked->path();
  auto handled = path == wire::path::copy_begin   ? begin(asked, next.may)
                 : path == wire::path::copy_file  ? add(asked, false)
                 : path == wire::path::copy_small ? add(asked, true)
                                                  : error{errc::protocol, "unknown request"};
  if (!handled && asked)
    asked->fail(handled.failure());
}

result<void> graph_copy_runner::begin(std::unique_ptr<link::exchange>& asked, const grants& may) {
  if (may.pg_path.empty() || !may.roots)
    return error{errc::access, "no cluster is served on this connection"};
  auto body = read_body(*asked, rules_limit_bytes);
  if (!body)
    return body.failure();
  auto rules = wire::decode<wire::copy_rules>(*body);
  if (!rules)
    return rules.failure();
  if (auto fine = pgbraid::validate(rules->file); !fine)
    return fine;
  if (rules->block_memory_bytes > memory_budget::copy_limit_bytes)
    return error{errc::memory, "a file in blocks by these rules takes too much memory"};
  if (copy_ && !copy_->job->is_over())
    return error{errc::protocol, "a copy runs on this connection already"};
  leave_copy();

  auto finder = [roots = may.roots,
                 pg_path = may.pg_path](const wire::copied_file& file) -> result<served_place> {
    auto place = find_copied(*roots, pg_path, file.through, file.path);
    if (!place)
      return place.failure();
    return served_place{std::move(place->where), std::move(place->path)};
  };
  auto plan = plan_copy(*rules, may.process_max, cores_);
  actors::run_settings run{.graph = std::move(plan.graph),
                           .fuse = plan.fuse,
                           .mode = may.mode,
                           .limits = reading,
                           .minds_signals = false};
  auto lease = may.memory->for_copy(run.graph.budget_bytes);
  if (!lease)
    return error{errc::memory, "a copy by these rules takes too much memory"};
  if (auto room = wait_for_memory(*asked, *may.memory); !room)
    return room;
  if (auto answered = asked->respond("{}"); !answered)
    return answered;
  auto job =
      std::make_shared<served_copy>(std::move(asked), std::move(finder),
                                    [memory = may.memory] { return memory->for_copied_answer(); });
  copy_.emplace(running_copy{job, std::move(*rules), std::thread([job, run, lease]() mutable {
                               const auto outcome = actors::run_job(*job, run);
                               lease.reset(); // before the other end hears of it, and asks for more
                               job->end(outcome);
                             })});
  set_copy(job);
  return success();
}

result<void> graph_copy_runner::add(std::unique_ptr<link::exchange>& asked, bool small) {
  if (!copy_ || copy_->job->is_over())
    return error{errc::protocol, "no copy runs on this connection"};
  if (!small)
    return add_one(asked);
  if (auto room = wait_for_room(); !room)
    return room;
  auto body = read_body(*asked, wire::body_limit_bytes);
  if (!body)
    return body.failure();
  auto files = files_of(*body, copy_->rules);
  if (!files)
    return files.failure();
  copy_->job->add(std::move(asked), std::move(*files), true);
  return success();
}

result<void> graph_copy_runner::add_one(std::unique_ptr<link::exchange>& asked) {
  auto file = file_of(asked->head(), copy_->rules);
  if (!file)
    return file.failure();
  std::string body;
  if (const auto bytes = sums_bytes(*file); bytes > 0) {
    if (auto room = wait_for_room(); !room)
      return room;
    auto read = read_body(*asked, bytes);
    if (!read)
      return read.failure();
    body = std::move(*read);
  }
  std::string_view rest = body;
  auto whole = with_sums(std::move(*file), rest);
  if (!whole)
    return whole.failure();
  std::vector<wanted_file> files;
  files.push_back(std::move(*whole));
  copy_->job->add(std::move(asked), std::move(files), false);
  return success();
}

/// Names of files cost memory: those of further requests stay in the other host's until the copy
/// has caught up.
result<void> graph_copy_runner::wait_for_room() {
  std::unique_lock lock(mutex_);
  while (!ended_ && copy_->job->is_full() && !copy_->job->is_over())
    wait_until(changed_, lock, monotonic::now() + look_every);
  if (ended_)
    return error{errc::protocol, "this connection takes no more requests"};
  return success();
}

/// Others have begun; they end, or the other end takes nothing and harms itself.
result<void> graph_copy_runner::wait_for_memory(const link::exchange& asked,
                                                const memory_budget& memory) {
  std::unique_lock lock(mutex_);
  while (!ended_ && !asked.cancelled() && !memory.keeps_limit())
    wait_until(changed_, lock, monotonic::now() + look_every);
  if (ended_ || asked.cancelled())
    return error{errc::protocol, "this connection takes no more requests"};
  return success();
}

/// Unlike `exchange::read_all` this ends when the service does.
result<std::string> graph_copy_runner::read_body(link::exchange& asked, size_t limit_bytes) {
  std::string out;
  std::array<std::byte, size_t{16} << 10> part;
  while (out.size() <= limit_bytes) {
    if (std::unique_lock lock(mutex_); !ended_ && !asked.readable(part.size())) {
      wait_until(changed_, lock, monotonic::now() + look_every);
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

void graph_copy_runner::set_copy(std::shared_ptr<served_copy> job) {
  const std::lock_guard lock(mutex_);
  looked_at_ = std::move(job);
}

void graph_copy_runner::leave_copy() {
  set_copy({});
  if (!copy_)
    return;
  copy_->job->abandon();
  copy_->thread.join();
  copy_.reset();
}

void graph_copy_runner::end() {
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

std::unique_ptr<copy_runner> make_copy_runner(size_t cores) {
  return std::make_unique<graph_copy_runner>(cores);
}

} // namespace pgbraid::serve
