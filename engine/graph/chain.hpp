// The kernels that a graph's nodes stand for, and what they learn of a file.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/graph/logical.hpp"

#include <memory>
#include <vector>

namespace pgbraid::graph {

/// What the kernels of a chain remember of one file. May outlive the chain.
class file_streams {
public:
  codec::stream* at(size_t position) const { return streams_[position].state.get(); }
  /// Of the kernel that has this finding; null where the chain has none, or the file bypassed it.
  const codec::stream* of(finding what) const;

private:
  friend class chain;
  struct one {
    finding finds = finding::none;
    std::unique_ptr<codec::stream> state;
  };
  std::vector<one> streams_;
};

/// The kernels that every file of a job passes, in order. Each worker has its own.
class chain {
public:
  /// Makes the kernels of the nodes that have one. Fails as they fail.
  /// @param branch  of the graph; 0: its trunk
  static result<chain> make(const logical_graph& of, size_t branch = 0);

  size_t size() const { return steps_.size(); }
  codec::kernel& operator[](size_t position) const { return *steps_[position].kernel; }
  /// As `chunks_of` the graph, where that has no branches.
  size_t chunks() const { return chunks_; }
  /// Begins a file.
  /// @param opener  what gives the state for a kernel; null: the file bypasses it
  template <class Opener> file_streams open(Opener&& opener) const {
    file_streams out;
    for (const auto& one : steps_)
      out.streams_.push_back({one.row->finds, opener(*one.kernel)});
    return out;
  }

private:
  struct step {
    const node_row* row = nullptr;
    std::unique_ptr<codec::kernel> kernel;
  };
  std::vector<step> steps_;
  size_t chunks_ = 1;
};

} // namespace pgbraid::graph
