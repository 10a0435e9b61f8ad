// A dry run says and does not do, on the memory driver.
// SPDX-License-Identifier: MIT
#include "storage/wrap/dry_run_storage.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

using names = std::vector<std::string>;

struct rig {
  std::shared_ptr<memory_storage> files = std::make_shared<memory_storage>("/r");
  names said;
  dry_run_storage dry{files, [this](const std::string& what) { said.push_back(what); }};

  rig() { REQUIRE(write_all(*files, "p/f", "content")); }
};

} // namespace

TEST_CASE_FIXTURE(rig, "dry run: nothing changes, and all of it is said once") {
  const auto before = *files->list_tree("");
  REQUIRE(before);
  CHECK(write_all(dry, "p/f", "new"));
  CHECK(dry.remove_file("p/f"));
  CHECK(dry.remove_files(names{"p/f", "p/none"}));
  CHECK(dry.remove_tree("p"));
  CHECK(dry.remove_unfinished("p", 5));
  CHECK(dry.move("p/f", "p/g"));
  CHECK(dry.make_path("q/r", 0750));
  CHECK(dry.make_many_paths(names{"p", "s"}, 0750));
  CHECK(dry.make_symlink("l", "p"));
  CHECK(dry.make_hardlink("h", "p/f"));
  CHECK(dry.set_attributes("p/f", {.mode = 0600}));
  CHECK(dry.sync_path("q"));
  CHECK(dry.sync_many_paths(names{"q"}));
  CHECK(dry.sync_files());
  CHECK(said == names{"would write '/r/p/f', 3 bytes", "would remove '/r/p/f'",
                      "would remove '/r/p/f'", "would remove '/r/p'",
                      "would move '/r/p/f' to '/r/p/g'", "would make '/r/q/r'", "would make '/r/s'",
                      "would link '/r/l' to 'p'", "would link '/r/h' to '/r/p/f'",
                      "would change the attributes of '/r/p/f'"});
  const auto after = *files->list_tree("");
  REQUIRE(after);
  REQUIRE(after->size() == before->size());
  CHECK(*files->content("p/f") == "content");
  CHECK((*after)[1].info.mode == (*before)[1].info.mode);
}

TEST_CASE_FIXTURE(rig, "dry run: reads see what is there, and what is not there is not removed") {
  CHECK(*read_all(dry, "p/f", 100) == "content");
  CHECK(names_of(dry, "p") == names{"f"});
  CHECK(dry.remove_file("none"));
  CHECK(dry.remove_tree("none"));
  { // given up before its commit
    auto file = dry.open_write("p/g");
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("x")));
  }
  CHECK(said.empty());
}

TEST_CASE_FIXTURE(rig, "dry run: paths are refused as ever") {
  const std::string bad = "a/../f";
  const auto refused = [](const auto& what) {
    REQUIRE_FALSE(what);
    return what.failure().code == errc::param_invalid;
  };
  CHECK(refused(dry.open_write(bad)));
  CHECK(refused(dry.open_write("")));
  CHECK(refused(dry.open_read(bad, {})));
  CHECK(refused(dry.make_path(bad, 0750)));
  CHECK(refused(dry.make_many_paths(names{bad}, 0750)));
  CHECK(refused(dry.remove_file(bad)));
  CHECK(refused(dry.remove_files(names{bad})));
  CHECK(refused(dry.remove_tree(bad)));
  CHECK(refused(dry.remove_unfinished(bad, 5)));
  CHECK(refused(dry.move("p/f", bad)));
  CHECK(refused(dry.make_symlink(bad, "x")));
  CHECK(refused(dry.make_hardlink("g", bad)));
  CHECK(refused(dry.sync_path(bad)));
  CHECK(refused(dry.sync_many_paths(names{bad})));
  CHECK(refused(dry.set_attributes(bad, {})));
  CHECK(said.empty());
}
