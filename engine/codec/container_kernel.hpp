// A kernel for streams whose containers differ: normal, raw, or nothing at all.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <memory>
#include <vector>

namespace pgbraid::codec {

/// Files of one backup may lie in normal containers and, in bundles, in raw ones. This kernel takes
/// both and hands each stream to the kernel for its container.
class container_kernel final : public kernel {
public:
  /// Two kernels for the same step. Neither is null.
  container_kernel(std::unique_ptr<kernel> normal, std::unique_ptr<kernel> raw);

  /// A stream in the normal container.
  std::unique_ptr<stream> open() override { return open(kind::normal); }
  std::unique_ptr<stream> open_raw() { return open(kind::raw); }
  /// A stream of no bytes at all, not even of a container: ends without output.
  std::unique_ptr<stream> open_empty() { return open(kind::empty); }

  void run(std::span<job> jobs) override;
  bool transforms() const override { return true; }
  size_t width() const override { return normal_->width(); }

private:
  enum class kind : uint8_t { normal, raw, empty };
  struct wrapped;

  std::unique_ptr<stream> open(kind of);
  void run_part(kernel& with, kind of, std::span<job> jobs);

  std::unique_ptr<kernel> normal_;
  std::unique_ptr<kernel> raw_;
  std::vector<job> part_; ///< kept between runs for its memory
};

} // namespace pgbraid::codec
