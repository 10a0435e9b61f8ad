// Which files of a backup are read, and how.
// SPDX-License-Identifier: MIT
#include "actors/verify/verify_backup.hpp"

#include "actors/run/run_job.hpp"
#include "engine/format/label.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/logical.hpp"
#include "engine/plan/restore_order.hpp"
#include "storage/repository/batches_ahead.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace pgbraid::verify {

namespace {

/// Whether what is stored is what the file holds, to the byte.
bool is_stored_plain(const format::manifest& of) {
  return of.options.compress_kind == compress_type::none && of.cipher_pass.empty();
}

/// Whether the checksum of what is stored is not known, so that it has to be unpacked. Pieces in
/// blocks have one in all versions.
bool must_unpack(const format::manifest& of, const format::manifest_file& file) {
  return !file.has_repo_checksum && !is_stored_plain(of);
}

uint64_t offset_of(const format::manifest_file& file) {
  return file.in_bundle() ? file.bundle_offset_bytes : 0;
}

const format::sha1_bytes& checksum_of(const format::manifest_file& file) {
  return file.has_repo_checksum ? file.repo_checksum : file.checksum;
}

/// Two files are the same when they lie in one place and should hold the same.
uint64_t key_of(std::string_view stanza, const format::manifest& of,
                const format::manifest_file& file) {
  auto text = format::stored_file_path(stanza, of, file);
  for (const uint64_t number : {offset_of(file), file.stored_bytes()})
    text.append(reinterpret_cast<const char*>(&number), sizeof number);
  const auto& checksum = checksum_of(file);
  text.append(reinterpret_cast<const char*>(checksum.data()), checksum.size());
  return std::hash<std::string>{}(text);
}

class file_task final : public read_back {
public:
  file_task(storage& in, stored_wish wish, const format::manifest_file& of)
      : read_back(in, std::move(wish)), of_(of) {}
  const format::manifest_file& file() const { return of_; }

private:
  const format::manifest_file& of_;
};

stored_wish wish_for(std::string_view stanza, const format::manifest& of,
                     const format::manifest_file& file, bool unpack) {
  const auto stored = file.stored_bytes();
  const auto comes_out = unpack ? file.size_bytes : stored;
  // Other content may be larger; what expands without end is left at some point.
  constexpr uint64_t room_bytes = uint64_t{16} << 20;
  return {.path = format::stored_file_path(stanza, of, file),
          .offset_bytes = offset_of(file),
          // One byte more shows what is too long. An unpacker has to see the end.
          .limit_bytes = file.in_bundle() ? stored : stored + (unpack ? room_bytes : 1),
          .stored_bytes = stored,
          .raw_container = unpack && file.in_bundle() && of.bundle_raw,
          .checksum = unpack ? file.checksum : checksum_of(file),
          .size_bytes = comes_out,
          .most_bytes = comes_out + room_bytes};
}

} // namespace

result<report::verified_files> backup_files::verify(const format::manifest& of) {
  if (const auto full = format::full_of_label(of.label); full != full_) {
    holders_.clear(); // nothing refers beyond its set
    full_ = full;
  }
  report::verified_files out{.total = of.files.size()};
  const auto files = count_known(of, out);
  for (const bool unpack : {false, true})
    if (auto done = read(of, files, unpack, out); !done)
      return done.failure();
  holders_[of.label].bundled = of.bundle;
  for (auto& [label, known] : holders_)
    std::ranges::sort(known.sound);
  return out;
}

backup_files::file_list backup_files::count_known(const format::manifest& of,
                                                  report::verified_files& to) const {
  file_list out;
  for (const auto& file : of.files) {
    const auto known = holders_.find(of.holder(file));
    const bool is_here = file.reference == format::none_index;
    // Files of size 0 are nowhere in a bundled backup.
    if (file.size_bytes == 0 &&
        (is_here ? of.bundle : known == holders_.end() || known->second.bundled.value_or(true))) {
      ++to.valid;
      continue;
    }
    if (known == holders_.end()) {
      out.push_back(&file);
      continue;
    }
    const auto key = key_of(repo_.stanza(), of, file);
    const auto damaged = known->second.damaged.find(key);
    if (damaged != known->second.damaged.end())
      count(to, damaged->second);
    else if (std::ranges::binary_search(known->second.sound, key))
      ++to.valid;
    else
      out.push_back(&file);
  }
  return out;
}

result<void> backup_files::read(const format::manifest& of, const file_list& files, bool unpack,
                                report::verified_files& to) {
  file_list wanted;
  graph::job_shape shape{.bundle = of.bundle};
  for (const auto* file : files)
    if (must_unpack(of, *file) == unpack) {
      wanted.push_back(file);
      shape.stored_bytes += file->stored_bytes();
      shape.plain_bytes += file->size_bytes;
    }
  if (wanted.empty())
    return success();
  shape.file_count = wanted.size();
  if (unpack)
    shape.rules = {.compression = of.options.compress_kind, .cipher_pass = of.cipher_pass};
  auto& from = repo_.files();
  const auto limits = reading_of(from);
  const auto batches = plan::order_stored(of, wanted, limits);
  auto next = batches.begin();
  batches_ahead reading(from, repo_.stanza(), of, batches, unpack ? 4096 : 1);
  const auto make = [&]() -> graph::task_list {
    graph::task_list out;
    if (next == batches.end())
      return out;
    const auto& batch = *next++;
    const auto together = reading.next();
    for (size_t i = 0; i < batch.files.size(); ++i) {
      auto wish = wish_for(repo_.stanza(), of, *batch.files[i], unpack);
      wish.together = together;
      wish.position = i;
      out.push_back(std::make_shared<file_task>(from, std::move(wish), *batch.files[i]));
    }
    return out;
  };
  read_back_job job(make, [&](const read_back& done) {
    take(of, dynamic_cast<const file_task&>(done).file(), done, to);
  });
  // A worker holds the batch it works on and the one that was dealt ahead.
  return actors::run_job(job, compile_(graph::read_back_graph(shape),
                                       {.bytes_per_worker = 2 * limits.bytes,
                                        .shared_bytes = batches_ahead::memory_bytes(from, limits),
                                        .repository_here = here_,
                                        .settling_files = job.settling().files}));
}

void backup_files::take(const format::manifest& of, const format::manifest_file& file,
                        const read_back& done, report::verified_files& to) {
  count(to, done.state());
  auto& known = holders_[of.holder(file)];
  const auto key = key_of(repo_.stanza(), of, file);
  if (done.state() == stored_state::sound) {
    known.sound.push_back(key);
    return;
  }
  known.damaged[key] = done.state();
  const auto base = format::backup_path(repo_.stanza()).size() + 1;
  tell_damage(done.name().substr(base), file.in_bundle() ? " (" + std::string(file.name) + ")" : "",
              done.state(), done.why());
}

} // namespace pgbraid::verify
