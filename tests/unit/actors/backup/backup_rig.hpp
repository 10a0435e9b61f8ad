// A cluster on disk, other hosts that serve it, and backups of it into memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup_job.hpp"
#include "actors/run/run_job.hpp"
#include "actors/serve/copy_runner.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/whole.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/backup_basis.hpp"
#include "engine/plan/backup_changes.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

namespace pgbraid::test {

inline constexpr auto catalog_directory = "PG_15_202209061";

inline result<std::unique_ptr<storage>> open_posix(const std::string& path) {
  return make_posix_storage(path);
}

/// A cluster with a tablespace, a link, empty, small and large files.
struct cluster_rig {
  scratch place;
  std::string data = place / "pg";

  cluster_rig() {
    namespace fs = std::filesystem;
    for (const auto* path : {"pg/base/5", "pg/global", "pg/pg_tblspc", "conf", "pg/pg_xact"})
      fs::create_directories(place / path);
    const auto space = std::string("space/") + catalog_directory + "/5";
    fs::create_directories(place / space);
    fs::create_symlink(place / "space", place / "pg/pg_tblspc/16384");
    fs::create_symlink("../conf/pg.conf", place / "pg/postgresql.conf");
    put(place / "conf/pg.conf", "port = 5432\n");
    put(place / "pg/PG_VERSION", "15\n");
    put(place / "pg/global/pg_control", noise(8192, 9));
    put(place / "pg/base/5/empty", "");
    put(place / "pg/pg_xact/0000", noise(8192, 3));
    for (unsigned i = 0; i < 90; ++i)
      put(place / ("pg/base/5/" + std::to_string(10000 + i)), pages(1 + i % 7, i));
    put(place / "pg/base/5/20000", pages(400, 77));
    put(place / "pg/base/5/20001", noise(3000000, 5));
    put(place / ("space/" + std::string(catalog_directory) + "/5/16390"), pages(300, 8));
    put(place / "pg/pg_x\xff\x01y", "a name that is no text");
  }
  /// Compresses somewhat; no page has a checksum.
  static std::string pages(size_t count, unsigned seed) {
    auto out = noise(count * 8192, seed);
    for (size_t i = 0; i < out.size(); i += 3)
      out[i] = 'x';
    return out;
  }

  format::manifest walk(bool checksum_page) const {
    format::manifest out;
    auto root = make_posix_storage(data);
    cluster_walk_options options{.version = 150000,
                                 .catalog_version = 202209061,
                                 .checksum_page = checksum_page,
                                 .tablespaces = {{16384, "space"}}};
    const auto walked = walk_cluster(*root, open_posix, options, out);
    if (!walked)
      FAIL(walked.failure().text());
    out.label = "20260101-000000F";
    return out;
  }
};

inline std::unique_ptr<serve::copy_runner> copies() {
  return serve::make_copy_runner(2);
}

/// Another host that has the cluster. Its connections can break when some request comes.
struct data_host {
  explicit data_host(const std::string& pg_path)
      : there({.pg_path = pg_path, .process_max = 2, .mode = io::io_mode::threads},
              [this] { return std::make_unique<watched>(*this, copies()); }) {}
  /// All connections break with this request for files (from 1), and each so many later ones.
  std::atomic<int> cut_at = 0;
  std::atomic<int> cut_every = 0;
  /// So often altogether. More than a piece of work is tried anew would lose the host on a slow
  /// machine, where all of them can hit the same file.
  std::atomic<int> cuts_left = 2;
  /// From the first cut on nobody can connect.
  std::atomic<bool> stays_away = false;
  // What was backed up may still hold links.
  ~data_host() { there.cut(); }

private:
  class watched final : public serve::copy_runner {
  public:
    watched(data_host& of, std::unique_ptr<serve::copy_runner> to) : of_(of), to_(std::move(to)) {}
    void take(std::unique_ptr<link::exchange> asked, const serve::grants& may) override {
      const bool counts = asked->path() != wire::path::copy_begin;
      to_->take(std::move(asked), may);
      if (counts)
        of_.note_request();
    }
    void look() override { to_->look(); }
    void end() override { to_->end(); }

