// Naming what was written.
// SPDX-License-Identifier: MIT
#include "storage/repository/publication.hpp"

#include "engine/base/bytes.hpp"
#include "engine/codec/digest.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid {

namespace {

/// What is not larger is read back together with others.
constexpr uint64_t small_limit_bytes = uint64_t{1} << 20;

error differs(const storage& files, const std::string& path) {
  return {errc::checksum,
          fmt::format("'{}/{}' does not hold what was written to it", files.root(), path),
          "Is the storage damaged, or does something else write to the repository?"};
}

} // namespace

void publication::add(const std::string& path, std::string_view content,
                      const write_options& options) {
  proved_file file(files_, path, options);
  file.write(as_bytes(content));
  add(std::move(file));
}

result<void> publication::publish(files_of_step& files) {
  // From here on a file may get its name: none of a later step has come so far.
  for (auto& one : files)
    static_cast<void>(one.begin_commit()); // what fails is told again
  // When one has its name the others are synced, too: theirs are asked for together.
  for (auto& one : files) {
    if (auto done = one.committed(true); !done) // whoever comes after it may be its copy
      return done.failure();
    for (auto& other : files)
      static_cast<void>(other.committed(false));
  }
  return success();
}

result<void> publication::read_back(const files_of_step& files) {
  std::vector<const proved_file*> small;
  for (const auto& one : files) {
    if (one.wrote().size_bytes <= small_limit_bytes)
      small.push_back(&one);
    else if (auto same = read_large(one); !same)
      return same;
  }
  return read_small(small);
}

result<void> publication::read_small(const std::vector<const proved_file*>& files) {
  std::vector<small_read> reads;
  for (const auto* one : files)
    reads.push_back({.path = one->path(), .limit_bytes = one->wrote().size_bytes + 1});
  files_.read_small(reads, nullptr);
  for (size_t i = 0; i < reads.size(); ++i) {
    if (reads[i].failure)
      return *reads[i].failure;
    const auto& wrote = files[i]->wrote();
    if (reads[i].content.size() != wrote.size_bytes ||
        codec::sha1_of(reads[i].content) != wrote.checksum)
      return differs(files_, files[i]->path());
  }
  return success();
}

result<void> publication::read_large(const proved_file& one) {
  const auto same = holds(files_, one.path(), one.wrote());
  if (!same)
    return same.failure();
  if (!*same)
    return differs(files_, one.path());
  return success();
}

result<void> publication::publish() {
  for (auto& step : steps_) {
    if (auto done = publish(step); !done)
      return done;
    if (auto same = read_back(step); !same)
      return same;
  }
  return success();
}

} // namespace pgbraid
