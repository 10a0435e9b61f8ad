// A file and its copy, each in every state it can be in: which is read, and what is said.
// SPDX-License-Identifier: MIT
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

const std::string label = "20261121-231250F";

/// What can be the matter with one of the two, and with which code it is refused.
enum class state : uint8_t { good, missing, torn, altered, empty, large, plain, foreign, shut };
constexpr std::array states = {state::good,    state::missing, state::torn,
                               state::altered, state::empty,   state::large,
                               state::plain,   state::foreign, state::shut};

/// One kind of pair in a stanza: where it lies, how it is written and read.
struct kind {
  std::string name;
  std::string path;
  uint64_t limit_bytes; ///< what is larger is not read; 0: too much for this test
  std::function<void(repository&)> write;
  std::function<std::optional<error>(repository&)> read;
};

template <class T> std::optional<error> failure_of(const result<T>& what) {
  return what ? std::nullopt : std::optional(what.failure());
}

const secret manifest_pass("of the manifests");

std::array<kind, 3> kinds() {
  return {{{"archive.info", "archive/demo/archive.info", uint64_t{1} << 20,
            [](repository& in) {
              archive_info info;
              info.add(77, "15");
              info.cipher_pass = secret(in.encrypted() ? "of the WAL" : "");
              REQUIRE(in.save(info));
            },
            [](repository& in) { return failure_of(in.load_archive_info()); }},
           {"backup.info", "backup/demo/backup.info", 0,
            [](repository& in) {
              backup_info info;
              info.add_history(77, "15", 202209061, 1300);
              info.cipher_pass = secret(in.encrypted() ? manifest_pass.view() : "");
              REQUIRE(in.save(info));
            },
            [](repository& in) { return failure_of(in.load_backup_info()); }},
           {"backup.manifest", "backup/demo/" + label + "/backup.manifest", 0,
            [](repository& in) {
              REQUIRE(in.files().make_path("backup/demo/" + label));
              publication all(in.files());
              REQUIRE(in.add(all, test::small_manifest(label),
                             in.encrypted() ? manifest_pass : secret()));
              REQUIRE(all.publish());
            },
            [](repository& in) {
              return failure_of(in.load_manifest(label, in.encrypted() ? manifest_pass : secret()));
            }}}};
}

repository_settings settings(bool encrypted) {
  if (!encrypted)
    return {.key = 1, .stanza = "demo"};
  return {.key = 1,
          .stanza = "demo",
          .cipher = cipher_type::aes_256_cbc,
          .passphrase = secret("of the info files")};
}

/// What such a file says when it is asked alone; nothing when it is read. By README, sections 4.1
/// (half a line: 29), 4.3 (checksum) and 11.3 (padding: 95); whether it is encrypted is for the
/// configuration to say (95).
std::optional<errc> alone(state of, bool encrypted) {
  switch (of) {
  case state::good:
    return {};
  case state::missing:
    return errc::file_missing;
  case state::torn:
    return encrypted ? errc::crypto : errc::format;
  case state::altered:
    return encrypted ? errc::crypto : errc::checksum;
  case state::empty:
    return encrypted ? errc::crypto : errc::format;
  case state::large:
    return errc::file_read;
  case state::plain: // as it would be without a passphrase
    return encrypted ? std::optional(errc::crypto) : std::nullopt;
  case state::foreign: // of a repository that is encrypted otherwise
    return errc::crypto;
  case state::shut:
    return errc::file_open;
  }
  return {};
}

/// Section 5: one of two is enough; a missing file says less than what is wrong with the other.
std::optional<errc> together(std::optional<errc> main, std::optional<errc> copy) {
  if (!main || !copy)
    return {};
  if (main == copy || copy == errc::file_missing)
    return main;
  return main == errc::file_missing ? *copy : errc::file_open;
}

/// A digit of the checksum; of an encrypted file a bit of its padding, which makes it no padding.
void alter(std::string& content) {
  const bool encrypted = content.starts_with("Salted__");
  auto& byte = content[content.size() - (encrypted ? 17 : 3)];
  if (encrypted)
    byte = static_cast<char>(byte ^ 0x40);
  else
    byte = byte == '0' ? '1' : '0';
}

class stanza {
public:
  stanza(const kind& of, bool encrypted) : of_(of), repo_(files_, settings(encrypted)) {
    of_.write(repo_);
    test::faulty_memory other;
    repository plain(other, settings(false));
    of_.write(plain);
    plain_ = *other.content(of_.path);
    files_.set_hook([this](storage_verb verb, std::string_view path) -> std::optional<error> {
      const bool shut = path == of_.path ? shut_main_ : path == copy_of(of_.path) && shut_copy_;
      if (verb == storage_verb::open_read && shut)
        return error{errc::file_open, "cannot open '" + std::string(path) + "'", "Whose is it?"};
      return {};
    });
  }
  void become(bool main, state what) {
    const auto path = main ? of_.path : copy_of(of_.path);
    (main ? shut_main_ : shut_copy_) = what == state::shut;
    auto content = *files_.content(path);
    switch (what) {
    case state::good:
    case state::shut:
      return;
    case state::missing:
      REQUIRE(files_.remove_file(path));
      return;
    case state::torn: // what is left of the last line is `b`
      content.resize(content.size() - 60);
      break;
    case state::altered:
      alter(content);
      break;
    case state::empty:
      content.clear();
      break;
    case state::large:
      content.append(of_.limit_bytes, '\n');
      break;
    case state::plain:
      content = plain_;
      break;
    case state::foreign:
      content = "Salted__12345678" + std::string(64, '\x5a');
      break;
    }
    REQUIRE(write_all(files_, path, content));
  }
  std::optional<error> read() { return of_.read(repo_); }

private:
  const kind& of_;
  test::faulty_memory files_;
  repository repo_;
  std::string plain_;
  bool shut_main_ = false;
  bool shut_copy_ = false;
};

} // namespace

