// The files of a manifest in a fraction of their memory, for reading from front to back.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/format/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::format {

/// What a manifest says of its files, in some 25 bytes and what they have of checksums: names are
/// told by what they do not share with the one before, numbers as short as they are, and nothing
/// that is not there. A diff or incr keeps its prior backup like that while it walks the cluster.
class packed_files {
public:
  packed_files() = default;
  /// Owners, references and page errors stay indexes in the tables of the manifest.
  /// @param of  sorted
  explicit packed_files(const manifest& of);

  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }

  /// Goes through them in their order. Must not outlive them.
  class reader {
  public:
    explicit reader(const packed_files& of) : of_(of) {}
    /// The next file, or null. It and its name live until the next call.
    const manifest_file* next();

  private:
    void read_name();
    void read_stored(uint64_t what);
    void read_rare(uint64_t what);

    const packed_files& of_;
    size_t next_piece_ = 0;
    byte_view left_ = {}; ///< of the piece
    std::string name_;
    manifest_file file_;
    rare_values rare_;
  };

private:
  void add(const manifest_file& file, const manifest_file& before);

  std::vector<std::vector<std::byte>> pieces_; ///< each ends with the end of a file
  size_t count_ = 0;
};

} // namespace pgbraid::format
