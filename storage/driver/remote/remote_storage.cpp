// The verbs of the contract as requests to another host.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/remote_storage.hpp"

#include "engine/base/failures.hpp"
#include "engine/format/repository_reach.hpp"
#include "storage/driver/remote/main_connection.hpp"
#include "storage/driver/remote/remote_reader.hpp"
#include "storage/driver/remote/remote_small_reads.hpp"
#include "storage/driver/remote/remote_writer.hpp"
#include "storage/list_budget.hpp"
#include "storage/storage_path.hpp"
#include "storage/wire/line_reader.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>
#include <mutex>

namespace pgbraid::remote {

namespace {

class remote_storage final : public storage {
public:
  remote_storage(std::shared_ptr<link::remote_host> on, std::string root, std::string shown,
                 wire::content infos)
      : on_(std::move(on)), root_(std::move(root)), shown_(std::move(shown)), infos_(infos) {}

  storage_features features() const override;
  const std::string& root() const override { return shown_; }
  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  result<void> make_path(std::string_view path, uint32_t mode) override {
    return change(
        {.op = wire::change_op::make_path, .path = std::string(path), .wanted = {.mode = mode}});
  }
  result<void> remove_file(std::string_view path) override {
    return change({.op = wire::change_op::remove_file, .path = std::string(path)});
  }
  result<void> remove_files(std::span<const std::string> paths) override;
  result<void> remove_tree(std::string_view path) override {
    return change({.op = wire::change_op::remove_tree, .path = std::string(path)});
  }
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
    return change({.op = wire::change_op::remove_unfinished,
                   .path = std::string(path),
                   .wanted = {.mtime_s = before_s}});
  }
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override {
    return change({.op = wire::change_op::symlink,
                   .path = std::string(path),
                   .other = std::string(destination)});
  }
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override {
    return change({.op = wire::change_op::sync, .path = std::string(path)});
  }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override {
    return change({.op = wire::change_op::attributes,
                   .path = std::string(path),
                   .other = {},
                   .wanted = wanted});
  }
  result<std::optional<uint64_t>> free_bytes() override;

private:
  result<void> change(wire::change_request what);
  wire::content content_of(std::string_view path) const {
    return format::is_info_path(path) ? infos_ : wire::content::as_stored;
  }
  template <class Answer> result<Answer> ask(std::string_view request, std::string_view path) const;
  error failed(error why) const { return without_hope_if_lost(*on_, std::move(why)); }

  std::shared_ptr<link::remote_host> on_;
  std::string root_;
  std::string shown_;
  wire::content infos_;
  mutable std::mutex mutex_; ///< guards features_
  mutable std::optional<storage_features> features_;
};

template <class Answer>
result<Answer> remote_storage::ask(std::string_view request, std::string_view path) const {
  auto answer =
      on_->main()->ask(request, wire::encode(wire::place_request{root_, std::string(path)}), {}, 0);
  if (!answer)
    return failed(answer.failure());
  return wire::decode<Answer>(answer->head);
}

result<void> remote_storage::change(wire::change_request what) {
  if (auto fine = check_storage_path(what.path); !fine)
    return fine;
  what.root = root_;
  auto answer = on_->main()->ask(wire::path::storage_change, wire::encode(what), {}, 0);
  if (!answer)
    return failed(answer.failure());
  return success();
}

// ---- looking

// The contract gives no way to say that it is not known; whatever is asked next will fail then.
storage_features remote_storage::features() const {
  const std::lock_guard guard(mutex_);
  if (!features_) {
    if (auto told = ask<storage_features>(wire::path::storage_features, {}))
      features_ = within_reason(*told);
  }
  return features_.value_or(storage_features{});
}

result<std::optional<entry_info>> remote_storage::info(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  auto answer = ask<wire::info_answer>(wire::path::storage_info, path);
  if (!answer)
    return answer.failure();
  if (!answer->found)
    return std::optional<entry_info>();
  answer->info.mode &= 07777;
  return std::optional(std::move(answer->info));
}

/// Names come from another host: one that leads elsewhere must not get further.
result<entry> entry_of(std::string_view line) {
  auto one = wire::decode<entry>(line);
  if (!one)
    return one;
  if (one->name.empty() || one->name.find('/') != std::string::npos ||
      !check_storage_path(one->name))
    return error{errc::protocol, "the other host sent an invalid name"};
  one->info.mode &= 07777;
  return one;
}

result<std::vector<entry>> entries_of(link::call& from, const std::string& shown) {
  std::vector<entry> all;
  list_budget budget;
  wire::line_reader lines(from);
  for (;;) {
    auto line = lines.next();
    if (!line)
      return line.failure();
    if (!*line)
      break;
    auto one = entry_of(**line);
    if (!one)
      return one.failure();
    if (!budget.take(one->name, one->info.link_destination))
      return list_budget::exceeded(shown);
    all.push_back(std::move(*one));
  }
  const auto by_name = [](const entry& a, const entry& b) { return a.name < b.name; };
  if (!std::is_sorted(all.begin(), all.end(), by_name))
    std::sort(all.begin(), all.end(), by_name);
  return all;
}

result<std::optional<std::vector<entry>>> remote_storage::list(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  auto call = on_->main()->open(wire::path::storage_list,
                                wire::encode(wire::place_request{root_, std::string(path)}));
  if (!call)
    return failed(call.failure());
  if (auto ended = (*call)->end_write(); !ended)
    return failed(ended.failure());
  auto head = (*call)->head();
  if (!head)
    return failed(head.failure());
  auto about = wire::decode<wire::list_answer>(*head);
  if (!about)
    return about.failure();
  auto all = entries_of(**call, shown_ + "/" + std::string(path));
  if (!all)
    return failed(all.failure());
  if (!about->found)
    return std::optional<std::vector<entry>>();
  return std::optional(std::move(*all));
}

result<std::optional<uint64_t>> remote_storage::free_bytes() {
  auto answer = ask<wire::free_answer>(wire::path::storage_free, {});
  if (!answer)
    return answer.failure();
  return answer->bytes;
}

// ---- content

result<std::unique_ptr<io::reader>> remote_storage::open_read(std::string_view path,
                                                              const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  return remote_reader::open(on_,
                             {.root = root_,
                              .path = std::string(path),
                              .offset = options.offset_bytes,
                              .limit = options.limit_bytes,
                              .size_hint = options.size_hint_bytes},
                             content_of(path));
}

result<std::unique_ptr<io::writer>> remote_storage::open_write(std::string_view path,
                                                               const write_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::param_invalid, "cannot write '" + shown_ + "': it is a path"};
  return remote_writer::open(on_, {.root = root_, .path = std::string(path), .options = options},
                             content_of(path));
}