TEST_CASE("file pair: one that is good is enough, and two reasons are told in one error") {
  for (const auto& of : kinds())
    for (const bool encrypted : {false, true})
      for (const state main : states)
        for (const state copy : states) {
          if (of.limit_bytes == 0 && (main == state::large || copy == state::large))
            continue;
          CAPTURE(of.name);
          CAPTURE(encrypted);
          CAPTURE(static_cast<int>(main));
          CAPTURE(static_cast<int>(copy));
          test::hostile("manifests and info files");
          stanza with(of, encrypted);
          with.become(true, main);
          with.become(false, copy);
          const auto expected = together(alone(main, encrypted), alone(copy, encrypted));
          const auto failed = with.read();
          REQUIRE(failed.has_value() == expected.has_value());
          if (!failed)
            continue;
          CHECK(static_cast<int>(failed->code) == static_cast<int>(*expected));
          // Both reasons: the name, then a line for each of the two.
          CHECK(failed->message.starts_with("unable to load '" + of.path + "' or its copy:\n"));
          CHECK(failed->message.find(of.path + ".copy") != std::string::npos);
          if (main == state::missing && copy == state::missing && of.name.ends_with(".info"))
            CHECK(failed->hint.find("stanza-create") != std::string::npos);
          if (main == state::shut && (copy == state::shut || copy == state::missing))
            CHECK(failed->hint == "Whose is it?");
        }
}

TEST_CASE("file pair: a missing twin is made of the other, byte for byte, and nothing else") {
  for (const bool has_main : {false, true})
    for (const bool has_copy : {false, true}) {
      test::faulty_memory files;
      const std::string path = "backup/demo/backup.info";
      if (has_main)
        REQUIRE(write_all(files, path, "of the main file"));
      if (has_copy)
        REQUIRE(write_all(files, copy_of(path), "of the copy"));
      const auto written = files.used(storage_verb::open_write);
      const auto mended = mend_pair(files, path, 100);
      REQUIRE(mended);
      CHECK(*mended == (has_main != has_copy));
      CHECK(files.used(storage_verb::open_write) == written + (*mended ? 1 : 0));
      const auto main = files.content(path);
      const auto copy = files.content(copy_of(path));
      CHECK(main.has_value() == (has_main || has_copy));
      CHECK(copy.has_value() == (has_main || has_copy));
      if (has_main && has_copy)
        CHECK(main != copy); // both are there: which one is right is not for this to say
      else
        CHECK(main == copy);
    }
}

TEST_CASE("file pair: a twin is not made of what cannot be read") {
  test::faulty_memory files;
  const std::string path = "backup/demo/backup.info";
  REQUIRE(write_all(files, path, std::string(101, 'x')));
  CHECK(mend_pair(files, path, 100).failure().code == errc::file_read);
  CHECK_FALSE(files.content(copy_of(path)));
  files.fail(storage_verb::info, 2, {errc::file_open, "permission denied"});
  CHECK(mend_pair(files, path, 1000).failure().code == errc::file_open);
  CHECK_FALSE(files.content(copy_of(path)));
  CHECK(*mend_pair(files, path, 1000));
}

TEST_CASE("file pair: two reasons become one code") {
  const error missing{errc::file_missing, "not there", "Was it made?"};
  const error damaged{errc::checksum, "damaged", "Is the disk well?"};
  const error shut{errc::file_open, "no way in", "Whose is it?"};
  struct row {
    const error& main;
    const error& copy;
    errc code;
    std::string hint;
  };
  const std::array rows = {row{missing, missing, errc::file_missing, missing.hint},
                           row{missing, damaged, errc::checksum, damaged.hint},
                           row{damaged, missing, errc::checksum, damaged.hint},
                           row{damaged, damaged, errc::checksum, damaged.hint},
                           row{damaged, shut, errc::file_open, shut.hint},
                           row{shut, damaged, errc::file_open, shut.hint}};
  for (const auto& one : rows) {
    const auto merged = merge_failures("some/file", one.main, one.copy);
    CHECK(merged.code == one.code);
    CHECK(merged.hint == one.hint);
    CHECK(merged.message ==
          "unable to load 'some/file' or its copy:\n" + one.main.message + "\n" + one.copy.message);
  }
}
