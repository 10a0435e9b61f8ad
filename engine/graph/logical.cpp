// Building the logical graphs of backup and restore.
// SPDX-License-Identifier: MIT
#include "engine/graph/logical.hpp"

#include <algorithm>

namespace pgbraid::graph {

namespace {

std::string host_name(const std::string& name) {
  return name.empty() ? "local" : name;
}

class builder {
public:
  builder(std::string job, const job_shape& shape, uint64_t first_bytes)
      : shape_(shape), bytes_(first_bytes) {
    by(shape.rules);
    graph_.job = std::move(job);
    graph_.file_count = shape.file_count;
    graph_.plain_bytes = shape.plain_bytes;
  }

  /// Nodes from here on run there; nowhere named is here.
  void on(const std::vector<std::string>& hosts) {
    host_.clear();
    for (const auto& name : hosts)
      host_ += (host_.empty() ? "" : ", ") + host_name(name);
    here_ = hosts.empty() || std::ranges::count(hosts, std::string()) > 0;
    if (hosts.empty())
      host_ = host_name({});
  }
  void on(const std::string& host) { on(std::vector{host}); }

  /// Nodes from here on work by these rules.
  void by(const codec::file_rules& rules) {
    rules_ = std::make_shared<const codec::file_rules>(rules);
  }

  /// Nodes from here on are in a branch of their own, behind the last node of the trunk.
  void branch_off() {
    if (graph_.branches++ == 0)
      fork_ = {last_, bytes_};
    last_ = fork_.last;
    bytes_ = fork_.bytes;
  }

  void then(const node_row& row) {
    const auto prior = row.prior_of != nullptr ? row.prior_of(*rules_) : row.prior;
    const auto out_bytes = row.gives_plain
                               ? shape_.plain_bytes
                               : static_cast<uint64_t>(static_cast<double>(bytes_) * prior.ratio);
    const auto id = graph_.nodes.size();
    graph_.nodes.push_back({.row = &row,
                            .rules = rules_,
                            .host = host_,
                            .here = here_,
                            .branch = graph_.branches,
                            .cost_s_per_gib = prior.cost_s_per_gib,
                            .in_bytes = bytes_,
                            .out_bytes = out_bytes});
    if (id > 0)
      graph_.edges.push_back({last_, id});
    last_ = id;
    bytes_ = out_bytes;
  }

  void then_wanted(std::span<const node_row> rows) {
    for (const auto& row : rows)
      if (row.wanted == nullptr || row.wanted(*rules_))
        then(row);
  }

  /// The tail of a backup: bundled files reach the writer through the bundle node, others directly.
  void tail() {
    if (!shape_.bundle) {
      on(shape_.repo_host);
      return then(write_row);
    }
    const auto before = last_;
    const double share = shape_.plain_bytes == 0 ? 0
                                                 : static_cast<double>(shape_.bundled_bytes) /
                                                       static_cast<double>(shape_.plain_bytes);
    const auto stored = bytes_;
    bytes_ = static_cast<uint64_t>(static_cast<double>(stored) * share);
    on(std::string());
    then(bundle_row);
    bytes_ = stored;
    on(shape_.repo_host);
    then(write_row);
    graph_.edges.push_back({before, last_});
  }

  logical_graph take() { return std::move(graph_); }

private:
  const job_shape& shape_;
  std::shared_ptr<const codec::file_rules> rules_;
  logical_graph graph_;
  std::string host_ = host_name({});
  bool here_ = true;
  size_t last_ = 0; ///< the node whose bytes the next one gets
  uint64_t bytes_;
  /// Where the branches begin.
  struct {
    size_t last = 0;
    uint64_t bytes = 0;
  } fork_;
};

} // namespace

size_t chunks_of(const logical_graph& graph) {
  return 1 + static_cast<size_t>(std::ranges::count_if(
                 graph.nodes, [](const node& one) { return one.row->changes_bytes; }));
}

logical_graph backup_graph(const job_shape& shape, std::span<const node_row> steps) {
  builder build("backup", shape, shape.plain_bytes);
  build.on(shape.data_hosts);
  build.then(read_row);
  build.then_wanted(steps);
  build.tail();
  return build.take();
}

logical_graph restore_graph(const job_shape& shape, std::span<const node_row> steps) {
  builder build("restore", shape, shape.stored_bytes);
  build.on(shape.repo_host);
  build.then(fetch_row);
  build.on(std::string());
  build.then_wanted(steps);
  build.then(place_row);
  return build.take();
}

logical_graph compare_graph(const job_shape& shape) {
  builder build("compare", shape, shape.plain_bytes);
  build.then(read_row);
  build.then(checksum_row);
  return build.take();
}

logical_graph read_back_graph(const job_shape& shape) {
  builder build("verify", shape, shape.stored_bytes);
  build.on(shape.repo_host);
  build.then(fetch_row);
  build.on(std::string());
  build.then_wanted(unpacking_rows());
  return build.take();
}

logical_graph push_graph(codec::file_rules shared, std::span<const codec::file_rules> each) {
  shared.repo_checksum = false;
  const job_shape shape{.rules = std::move(shared), .file_count = 1};
  builder build("push", shape, 0);
  build.then(read_row);
  build.then_wanted(packing_rows());
  for (auto rules : each) {
    rules.checksum = rules.repo_checksum = false;
    build.branch_off();
    build.by(rules);
    build.then_wanted(packing_rows());
    build.then(write_row);
  }
  return build.take();
}

logical_graph repack_graph(const codec::file_rules& from, codec::file_rules to) {
  to.checksum = to.repo_checksum = to.checksum_page = false;
  const job_shape shape{.rules = from, .file_count = 1};
  builder build("repack", shape, 0);
  build.then(fetch_row);
  build.then_wanted(unpacking_rows());
  build.by(to);
  build.then_wanted(packing_rows());
  build.then(write_row);
  return build.take();
}

} // namespace pgbraid::graph
