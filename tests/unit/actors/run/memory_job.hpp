// A job whose tasks live in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/engine/graph/memory_task.hpp"

#include <map>
#include <string>
#include <vector>

namespace pgbraid::graph_test {

/// Deals its tasks and counts those that settle.
class memory_job final : public graph::job {
public:
  explicit memory_job(std::vector<std::shared_ptr<memory_task>> tasks, size_t per_deal = 3)
      : tasks_(std::move(tasks)), per_deal_(per_deal) {}

  graph::task_list deal() override {
    graph::task_list out;
    while (next_ < tasks_.size() && out.size() < per_deal_)
      out.push_back(tasks_[next_++]);
    return out;
  }
  result<void> settled(graph::task& done) override {
    ++count[done.name()];
    if (done.name() == refuse)
      return error{errc::checksum, "refused"};
    return success();
  }

  std::map<std::string, int> count;
  std::string refuse;

private:
  std::vector<std::shared_ptr<memory_task>> tasks_;
  size_t per_deal_;
  size_t next_ = 0;
};

/// Of unequal length.
inline std::vector<std::shared_ptr<memory_task>> some_tasks(size_t count) {
  std::vector<std::shared_ptr<memory_task>> out;
  for (size_t i = 0; i < count; ++i)
    out.push_back(std::make_shared<memory_task>("f" + std::to_string(i),
                                                random_text(i, (i * 777777) % 3500000)));
  return out;
}

} // namespace pgbraid::graph_test
