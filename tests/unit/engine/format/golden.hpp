// The golden repositories, unpacked for tests; plain texts come from the openssl program.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace golden {

struct set {
  std::string name;
  std::filesystem::path repository; ///< holds archive/ and backup/, info files and manifests only
  std::string passphrase;           ///< empty: not encrypted
  std::string info_json; ///< what the writer's `info --output=json` printed, pretty-printed
};

/// All sets, unpacked once per process; empty (with a message) where ../shared is not there.
const std::vector<set>& sets();

/// Whether its info files are of format 6, in which it may have begun or not.
bool is_format_6(const set& one);

std::string read_file(const std::filesystem::path& path);
/// The text of a file, decrypted by `openssl enc` when there is a passphrase.
std::string read_plain(const std::filesystem::path& path, const std::string& passphrase);
/// The value of `cipher-pass` in a plain info file, found without our parser.
std::string sub_passphrase(const std::string& plain_info);

/// One plain info file or manifest of the golden sets of format 5.
struct text {
  std::filesystem::path path;
  std::string content;
};
std::vector<text> archive_infos();
std::vector<text> backup_infos();
std::vector<text> manifests();

} // namespace golden
