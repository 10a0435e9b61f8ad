// Building the logical graphs of backup and restore.
// SPDX-License-Identifier: MIT
#include "engine/graph/logical.hpp"

#include <algorithm>
#include <array>

namespace pgbraid::graph {

namespace {

struct compressor_prior {
  std::string_view name;
  double compress_s;
  double decompress_s;
  double ratio;
};

// From both data sets of bench/README.md, "Priors of the graph"; decompression is estimated.
constexpr std::array<compressor_prior, 5> priors{{{"none", 0, 0, 1},
                                                  {"gz", 1.4, 1.5, 0.22},
                                                  {"lz4", 1.0, 0.3, 0.35},
                                                  {"zst", 4.0, 0.7, 0.2},
                                                  {"bz2", 60, 25, 0.18}}};

const compressor_prior& prior_of(std::string_view name) {
  const auto* found =
      std::find_if(priors.begin(), priors.end(), [&](const auto& p) { return p.name == name; });
  return found == priors.end() ? priors.front() : *found;
}

std::string host_name(const std::string& name) {
  return name.empty() ? "local" : name;
}

std::string host_names(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + host_name(name);
  return out.empty() ? host_name({}) : out;
}

class builder {
public:
  builder(std::string job, const job_shape& shape, uint64_t first_bytes) : bytes_(first_bytes) {
    graph_.job = std::move(job);
    graph_.file_count = shape.file_count;
    graph_.plain_bytes = shape.plain_bytes;
  }

  /// Nodes from here on run there.
  void on(std::string host) { host_ = std::move(host); }

  void then(node_kind kind, node_load load, double cost, double ratio = 1) {
    const auto out = static_cast<uint64_t>(static_cast<double>(bytes_) * ratio);
    then_exactly(kind, load, cost, out);
  }

  void then_exactly(node_kind kind, node_load load, double cost, uint64_t out_bytes) {
    const auto id = graph_.nodes.size();
    graph_.nodes.push_back({.kind = kind,
                            .load = load,
                            .host = host_,
                            .cost_s_per_gib = cost,
                            .in_bytes = bytes_,
                            .out_bytes = out_bytes});
    if (id > 0)
      graph_.edges.push_back({id - 1, id});
    bytes_ = out_bytes;
  }

  /// The tail of a backup: bundled files reach the writer through the bundle node, others directly.
  void tail(bool bundle, double bundled_share, const std::string& repo_host) {
    const auto before = graph_.nodes.size() - 1;
    on(bundle ? host_name({}) : repo_host);
    if (!bundle)
      return then(node_kind::write, node_load::blocking, 0.42);
    const auto stored = bytes_;
    bytes_ = static_cast<uint64_t>(static_cast<double>(stored) * bundled_share);
    then(node_kind::bundle, node_load::cpu, 0.02);
    on(repo_host);
    bytes_ = stored;
    then(node_kind::write, node_load::blocking, 0.42);
    graph_.edges.push_back({before, graph_.nodes.size() - 1});
  }

  logical_graph take() { return std::move(graph_); }

private:
  logical_graph graph_;
  std::string host_ = host_name({});
  uint64_t bytes_;
};

} // namespace

std::string_view node_name(node_kind kind) {
  constexpr std::array<std::string_view, 12> names{
      "read",   "page-check", "checksum", "compress", "encrypt",    "repo-checksum",
      "bundle", "write",      "fetch",    "decrypt",  "decompress", "place"};
  return names[static_cast<size_t>(kind)];
}

logical_graph backup_graph(const job_shape& shape) {
  builder build("backup", shape, shape.plain_bytes);
  build.on(host_names(shape.data_hosts));
  build.then(node_kind::read, node_load::blocking, 0.05);
  if (shape.page_check)
    build.then(node_kind::page_check, node_load::cpu, 0.085);
  build.then(node_kind::checksum, node_load::cpu, 0.24);
  const auto& prior = prior_of(shape.compression);
  if (shape.compression != "none")
    build.then(node_kind::compress, node_load::cpu, prior.compress_s, prior.ratio);
  if (shape.cipher)
    build.then(node_kind::encrypt, node_load::cpu, 0.25);
  if (shape.cipher || shape.compression != "none")
    build.then(node_kind::repo_checksum, node_load::cpu, 0.24);
  const double share = shape.plain_bytes == 0 ? 0
                                              : static_cast<double>(shape.bundled_bytes) /
                                                    static_cast<double>(shape.plain_bytes);
  build.tail(shape.bundle, share, host_name(shape.repo_host));
  return build.take();
}

logical_graph restore_graph(const job_shape& shape) {
  builder build("restore", shape, shape.stored_bytes);
  build.on(host_name(shape.repo_host));
  build.then(node_kind::fetch, node_load::blocking, 0.05);
  build.on(host_name({}));
  if (shape.cipher)
    build.then(node_kind::decrypt, node_load::cpu, 0.2);
  if (shape.compression != "none")
    build.then_exactly(node_kind::decompress, node_load::cpu,
                       prior_of(shape.compression).decompress_s, shape.plain_bytes);
  build.then(node_kind::checksum, node_load::cpu, 0.24);
  build.then(node_kind::place, node_load::blocking, 0.42);
  return build.take();
}

} // namespace pgbraid::graph
