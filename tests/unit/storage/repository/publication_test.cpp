// What is named together, what one after the other, and what never, on every driver.
// SPDX-License-Identifier: MIT
#include "storage/repository/publication.hpp"
#include "tests/unit/actors/serve/remote_rig.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/rigs.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::test;

#define DRIVERS memory_rig, posix_rig, remote_rig, sftp_rig

namespace {

bool is_file(storage& files, const std::string& path) {
  const auto found = files.info(path);
  REQUIRE(found);
  return *found && (*found)->kind == entry_kind::file;
}

} // namespace

TEST_CASE_TEMPLATE("publication: everything gets its name", rig, DRIVERS) {
  rig on;
  const std::string large(700'000, 'x');
  publication all(on.repo);
  all.add("p/a", "one");
  all.then();
  all.add("p/b", large);
  all.add("p/c", "");
  all.then();
  all.add("q/d", "two");
  for (const auto* path : {"p/a", "p/b", "p/c", "q/d"})
    CHECK_FALSE(is_file(on.repo, path));
  REQUIRE(all.publish());
  CHECK(*read_all(on.repo, "p/a", 10) == "one");
  CHECK(*read_all(on.repo, "p/b", large.size()) == large);
  CHECK(is_file(on.repo, "p/c"));
  CHECK(*read_all(on.repo, "q/d", 10) == "two");
}

TEST_CASE_TEMPLATE("publication: a failure keeps later steps from their names", rig, DRIVERS) {
  rig on;
  REQUIRE(on.repo.make_path("p/b/in-the-way"));
  publication all(on.repo);
  all.add("p/a", "x");
  all.then();
  all.add("p/c", "x");
  all.add("p/b", "x");
  all.then();
  all.add("p/d", "x");
  CHECK_FALSE(all.publish());
  CHECK(is_file(on.repo, "p/a"));
  CHECK(is_file(on.repo, "p/c"));
  CHECK_FALSE(is_file(on.repo, "p/d"));
}

TEST_CASE("publication: what does not hold what was written ends it before the next step") {
  for (const size_t size : {size_t{700}, size_t{3} << 20}) {
    faulty_memory files;
    publication all(files);
    std::string content(size, 'x');
    all.add("p/a", content);
    all.add("p/b", content);
    all.then();
    all.add("p/c", content);
    content[size / 2] = 'y';
    // Whoever opens it next finds something else in it.
    bool spoilt = false;
    files.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
      if (verb == storage_verb::open_read && path == "p/b" && !std::exchange(spoilt, true))
        CHECK(write_all(files, "p/b", content));
      return {};
    });
    const auto done = all.publish();
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::checksum);
    CHECK(done.failure().message.find("p/b") != std::string::npos);
    CHECK(is_file(files, "p/a"));
    CHECK_FALSE(is_file(files, "p/c"));
  }
}

TEST_CASE("publication: files are replaced where a rename does not replace") {
  scratch here;
  sftp_server there;
  there.more = {"-P", "posix-rename"};
  const auto pool = there.pool(2);
  REQUIRE_FALSE(pool->offers("posix-rename@openssh.com"));
  const auto repo = sftp::make_sftp_storage(pool, here / "root");
  for (const std::string content : {"old", "new"}) {
    publication all(*repo);
    for (const auto* path : {"p/info", "p/info.copy", "p/other"})
      all.add(path, content);
    REQUIRE(all.publish());
    for (const auto* path : {"p/info", "p/info.copy", "p/other"})
      CHECK(*read_all(*repo, path, 10) == content);
    CHECK((*repo->list("p"))->size() == 3);
  }
}
