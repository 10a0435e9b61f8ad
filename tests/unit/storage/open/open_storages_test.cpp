// From locations to storages.
// SPDX-License-Identifier: MIT
#include "storage/open/open_storages.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::unique_ptr<storage> must_open(open_storages& all, const location& where,
                                   const storage_wishes& wishes = {}) {
  auto opened = all.open_storage(where, wishes);
  REQUIRE(opened);
  return std::move(*opened);
}

const location in_memory = {.kind = storage_kind::memory, .path = "/m"};

} // namespace

TEST_CASE("open storage: a directory of this host, and the same over another one") {
  const scratch here;
  open_storages all;
  auto near = must_open(all, {.kind = storage_kind::posix, .path = here / "repo"});
  REQUIRE(write_all(*near, "f", "x"));
  CHECK(get(here / "repo/f") == "x");
  served_host there{{.repo_path = here / "repo"}};
  const auto remote = must_open(all, {.kind = storage_kind::remote,
                                      .path = "there:/repo",
                                      .host = there.connect(),
                                      .served_root = "repo"});
  CHECK(*read_all(*remote, "f", 10) == "x");
  CHECK(remote->root() == "there:/repo");
}

TEST_CASE("open storage: a share is a directory without links") {
  const scratch here;
  open_storages all;
  const auto share = must_open(all, {.kind = storage_kind::cifs, .path = here / "repo"});
  REQUIRE(write_all(*share, "f", "x"));
  CHECK(get(here / "repo/f") == "x");
  CHECK_FALSE(share->features().symlinks);
  CHECK(is_mounted_here(storage_kind::cifs));
  CHECK_FALSE(is_mounted_here(storage_kind::sftp));
}

TEST_CASE("open storage: memory is kept by its name, for one owner") {
  open_storages all;
  REQUIRE(write_all(*must_open(all, in_memory), "f", "x"));
  CHECK(*read_all(*must_open(all, in_memory), "f", 10) == "x");
  CHECK_FALSE(read_all(*must_open(all, {.kind = storage_kind::memory, .path = "/n"}), "f", 10));
  open_storages others;
  CHECK_FALSE(read_all(*must_open(others, in_memory), "f", 10));
}

TEST_CASE("open storage: kinds that there are not are refused") {
  open_storages all;
  const auto opened = all.open_storage({.kind = static_cast<storage_kind>(77), .path = "/x"});
  REQUIRE_FALSE(opened);
  CHECK(opened.failure().code == errc::feature_not_supported);
  CHECK(*storage_kind_of("posix") == storage_kind::posix);
  CHECK(*storage_kind_of("cifs") == storage_kind::cifs);
  CHECK(*storage_kind_of("sftp") == storage_kind::sftp);
  CHECK(*storage_kind_of("s3") == storage_kind::s3);
  CHECK(*storage_kind_of("gcs") == storage_kind::gcs);
  for (const auto* none : {"nfs", "memory", "remote", ""}) {
    const auto kind = storage_kind_of(none);
    REQUIRE_FALSE(kind);
    CHECK(kind.failure().code == errc::feature_not_supported);
  }
}

TEST_CASE("open storage: an SFTP server that nobody answers for is an error") {
  open_storages all;
  location where{.kind = storage_kind::sftp, .path = "/x"};
  where.login.host = "127.0.0.1";
  where.login.port = 1; // nobody listens there
  where.login.limit = std::chrono::milliseconds(1);
  const auto opened = all.open_storage(where);
  REQUIRE_FALSE(opened);
  CHECK(opened.failure().code == errc::host_connect);
}

TEST_CASE("open storage: what is wished for stands before the driver, in its order") {
  open_storages all;
  auto plain = must_open(all, in_memory);
  REQUIRE(write_all(*plain, "f", "x"));
  const auto faults = std::make_shared<fault_plan>();
  std::vector<std::string> said;
  const auto wrapped =
      must_open(all, in_memory,
                {.faults = faults, .dry_run = [&](const auto& what) { said.push_back(what); }});
  faults->fail(storage_verb::info, 1, {errc::file_open, "broken"});
  CHECK_FALSE(wrapped->info("f"));
  CHECK(wrapped->remove_file("f"));
  CHECK(said == std::vector<std::string>{"would remove '/m/f'"});
  CHECK(*read_all(*plain, "f", 10) == "x");
  CHECK(faults->used(storage_verb::remove) == 0); // a dry run asks nobody to change anything
}
