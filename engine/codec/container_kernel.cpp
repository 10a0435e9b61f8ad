// Handing streams to the kernel of their container.
// SPDX-License-Identifier: MIT
#include "engine/codec/container_kernel.hpp"

#include <cassert>

namespace pgbraid::codec {

struct container_kernel::wrapped final : stream {
  kind of = kind::normal;
  std::unique_ptr<stream> inner;
};

container_kernel::container_kernel(std::unique_ptr<kernel> normal, std::unique_ptr<kernel> raw)
    : normal_(std::move(normal)), raw_(std::move(raw)) {
  assert(normal_ && raw_);
}

std::unique_ptr<stream> container_kernel::open(kind of) {
  auto out = std::make_unique<wrapped>();
  out->of = of;
  if (of != kind::empty)
    out->inner = (of == kind::raw ? raw_ : normal_)->open();
  return out;
}

void container_kernel::run(std::span<job> jobs) {
  for (auto& job : jobs)
    if (static_cast<wrapped*>(job.state)->of == kind::empty)
      job.finished = job.last;
  run_part(*normal_, kind::normal, jobs);
  run_part(*raw_, kind::raw, jobs);
}

void container_kernel::run_part(kernel& with, kind of, std::span<job> jobs) {
  part_.clear();
  for (const auto& job : jobs) {
    const auto& state = *static_cast<wrapped*>(job.state);
    if (state.of != of)
      continue;
    part_.push_back(job);
    part_.back().state = state.inner.get();
  }
  if (part_.empty())
    return;
  with.run(part_);
  auto ran = part_.begin();
  for (auto& job : jobs) {
    auto* const state = job.state;
    if (static_cast<wrapped*>(state)->of != of)
      continue;
    job = std::move(*ran++);
    job.state = state;
  }
}

} // namespace pgbraid::codec
