// Reading back what an incomplete backup has stored.
// SPDX-License-Identifier: MIT
#include "actors/backup/stored_check.hpp"

#include "actors/run/run_job.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/logical.hpp"
#include "engine/graph/task.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

constexpr uint64_t batch_bytes = uint64_t{1} << 20;
constexpr size_t batch_files = 128;

/// A file of the backup within a file of the repository.
struct stored_part {
  uint32_t index = 0; ///< in the manifest
  uint64_t begin_bytes = 0;
  uint64_t size_bytes = 0;
  format::sha1_bytes expected = {};
};

/// A file of the repository, as far as it is read.
struct stored_piece {
  std::string path;
  bool bundle = false;
  bool unpacked = false; ///< the checksum is that of the plain bytes
  uint64_t plain_bytes = 0;
  std::vector<stored_part> parts = {}; ///< by where they begin

  uint64_t begin_bytes() const { return parts.front().begin_bytes; }
  uint64_t size_bytes() const {
    return parts.back().begin_bytes + parts.back().size_bytes - begin_bytes();
  }
};

/// What is wrong with the file, not with the way to it.
bool is_of_the_file(const error& why) {
  return !why.transient && (why.code == errc::file_missing || why.code == errc::file_open ||
                            why.code == errc::file_read || why.code == errc::format ||
                            why.code == errc::checksum || why.code == errc::crypto);
}

class stored_task final : public graph::task {
public:
  stored_task(storage& in, const stored_piece& piece) : in_(in), piece_(piece) {}

  result<bool> open(const graph::worker_tools& tools) override {
    auto opened = in_.open_read(piece_.path, {.offset_bytes = piece_.begin_bytes(),
                                              .limit_bytes = piece_.size_bytes(),
                                              .engine = tools.engine,
                                              .size_hint_bytes = piece_.size_bytes()});
    if (!opened)
      return opened.failure();
    source_ = std::move(*opened);
    return true;
  }
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override {
    return piece_.bundle ? nullptr : kernel.open();
  }
  result<size_t> read(byte_span out) override { return source_->read(out); }
  result<void> write(byte_view in) override {
    if (piece_.bundle)
      return split(in);
    arrived_bytes_ += in.size();
    if (piece_.unpacked && arrived_bytes_ > piece_.plain_bytes)
      return error{errc::format, "it holds more than the file"};
    return success();
  }
  result<void> finish(const graph::file_streams& streams) override {
    source_ = nullptr;
    const auto bytes = piece_.unpacked ? piece_.plain_bytes : piece_.size_bytes();
    if (!piece_.bundle && arrived_bytes_ == bytes &&
        codec::digest_kernel::value(*streams.of(graph::finding::checksum)) ==
            piece_.parts.front().expected)
      sound_.push_back(piece_.parts.front().index);
    return success();
  }
  result<bool> settled(bool) override { return true; }
  bool put_aside(const error& why) override {
    source_ = nullptr;
    return is_of_the_file(why);
  }
  std::string name() const override { return piece_.path; }

  const stored_piece& piece() const { return piece_; }
  const std::vector<uint32_t>& sound() const { return sound_; }

private:
  /// Goes through a bundle from member to member.
  result<void> split(byte_view in) {
    while (!in.empty() && next_ < piece_.parts.size()) {
      const auto& part = piece_.parts[next_];
      const auto at = piece_.begin_bytes() + arrived_bytes_;
      const bool before = at < part.begin_bytes;
      const auto end = before ? part.begin_bytes : part.begin_bytes + part.size_bytes;
      const auto now = in.first(std::min<uint64_t>(in.size(), end - at));
      if (!before)
        if (auto seen = see(part, now, at + now.size() == end); !seen)
          return seen;
      arrived_bytes_ += now.size();
      in = in.subspan(now.size());
    }
    return success();
  }

  result<void> see(const stored_part& part, byte_view bytes, bool last) {
    if (!member_)
      member_ = digest_.open();
    if (auto seen = codec::observe(digest_, *member_, codec::window_of(bytes, last)); !seen)
      return seen;
    if (!last)
      return success();
    if (codec::digest_kernel::value(*member_) == part.expected)
      sound_.push_back(part.index);
    member_.reset();
    ++next_;
    return success();
  }

  storage& in_;
  const stored_piece& piece_;
  std::unique_ptr<io::reader> source_;
  codec::digest_kernel digest_;
  std::unique_ptr<codec::stream> member_;
  size_t next_ = 0;
  uint64_t arrived_bytes_ = 0;
  std::vector<uint32_t> sound_;
};

/// Deals large files one by one, the largest first, then small ones together.
class stored_job final : public graph::job {
public:
  stored_job(const stored_files& where, std::vector<stored_piece> pieces)
      : where_(where), pieces_(std::move(pieces)) {
    std::ranges::stable_sort(pieces_, std::ranges::greater(), &stored_piece::size_bytes);
    for (const auto& piece : pieces_)
      total_bytes_ += piece.size_bytes();
    the_command_stage.total_bytes = total_bytes_;
  }

