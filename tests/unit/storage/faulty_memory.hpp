// Memory that fails when it is told to.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_storage.hpp"
#include "storage/wrap/faulty_storage.hpp"

namespace pgbraid::test {

/// A memory storage behind a plan of faults, with the words of both.
class faulty_memory : public faulty_storage {
public:
  explicit faulty_memory(std::string root = "/memory",
                         storage_features features = memory_storage::everything())
      : faulty_memory(std::make_shared<memory_storage>(std::move(root), features),
                      std::make_shared<fault_plan>()) {}

  void fail(storage_verb verb, uint64_t nth, error failure, bool onwards = false) {
    plan_->fail(verb, nth, std::move(failure), onwards);
  }
  void tear_write(uint64_t nth, size_t keep_bytes, error failure) {
    plan_->tear_write(nth, keep_bytes, std::move(failure));
  }
  void set_hook(fault_plan::hook called) { plan_->set_hook(std::move(called)); }
  void clear_faults() { plan_->clear(); }
  uint64_t used(storage_verb verb) const { return plan_->used(verb); }
  void set_capacity(std::optional<uint64_t> total_bytes) { memory_->set_capacity(total_bytes); }
  uint64_t used_bytes() const { return memory_->used_bytes(); }
  std::optional<std::string> content(std::string_view path) const { return memory_->content(path); }

private:
  faulty_memory(std::shared_ptr<memory_storage> memory, const std::shared_ptr<fault_plan>& plan)
      : faulty_storage(memory, plan), memory_(std::move(memory)), plan_(plan) {}

  std::shared_ptr<memory_storage> memory_;
  std::shared_ptr<fault_plan> plan_;
};

} // namespace pgbraid::test
