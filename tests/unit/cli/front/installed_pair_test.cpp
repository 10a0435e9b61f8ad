// Where the front and the full program find each other.
// SPDX-License-Identifier: MIT
#include "cli/start/installed_pair.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace pgbraid::cli;
namespace fs = std::filesystem;

namespace {

/// An installation with files in the place of both programs.
struct installation {
  pgbraid::test::scratch here;
  std::string front = here.text() + "/usr/bin/pgbraid";
  std::string full = full_program_of(front);

  installation() {
    put(front);
    put(full);
  }
  static void put(const std::string& path) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "program";
    fs::permissions(path, fs::perms::owner_all);
  }
};

} // namespace

TEST_CASE("the full program lies apart from what users find in their path") {
  const installation one;
  CHECK(one.full.starts_with(one.here.text() + "/usr/"));
  CHECK(fs::path(one.full).parent_path() != fs::path(one.front).parent_path());
}

TEST_CASE("an installed full program is known by its front") {
  const installation one;
  CHECK(program_for_users(one.full) == one.front);
}

TEST_CASE("without a front the program is known by its own name") {
  const installation one;
  CHECK(program_for_users("/build/dev/pgbraid") == "/build/dev/pgbraid");
  fs::remove(one.front);
  CHECK(program_for_users(one.full) == one.full);
}

TEST_CASE("a program of another name beside the full one has no front") {
  const installation one;
  const auto other = fs::path(one.full).parent_path() / "pgbraid-old";
  installation::put(other.string());
  CHECK(program_for_users(other.string()) == other.string());
}

TEST_CASE("the program that runs is known by its real path") {
  CHECK(fs::exists(running_program()));
  CHECK(fs::path(running_program()).is_absolute());
}
