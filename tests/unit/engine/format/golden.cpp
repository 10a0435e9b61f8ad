// The golden repositories, unpacked for tests.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/format/golden.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace golden {

namespace fs = std::filesystem;

namespace {

fs::path golden_directory() {
  if (const char* shared = std::getenv("PGBRAID_SHARED"))
    return fs::path(shared) / "golden";
  return fs::path(PGBRAID_SOURCE).parent_path() / "shared" / "golden";
}

/// Removed when the program ends.
struct scratch {
  scratch() {
    std::string made = (fs::temp_directory_path() / "pgbraid-golden-XXXXXX").string();
    path = mkdtemp(made.data());
  }
  ~scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

/// From the side file, which has its options in a list or, in the later sets, by name.
std::string passphrase_in(const nlohmann::json& about) {
  const std::string name = "repo1-cipher-pass";
  if (about.contains("options"))
    return about["options"].value(name, "");
  for (const std::string option : about["repo-config"])
    if (option.starts_with(name + "="))
      return option.substr(name.size() + 1);
  return {};
}

std::vector<set> unpack() {
  std::vector<set> found;
  const auto from = golden_directory();
  if (!fs::exists(from)) {
    MESSAGE("skipped: there are no golden repositories in " << from.string());
    return found;
  }
  static const scratch to;
  for (const auto& entry : fs::directory_iterator(from)) {
    const auto file = entry.path().filename().string();
    if (!file.ends_with(".tar.zst"))
      continue;
    set one;
    one.name = file.substr(0, file.size() - 8);
    one.repository = to.path / one.name;
    fs::create_directories(one.repository);
    const std::string command = "zstd -dc '" + entry.path().string() + "' | tar -x -C '" +
                                one.repository.string() +
                                "' --wildcards '*.info' '*.copy' '*backup.manifest' '*.gz' "
                                "--exclude '*/pg_data/*' --exclude '*/pg_tblspc/*'";
    REQUIRE(std::system(command.c_str()) == 0);
    const auto about = nlohmann::json::parse(read_file(from / (one.name + ".json")));
    one.passphrase = passphrase_in(about);
    one.info_json = read_file(from / (one.name + ".info.json"));
    found.push_back(std::move(one));
  }
  return found;
}

} // namespace

bool is_format_6(const set& one) {
  return one.name.find("format6") != one.name.npos || one.name.find("5to6") != one.name.npos;
}

const std::vector<set>& sets() {
  static const auto all = unpack();
  return all;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string read_plain(const fs::path& path, const std::string& passphrase) {
  if (passphrase.empty())
    return read_file(path);
  const std::string command = "openssl enc -d -aes-256-cbc -md sha1 -k '" + passphrase + "' -in '" +
                              path.string() + "' 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char piece[1 << 16];
  for (size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;)
    text.append(piece, got);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

std::string sub_passphrase(const std::string& plain_info) {
  constexpr std::string_view key = "\ncipher-pass=\"";
  const auto at = plain_info.find(key);
  if (at == std::string::npos)
    return {};
  const auto begin = at + key.size();
  return plain_info.substr(begin, plain_info.find('"', begin) - begin);
}

namespace {

std::vector<text> infos(const char* path) {
  std::vector<text> found;
  for (const auto& one : sets()) {
    if (is_format_6(one))
      continue;
    for (const std::string suffix : {"", ".copy"}) {
      const auto file = one.repository / (path + suffix);
      found.push_back({file, read_plain(file, one.passphrase)});
    }
  }
  return found;
}

} // namespace

std::vector<text> archive_infos() {
  return infos("archive/demo/archive.info");
}

std::vector<text> backup_infos() {
  return infos("backup/demo/backup.info");
}

std::vector<text> manifests() {
  std::vector<text> found;
  for (const auto& one : sets()) {
    if (is_format_6(one))
      continue;
    const auto info = read_plain(one.repository / "backup/demo/backup.info", one.passphrase);
    const auto passphrase = sub_passphrase(info);
    for (const auto& entry : fs::recursive_directory_iterator(one.repository)) {
      const auto name = entry.path().filename().string();
      if (!entry.is_symlink() && name.starts_with("backup.manifest") &&
          entry.path().string().find("/latest/") == std::string::npos)
        found.push_back({entry.path(), read_plain(entry.path(), passphrase)});
    }
  }
  return found;
}

} // namespace golden
