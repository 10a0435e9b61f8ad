// Tasks that read from and write to memory, for tests of the graph.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/digest.hpp"
#include "engine/graph/task.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace pgbraid::graph_test {

inline std::string random_text(uint64_t seed, size_t size) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (auto& c : out)
    c = static_cast<char>('a' + random() % 5);
  return out;
}

/// What can go wrong in a memory task.
enum class trouble { none, vanished, read_fails, write_fails };

class memory_task final : public graph::task {
public:
  memory_task(std::string called, std::string holds, trouble with = trouble::none)
      : name_(std::move(called)), content(std::move(holds)), with_(with) {}

  result<bool> open(const graph::worker_tools&) override { return with_ != trouble::vanished; }
  result<size_t> read(byte_span out) override {
    if (with_ == trouble::read_fails)
      return error{errc::file_read, "unable to read '" + name_ + "'"};
    const auto count = std::min(out.size(), content.size() - read_);
    std::memcpy(out.data(), content.data() + read_, count);
    read_ += count;
    return count;
  }
  result<void> write(byte_view in) override {
    if (with_ == trouble::write_fails)
      return error{errc::file_write, "unable to write '" + name_ + "'"};
    stored.append(as_text(in));
    return success();
  }
  result<void> finish(const graph::file_streams& streams) override {
    checksum = to_hex(codec::digest_kernel::value(*streams.of(graph::finding::checksum)));
    if (const auto* stored_sum = streams.of(graph::finding::repo_checksum))
      repo_checksum = to_hex(codec::digest_kernel::value(*stored_sum));
    pages_checked = streams.of(graph::finding::pages) != nullptr;
    finished = true;
    return success();
  }
  result<bool> settled(bool) override { return true; }
  bool put_aside(const error& why) override {
    if (takes_failures)
      aside.push_back(why);
    return takes_failures;
  }
  std::string name() const override { return name_; }

  std::string stored;
  std::string checksum;
  std::string repo_checksum; ///< empty: of no kernel
  bool takes_failures = false;
  std::vector<error> aside; ///< failures that it took on itself
  bool pages_checked = false;
  bool finished = false;

private:
  std::string name_;

public:
  const std::string content;

private:
  trouble with_;
  size_t read_ = 0;
};

/// SHA-1, then zst.
inline graph::logical_graph digest_and_zst() {
  return graph::backup_graph(
      {.rules = {.compression = compress_type::zst, .compress_level = 3, .repo_checksum = false}});
}

} // namespace pgbraid::graph_test
