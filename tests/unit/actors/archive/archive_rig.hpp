// Clusters, WAL and repositories in memory, for tests of what goes to archives and comes back.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "actors/stanza/create.hpp"
#include "engine/codec/crc32c.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/forwarding_storage.hpp"
#include "storage/repository/open_repository.hpp"
#include "tests/unit/storage/faulty_memory.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::test {

inline constexpr uint64_t rig_system_id = 6863010529494738412U;
inline constexpr uint32_t rig_segment_bytes = 1 << 20;
inline const std::string rig_segment = "000000010000000000000003";

template <class T> void put(std::string& into, size_t offset, T value) {
  std::memcpy(into.data() + offset, &value, sizeof value);
}

/// A pg_control of PostgreSQL 15 (offsets of its C structure).
inline std::string rig_control() {
  std::string out(postgres::control_file_padded_bytes, '\0');
  put<uint64_t>(out, 0, rig_system_id);
  put<uint32_t>(out, 8, 1300);
  put<uint32_t>(out, 12, 202209061);
  put<uint64_t>(out, 32, 0x300028);
  put<uint32_t>(out, 48, 1);
  put<uint32_t>(out, 216, 8192);
  put<uint32_t>(out, 224, 8192);
  put<uint32_t>(out, 228, rig_segment_bytes);
  put<uint32_t>(out, 288, codec::crc32c(as_bytes(out).first(288)));
  return out;
}

/// A segment of that cluster: its long header, then `filler`.
inline std::string rig_content(char filler, uint64_t system_id = rig_system_id) {
  std::string out(rig_segment_bytes, filler);
  std::memset(out.data(), 0, 40);
  put<uint16_t>(out, 0, 0xD110); // PostgreSQL 15
  put<uint16_t>(out, 2, 0x0002);
  put<uint32_t>(out, 4, 1);
  put<uint64_t>(out, 24, system_id);
  put<uint32_t>(out, 32, rig_segment_bytes);
  put<uint32_t>(out, 36, 8192);
  return out;
}

struct archive_rig {
  std::shared_ptr<faulty_memory> pgdata_files = std::make_shared<faulty_memory>("/pg");
  std::shared_ptr<faulty_memory> wal_files = std::make_shared<faulty_memory>("/pg/pg_wal");
  faulty_memory& pgdata = *pgdata_files;
  faulty_memory& wal = *wal_files;
  struct place {
    std::shared_ptr<faulty_memory> files = std::make_shared<faulty_memory>();
    bool encrypted = false;
    int refusals = 0; ///< how often it cannot be opened, from now on
    int reconnects = 0;
  };
  std::vector<std::shared_ptr<place>> places;
  push_request wanted{.wal = {.directory = "/pg/pg_wal", .name = rig_segment}};

  explicit archive_rig(size_t count = 1, bool encrypted = false) {
    write(pgdata, "global/pg_control", rig_control());
    write(wal, rig_segment, rig_content('w'));
    for (size_t i = 0; i < count; ++i) {
      places.push_back(std::make_shared<place>());
      places.back()->encrypted = encrypted;
      auto opened = open(places.back(), static_cast<unsigned>(i + 1));
      REQUIRE(create_stanza(*opened, *postgres::parse_control_file(as_bytes(rig_control()))));
    }
  }

  static void write(storage& to, const std::string& path, const std::string& content) {
    REQUIRE(write_all(to, path, content));
  }
  static open_repository open(const std::shared_ptr<place>& at, unsigned key) {
    open_repository out{.files = std::make_unique<forwarding_storage>(at->files), .stanza = {}};
    repository_settings settings{.key = key, .stanza = "demo"};
    if (at->encrypted) {
      settings.cipher = cipher_type::aes_256_cbc;
      settings.passphrase = secret("pass");
    }
    out.stanza = std::make_unique<repository>(*out.files, std::move(settings));
    return out;
  }
  std::vector<repository_door> doors() const {
    std::vector<repository_door> out;
    for (unsigned i = 0; i < places.size(); ++i)
      out.push_back({.key = i + 1,
                     .open = [at = places[i], i]() -> result<open_repository> {
                       if (at->refusals > 0) {
                         --at->refusals;
                         return error{errc::host_connect, "nobody is there"};
                       }
                       return open(at, i + 1);
                     },
                     .reconnect = [at = places[i]] { ++at->reconnects; }});
    return out;
  }
  push_ends ends() const { return {.wal = wal_files, .pgdata = pgdata_files, .to = doors()}; }
  result<void> push() { return push_wal(wanted, ends()); }
  errc push_code() {
    const auto done = push();
    return done ? errc{} : done.failure().code;
  }
  /// Paths of the segment in a repository.
  std::vector<std::string> stored(size_t i, const std::string& segment = rig_segment) {
    auto opened = open(places[i], static_cast<unsigned>(i + 1));
    auto found = opened->find_wal("15-1", segment);
    REQUIRE(found);
    std::vector<std::string> out;
    for (const auto& one : *found)
      out.push_back(one.path);
    return out;
  }
  /// Where a segment with this content belongs, uncompressed.
  static std::string path_of(const std::string& content, const std::string& segment = rig_segment) {
    return format::wal_directory("demo", "15-1", segment) + "/" + segment + "-" +
           to_hex(codec::sha1_of(as_bytes(content)));
  }
};

} // namespace pgbraid::test