void remote_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  const bool opened_there = std::any_of(files.begin(), files.end(), [this](const small_read& one) {
    return content_of(one.path) == wire::content::info_text;
  });
  if (opened_there) // a few at most
    return storage::read_small(files, engine);
  read_remote_small(*on_, root_, files);
  for (auto& one : files) {
    if (one.limit_bytes > small_read_limit_bytes)
      storage::read_small({&one, 1}, engine);
  }
}

// ---- changing

result<void> remote_storage::move(std::string_view from, std::string_view to) {
  if (auto fine = check_storage_path(to); !fine)
    return fine;
  return change({.op = wire::change_op::move,
                 .path = std::string(from),
                 .other = std::string(to),
                 .wanted = {}});
}

/// One request for as many as fit.
result<void> remote_storage::remove_files(std::span<const std::string> paths) {
  for (const auto& path : paths)
    if (auto fine = check_storage_path(path); !fine)
      return fine;
  past_holds all;
  std::string body;
  for (size_t i = 0, in_body = 0; i < paths.size(); ++i) {
    body += wire::encode(wire::removal_line{paths[i]}) + "\n";
    ++in_body;
    const bool full =
        in_body == wire::removal_files_max || body.size() > wire::removal_body_bytes / 2;
    if (!full && i + 1 < paths.size())
      continue;
    auto gone = on_->main()->ask(wire::path::storage_remove_files,
                                 wire::encode(wire::place_request{.root = root_}), body, 0);
    if (!all.goes_on(gone ? success() : failed(gone.failure())))
      break;
    body.clear();
    in_body = 0;
  }
  return all.outcome();
}

result<void> remote_storage::make_hardlink(std::string_view path, std::string_view existing) {
  if (auto fine = check_storage_path(existing); !fine)
    return fine;
  return change({.op = wire::change_op::hardlink,
                 .path = std::string(path),
                 .other = std::string(existing),
                 .wanted = {}});
}

} // namespace

storage_features within_reason(storage_features told) {
  told.batch_bytes = std::min(told.batch_bytes, uint64_t{8} << 20);
  told.read_over_bytes = std::min(told.read_over_bytes, uint64_t{1} << 20);
  return told;
}

std::unique_ptr<storage> make_remote_storage(std::shared_ptr<link::remote_host> on,
                                             std::string root, std::string shown,
                                             wire::content infos) {
  return std::make_unique<remote_storage>(std::move(on), std::move(root), std::move(shown), infos);
}

} // namespace pgbraid::remote