  graph::task_list deal() override {
    graph::task_list out;
    for (uint64_t bytes = 0; next_ < pieces_.size() && out.size() < batch_files; ++next_) {
      const auto& piece = pieces_[next_];
      if (!out.empty() && bytes + piece.size_bytes() > batch_bytes)
        break;
      bytes += piece.size_bytes();
      out.push_back(std::make_shared<stored_task>(where_.in.files(), piece));
    }
    return out;
  }
  result<void> settled(graph::task& done) override {
    const auto& task = dynamic_cast<const stored_task&>(done);
    sound_.insert(sound_.end(), task.sound().begin(), task.sound().end());
    done_bytes_ += task.piece().size_bytes();
    the_command_stage.done_bytes = done_bytes_;
    return success();
  }
  result<void> tick() override { return where_.tick ? where_.tick() : success(); }

  graph::job_shape shape() const {
    return {.file_count = pieces_.size(), .plain_bytes = total_bytes_};
  }
  const std::vector<uint32_t>& sound() const { return sound_; }

private:
  const stored_files& where_;
  std::vector<stored_piece> pieces_;
  size_t next_ = 0;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  std::vector<uint32_t> sound_;
};

/// Size of a file in the directory; none when there is no such file.
std::optional<uint64_t> size_in(const std::vector<entry>& tree, std::string_view name) {
  const auto at = std::ranges::lower_bound(tree, name, {}, &entry::name);
  if (at == tree.end() || at->name != name || at->info.kind != entry_kind::file)
    return {};
  return at->info.size_bytes;
}

/// Pieces of the files that are there with the size they should have.
std::vector<stored_piece> pieces_of(const stored_files& where, std::span<const uint32_t> files) {
  const auto& of = where.of;
  const auto base = format::label_path(where.in.stanza(), of.label).size() + 1;
  const bool plain = of.options.compress_kind == compress_type::none && of.cipher_pass.empty();
  std::vector<stored_piece> out;
  std::map<uint64_t, stored_piece> bundles;
  for (const auto index : files) {
    const auto& file = of.files[index];
    auto path = format::stored_file_path(where.in.stanza(), of, file);
    const auto there = size_in(where.tree, std::string_view(path).substr(base));
    const auto bytes = file.stored_bytes();
    if (!there || bytes > *there || bytes == 0)
      continue;
    const stored_part part{index, file.in_bundle() ? file.bundle_offset_bytes : 0, bytes,
                           file.has_repo_checksum ? file.repo_checksum : file.checksum};
    const bool unpacked = !file.has_repo_checksum && !plain;
    if (file.in_bundle()) {
      if (part.begin_bytes > *there - bytes || unpacked)
        continue;
      auto& bundle = bundles[file.bundle_id];
      bundle.path = std::move(path);
      bundle.bundle = true;
      bundle.parts.push_back(part);
    } else if (bytes == *there && !(unpacked && file.is_block_incremental())) {
      out.push_back({std::move(path), false, unpacked, file.size_bytes, {part}});
    }
  }
  for (auto& [id, bundle] : bundles) {
    std::ranges::sort(bundle.parts, {}, &stored_part::begin_bytes);
    uint64_t end_bytes = 0;
    std::erase_if(bundle.parts, [&](const stored_part& part) { // no two lie in one place
      const bool overlaps = part.begin_bytes < end_bytes;
      end_bytes = std::max(end_bytes, part.begin_bytes + part.size_bytes);
      return overlaps;
    });
    out.push_back(std::move(bundle));
  }
  return out;
}

result<std::vector<uint32_t>> sound_of(const stored_files& where, std::vector<stored_piece> pieces,
                                       const actors::graph_compiler& compile) {
  if (pieces.empty())
    return std::vector<uint32_t>();
  const bool unpacked = pieces.front().unpacked;
  stored_job job(where, std::move(pieces));
  auto shape = job.shape();
  shape.rules.compression = where.of.options.compress_kind;
  shape.rules.cipher_pass = where.of.cipher_pass;
  const auto graph = unpacked ? graph::restore_graph(shape) : graph::compare_graph(shape);
  const auto settling = job.settling().files;
  if (auto ran = actors::run_job(job, compile(graph, {.repository_here = where.repository_here,
                                                      .settling_files = settling}));
      !ran)
    return ran.failure();
  return job.sound();
}

} // namespace

result<std::vector<uint32_t>> find_damaged(const stored_files& where,
                                           std::span<const uint32_t> files,
                                           const actors::graph_compiler& compile) {
  auto pieces = pieces_of(where, files);
  const auto packed = std::ranges::stable_partition(pieces, &stored_piece::unpacked);
  std::vector<stored_piece> as_they_are(std::make_move_iterator(packed.begin()),
                                        std::make_move_iterator(packed.end()));
  pieces.erase(packed.begin(), packed.end());
  std::vector<uint32_t> sound;
  for (auto* group : {&as_they_are, &pieces}) {
    auto found = sound_of(where, std::move(*group), compile);
    if (!found)
      return found.failure();
    sound.insert(sound.end(), found->begin(), found->end());
  }
  std::ranges::sort(sound);
  std::vector<uint32_t> damaged;
  std::ranges::set_difference(files, sound, std::back_inserter(damaged));
  return damaged;
}

} // namespace pgbraid
