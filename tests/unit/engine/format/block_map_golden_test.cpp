// Block maps of real writers: read, and written to the same bytes.
// SPDX-License-Identifier: MIT
#include "engine/format/block_map.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/repository_path.hpp"
#include "tests/unit/engine/format/golden.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

namespace fs = std::filesystem;

constexpr size_t salt_bytes = 8;

/// What `openssl enc` would do, if the word before the salt were there.
std::string decrypt_raw(const std::string& text, const std::string& passphrase) {
  if (passphrase.empty())
    return text;
  REQUIRE(text.size() > salt_bytes);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  unsigned char key[32];
  unsigned char iv[16];
  REQUIRE(EVP_BytesToKey(EVP_aes_256_cbc(), EVP_sha1(), bytes,
                         reinterpret_cast<const unsigned char*>(passphrase.data()),
                         static_cast<int>(passphrase.size()), 1, key, iv) == 32);
  auto* const cipher = EVP_CIPHER_CTX_new();
  std::string out(text.size(), '\0');
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  int got = 0;
  int rest = 0;
  const bool fine = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key, iv) == 1 &&
                    EVP_DecryptUpdate(cipher, to, &got, bytes + salt_bytes,
                                      static_cast<int>(text.size() - salt_bytes)) == 1 &&
                    EVP_DecryptFinal_ex(cipher, to + got, &rest) == 1;
  EVP_CIPHER_CTX_free(cipher);
  REQUIRE(fine);
  out.resize(static_cast<size_t>(got + rest));
  return out;
}

/// The files that hold blocks.
void unpack_data(const golden::set& of) {
  const auto shared = std::getenv("PGBRAID_SHARED");
  const auto from =
      shared != nullptr ? fs::path(shared) : fs::path(PGBRAID_SOURCE).parent_path() / "shared";
  const auto packed = from / "golden" / (of.name + ".tar.zst");
  const std::string command = "zstd -dc '" + packed.string() + "' | tar -x -C '" +
                              of.repository.string() +
                              "' --wildcards '*/bundle/*' '*.pgbi' 2>/dev/null";
  // A set may have no file of the second kind, which tar says by its status.
  [[maybe_unused]] const int status = std::system(command.c_str());
}

bool has_blocks(const golden::set& one) {
  return one.name.find("block") != one.name.npos && !golden::is_format_6(one);
}

std::string stored_map(const fs::path& file, const manifest_file& of) {
  const auto all = golden::read_file(file);
  const auto end = of.bundle_offset_bytes + of.stored_bytes();
  REQUIRE(all.size() >= end);
  return all.substr(end - of.rare->block_map_size_bytes, of.rare->block_map_size_bytes);
}

} // namespace

TEST_CASE("golden: block maps come back byte for byte") {
  size_t count = 0;
  size_t many_backups = 0;
  for (const auto& one : golden::sets())
    if (has_blocks(one))
      unpack_data(one);
  std::set<std::pair<std::string, uint64_t>> seen;
  for (const auto& [path, content] : golden::manifests()) {
    const auto read = parse_manifest(content);
    REQUIRE(read);
    const auto stanza = path.parent_path().parent_path();
    for (const auto& file : read->files) {
      const auto data = stanza.parent_path().parent_path() / stored_file_path("demo", *read, file);
      if (!file.is_block_incremental() ||
          !seen.insert({data.string(), file.bundle_offset_bytes}).second)
        continue;
      CAPTURE(data.string());
      const auto text = decrypt_raw(stored_map(data, file), std::string(read->cipher_pass.view()));
      const auto map =
          parse_block_map(as_bytes(text), {.file_bytes = file.size_bytes,
                                           .block_bytes = file.rare->block_size_bytes,
                                           .checksum_bytes = file.rare->block_checksum_bytes,
                                           .reference_count = read->references.size()});
      REQUIRE_MESSAGE(map, (map ? "" : map.failure().message));
      const auto again = render(*map);
      CHECK(as_text(again) == text);
      const auto memory = map->runs.size() * sizeof(block_run) + map->checksums.size();
      CHECK(memory <= memory_of_block_map(text.size(), file.rare->block_checksum_bytes));
      std::set<uint32_t> backups;
      for (const auto& run : map->runs)
        backups.insert(run.reference);
      many_backups += backups.size() > 1 ? 1 : 0;
      ++count;
    }
  }
  CAPTURE(count);
  CAPTURE(many_backups);
  CHECK((count > 600 || golden::sets().empty()));
  CHECK((many_backups > 10 || golden::sets().empty()));
}