  private:
    data_host& of_;
    std::unique_ptr<serve::copy_runner> to_;
  };
  void note_request() {
    const int number = ++requests_;
    const int first = cut_at;
    if (first == 0 || number < first ||
        (number > first && (cut_every == 0 || (number - first) % cut_every != 0)))
      return;
    if (--cuts_left < 0)
      return;
    there.refuses = stays_away.load();
    there.cut();
  }
  std::atomic<int> requests_ = 0;

public:
  served_host there;
};

/// How a backup is made.
struct backup_wish {
  compress_type compression = compress_type::none;
  bool encrypted = false;
  bool bundle = false;
  bool fuse = true;
  bool checksum_page = false;
  bool page_errors_end_it = false;
  uint32_t workers_per_link = 2;
  bool blocks = false; ///< of 8 KiB in super blocks of 32; raw members
  bool delta = false;
  const struct made_backup* prior = nullptr; ///< an incr on that one; it must outlive the new one
};

/// A finished backup. What builds on it lies in the same repository.
struct made_backup {
  explicit made_backup(const made_backup* prior = nullptr)
      : shared(prior != nullptr ? prior->shared : std::make_shared<memory_storage>("/repo")) {}
  std::shared_ptr<memory_storage> shared;
  memory_storage& files = *shared;
  std::unique_ptr<repository> repo =
      std::make_unique<repository>(files, repository_settings{.stanza = "demo"});
  format::manifest manifest;
  std::unique_ptr<source_set> sources;
  std::set<std::string> gone_paths = {};
  uint64_t page_warnings = 0;
  result<void> outcome = success();

  /// What is stored of a file.
  std::string stored(const format::manifest_file& file) const {
    const auto path = format::stored_file_path("demo", manifest, file);
    auto content = files.content(path, file.bundle_offset_bytes, file.stored_bytes());
    if (!content)
      FAIL("missing: ", path);
    return std::move(*content);
  }
  std::string plain(const format::manifest_file& file) const {
    const auto packed = stored(file);
    std::vector<std::byte> bytes(as_bytes(packed).begin(), as_bytes(packed).end());
    if (!manifest.cipher_pass.empty()) {
      const auto kernel = codec::make_decrypt(manifest.cipher_pass.view());
      auto opened = codec::transform_all(*kernel, bytes, 1 << 26);
      REQUIRE(opened);
      bytes = std::move(*opened);
    }
    auto out = codec::decompress_all(manifest.options.compress_kind, bytes, 1 << 26);
    REQUIRE(out);
    return std::string(as_text(*out));
  }
};

/// Runs a backup of the walked cluster from these sources.
inline std::unique_ptr<made_backup> run_backup(const cluster_rig& of, const backup_wish& wish,
                                               std::vector<backup_source> from,
                                               const cluster_files& names, format::manifest walked,
                                               bool fall_back = false) {
  auto out = std::make_unique<made_backup>(wish.prior);
  out->manifest = std::move(walked);
  out->manifest.sort();
  out->manifest.block_incremental = out->manifest.bundle_raw = wish.blocks;
  if (wish.prior != nullptr) {
    out->manifest.type = format::backup_type::incr;
    out->manifest.label += "_20260102-000000I";
    out->manifest.references = plan::inherited_references(wish.prior->manifest);
    const auto& prior = wish.prior->manifest;
    plan::refer_unchanged(out->manifest, prior, format::packed_files(prior), wish.delta);
  }
  out->manifest.references.push_back(out->manifest.label);
  out->manifest.options.compress_kind = wish.compression;
  out->manifest.bundle = wish.bundle;
  if (wish.encrypted)
    out->manifest.cipher_pass = secret("pass");
  backup_settings settings{.compression = wish.compression,
                           .compress_level = codec::levels_of(wish.compression).standard,
                           .fuse = wish.fuse,
                           .checksum_page = wish.checksum_page,
                           .page_errors_end_it = wish.page_errors_end_it,
                           .raw_members = wish.blocks,
                           .prior = wish.prior != nullptr ? &wish.prior->manifest : nullptr,
                           .delta = wish.delta,
                           .version = 150000,
                           .workers_per_link = wish.workers_per_link};
  if (wish.bundle)
    settings.rules = {.bundle = true, .bundle_limit_bytes = 2 << 20, .bundle_size_bytes = 1 << 20};
  if (wish.blocks) {
    settings.blocks = plan::peer_block_rules();
    settings.blocks->super_bytes = settings.blocks->full_super_bytes = 32 << 10;
  }
  const auto control = get(of.data + "/global/pg_control");
  settings.control_file.assign(as_bytes(control).begin(), as_bytes(control).end());
  out->sources = std::make_unique<source_set>(
      std::move(from), copy_rules_of(settings, out->manifest.cipher_pass), fall_back);
  backup_job job(out->manifest, names, *out->sources, *out->repo, settings, {});
  for (const auto& path : job.target_paths())
    REQUIRE(out->files.make_path(path));
  const graph::machine on{.cores = 2, .process_max = 2, .fuse = wish.fuse};
  const auto compiled = graph::compile(graph::backup_graph(job.shape()), on);
  out->outcome =
      actors::run_job(job, {.graph = compiled, .fuse = wish.fuse, .mode = io::io_mode::threads});
  out->gone_paths = job.gone_paths();
  out->page_warnings = job.page_warnings();
  job.remove_vanished();
  return out;
}

} // namespace pgbraid::test
