// Prints what each kernel costs, in CPU seconds per GiB, beside the library it competes with.
// Usage: bench_kernels [file with data] [only kernels whose name has this in it]
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/crc32c.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/page_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::codec;

namespace {

using bytes = std::vector<std::byte>;

constexpr size_t step_bytes = size_t{1} << 20;
constexpr double gib = 1 << 30;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Rows of a table, more or less: repeated words, numbers that grow, some noise.
bytes table_like(size_t count) {
  std::mt19937_64 from(1);
  std::string text;
  for (uint64_t row = 0; text.size() < count; ++row)
    text += fmt::format("{:08}|account of branch {}|{:x}|                              \n", row,
                        row % 97, from() >> (row % 40));
  const auto view = as_bytes(std::string_view(text).substr(0, count));
  return {view.begin(), view.end()};
}

bytes read_data(const char* path) {
  if (path == nullptr || *path == '\0')
    return table_like(64 << 20);
  std::ifstream file(path, std::ios::binary);
  bytes data(64 << 20);
  file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
  data.resize(static_cast<size_t>(file.gcount()) / step_bytes * step_bytes);
  return data;
}

struct cost {
  double seconds_per_gib = 0;
  /// Output for each byte of input; 0 for observers.
  double ratio = 0;
};

/// Steps `streams` streams together, each over its own part of the data.
cost measure(kernel& k, byte_view data, size_t streams, bytes* keep = nullptr) {
  const size_t part = data.size() / streams / step_bytes * step_bytes;
  std::vector<std::unique_ptr<stream>> states;
  std::vector<byte_view> rest;
  for (size_t i = 0; i < streams; ++i) {
    states.push_back(k.open());
    rest.push_back(data.subspan(i * part, part));
  }
  std::vector<bytes> rooms(streams, bytes(k.transforms() ? 2 * step_bytes : 0));
  std::vector<job> jobs(streams);
  size_t made = 0;
  const double start = cpu_seconds();
  for (size_t open = streams; open > 0;) {
    for (size_t i = 0; i < streams; ++i) {
      const auto piece = rest[i].first(std::min(rest[i].size(), step_bytes));
      jobs[i] = {.state = states[i].get(),
                 .in = piece,
                 .last = piece.size() == rest[i].size(),
                 .out = rooms[i]};
    }
    k.run(jobs);
    open = 0;
    for (size_t i = 0; i < streams; ++i) {
      if (jobs[i].failure) {
        fmt::print(stderr, "{}\n", jobs[i].failure->text());
        std::exit(1);
      }
      const size_t used = std::min(rest[i].size(), step_bytes) - jobs[i].in.size();
      rest[i] = rest[i].subspan(used);
      const size_t filled = rooms[i].size() - jobs[i].out.size();
      made += filled;
      if (keep != nullptr)
        keep->insert(keep->end(), rooms[i].begin(),
                     rooms[i].begin() + static_cast<ptrdiff_t>(filled));
      open += jobs[i].finished ? 0 : 1;
    }
  }
  const double all = static_cast<double>(part * streams);
  return {(cpu_seconds() - start) / all * gib, static_cast<double>(made) / all};
}

struct bench {
  bytes data;
  std::string only;

  bool wanted(const std::string& name) const { return name.find(only) != std::string::npos; }

  void line(const std::string& name, kernel& k, std::initializer_list<size_t> streams) const {
    if (!wanted(name))
      return;
    fmt::print("{:<28}", name);
    double ratio = 0;
    for (size_t n : streams) {
      auto best = measure(k, data, n);
      // Cheap kernels are timed again, since other load hits them harder.
      for (int again = 0; again < 4 && best.seconds_per_gib < 1; ++again)
        best.seconds_per_gib = std::min(best.seconds_per_gib, measure(k, data, n).seconds_per_gib);
      ratio = best.ratio;
      fmt::print("  {}: {:6.3f}", n, best.seconds_per_gib);
    }
    if (ratio > 0)
      fmt::print("  (ratio {:.3f})", ratio);
    fmt::print("\n");
    std::fflush(stdout);
  }

  void packing(const std::string& name, compress_type type, int level,
               compress_options options = {}) const {
    if (!wanted(name))
      return;
    auto packer = make_compress(type, level, options);
    if (!packer)
      return;
    line(name, **packer, {1, 4});
    bench back{{}, only};
    bytes packed;
    measure(**packer, data, 1, &packed);
    const auto unpacker = make_decompress(type, options.raw);
    const double share = static_cast<double>(packed.size()) / static_cast<double>(data.size());
    const auto state = unpacker->open();
    bytes room(step_bytes);
    byte_view rest(packed);
    bool finished = false;
    const double start = cpu_seconds();
    while (!finished) {
      const auto piece = rest.first(std::min(rest.size(), step_bytes));
      job j{.state = state.get(), .in = piece, .last = piece.size() == rest.size(), .out = room};
      unpacker->run(std::span(&j, 1));
      if (j.failure)
        std::exit(1);
      rest = rest.subspan(piece.size() - j.in.size());
      finished = j.finished;
    }
    const auto plain_gib = static_cast<double>(data.size()) / gib;
    fmt::print("{:<28}  1: {:6.3f}  (per GiB of plain bytes, ratio {:.3f})\n", name + " back",
               (cpu_seconds() - start) / plain_gib, share);
  }
};

void run_all(const bench& b) {
  digest_kernel digest, digest_evp(false);
  b.line("sha1", digest, {1, 2, 3, 4, 8});
  b.line("sha1 EVP", digest_evp, {1});
  const auto encrypt = make_encrypt("passphrase");
  const auto encrypt_evp = make_encrypt("passphrase", {.accelerated = false});
  b.line("aes encrypt", *encrypt, {1, 2, 4, 8});
  b.line("aes encrypt EVP", *encrypt_evp, {1});
  page_check_kernel pages, pages_plain({.vectors = false});
  b.line("page check", pages, {1, 4});
  b.line("page check, plain", pages_plain, {1});
  b.packing("lz4 1", compress_type::lz4, 1);
  b.packing("lz4 1 raw", compress_type::lz4, 1, {.raw = true});
  b.packing("zst 1", compress_type::zst, 1);
  b.packing("zst 3", compress_type::zst, 3);
  b.packing("gz 1", compress_type::gz, 1);
  b.packing("gz 6", compress_type::gz, 6);
  b.packing("gz 6 zlib", compress_type::gz, 6, {.engine = gz_engine::zlib});
  b.packing("bz2 9", compress_type::bz2, 9);
}

} // namespace

int main(int count, char** words) {
  const bench b{read_data(count > 1 ? words[1] : nullptr), count > 2 ? words[2] : ""};
  fmt::print("CPU seconds per GiB, by streams stepped together; {} MiB of data\n",
             b.data.size() >> 20);
  run_all(b);
}
