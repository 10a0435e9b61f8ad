// Errors: their numbers and names, how they are told, and what `result` and `secret` keep.
// SPDX-License-Identifier: MIT
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

using namespace pgbraid;

namespace {

/// Codes that pgBackRest's documentation gives to its errors, which users and their scripts know.
constexpr std::pair<int, std::string_view> known_codes[] = {{25, "AssertError"},
                                                            {26, "ChecksumError"},
                                                            {27, "ConfigError"},
                                                            {28, "FileInvalidError"},
                                                            {29, "FormatError"},
                                                            {30, "CommandRequiredError"},
                                                            {31, "OptionInvalidError"},
                                                            {32, "OptionInvalidValueError"},
                                                            {37, "OptionRequiredError"},
                                                            {39, "ProtocolError"},
                                                            {40, "PathNotEmptyError"},
                                                            {41, "FileOpenError"},
                                                            {42, "FileReadError"},
                                                            {43, "ParamRequiredError"},
                                                            {44, "ArchiveMismatchError"},
                                                            {45, "ArchiveDuplicateError"},
                                                            {46, "VersionNotSupportedError"},
                                                            {47, "PathCreateError"},
                                                            {49, "HostConnectError"},
                                                            {50, "LockAcquireError"},
                                                            {51, "BackupMismatchError"},
                                                            {53, "PathOpenError"},
                                                            {55, "FileMissingError"},
                                                            {56, "DbConnectError"},
                                                            {57, "DbQueryError"},
                                                            {58, "DbMismatchError"},
                                                            {62, "StopError"},
                                                            {63, "TermError"},
                                                            {64, "FileWriteError"},
                                                            {72, "HostInvalidError"},
                                                            {73, "PathMissingError"},
                                                            {75, "BackupSetInvalidError"},
                                                            {76, "TablespaceMapError"},
                                                            {78, "LinkMapError"},
                                                            {82, "ArchiveTimeoutError"},
                                                            {87, "ArchiveDisabledError"},
                                                            {88, "FileOwnerError"},
                                                            {95, "CryptoError"},
                                                            {96, "ParamInvalidError"},
                                                            {102, "ExecuteError"},
                                                            {103, "RepoInvalidError"},
                                                            {104, "CommandError"},
                                                            {125, "UnknownError"}};

} // namespace

TEST_CASE("error: codes and names that others know") {
  for (const auto& [code, name] : known_codes)
    CHECK(error_name(static_cast<errc>(code)) == name);
}

TEST_CASE("error: each code has one name, in one shape; what is no code has that of the unknown") {
  std::set<std::string_view> names;
  for (int code = 0; code < 256; ++code) {
    const auto name = error_name(static_cast<errc>(code));
    CHECK(name.ends_with("Error"));
    if (name != "UnknownError") {
      CHECK(names.insert(name).second);
      // Below are those of shells and of programs that are told 1.
      CHECK(code >= 25);
      CHECK(code <= 125);
    }
  }
  CHECK(names.size() >= 60);
}

TEST_CASE("error: hints, each in its line") {
  const auto text = [](std::string hint) {
    return error{errc::format, "no good", std::move(hint)}.text();
  };
  CHECK(text("") == "no good");
  CHECK(text("Why not?") == "no good\nHINT: Why not?");
  CHECK(text("One.\nTwo.\nThree.") == "no good\nHINT: One.\nHINT: Two.\nHINT: Three.");
  CHECK(text("One.\n") == "no good\nHINT: One.");
}

TEST_CASE("error: what it happened in comes first, code and hint stay") {
  const error inner{errc::checksum, "differs", "Look at it."};
  const auto outer = inner.within("file 'x'").within("repo1");
  CHECK(outer.code == errc::checksum);
  CHECK(outer.text() == "repo1: file 'x': differs\nHINT: Look at it.");
}

TEST_CASE("error: what the system said, with its number") {
  const auto failed = system_error(errc::file_open, "unable to open 'x'", ENOENT);
  CHECK(failed.code == errc::file_open);
  CHECK(failed.message == "unable to open 'x': [2] No such file or directory");
}

TEST_CASE("result: a value or an error, moved out and copied") {
  result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  REQUIRE(made);
  CHECK(**made == 7);
  const auto taken = *std::move(made);
  CHECK(*taken == 7);
  const result<int> failed = error{errc::memory, "none left"};
  REQUIRE_FALSE(failed);
  const auto copy = failed;
  CHECK(copy.failure().code == errc::memory);
  CHECK(copy.failure().message == "none left");
  result<void> nothing = success();
  CHECK(nothing);
  nothing = error{errc::stop, "stopped"};
  CHECK(nothing.failure().code == errc::stop);
  // An error is no value, whatever the value's type can be made of.
  const result<std::string> text = error{errc::stop, "stopped"};
  CHECK_FALSE(text);
}

TEST_CASE("secret: copies are alike, what was moved from is empty, itself may be assigned to it") {
  for (const std::string text :
       {"", "short", "a passphrase that is longer than fits in the object"}) {
    secret one(text);
    CHECK(one.empty() == text.empty());
    secret two = one;
    CHECK(two == one);
    secret three = std::move(one);
    CHECK(three.view() == text);
    CHECK(one.empty()); // NOLINT: that is what is asked
    auto& same = three;
    three = same;
    CHECK(three.view() == text);
    one = three;
    CHECK(one == two);
    one = secret("other");
    CHECK(one.view() == "other");
    CHECK_FALSE(one == two);
  }
}

TEST_CASE("secret: nothing of it is left where it was") {
  // The memory is looked at while it is still ours: the object lies in a buffer of the test's.
  alignas(secret) std::byte place[sizeof(secret)];
  const std::string_view pass = "passphrase"; // short enough to lie in the object itself
  auto* const one = new (place) secret(pass);
  const auto holds = [&] {
    const std::string_view bytes(reinterpret_cast<const char*>(place), sizeof place);
    return bytes.find(pass.substr(1)) != bytes.npos;
  };
  CHECK(holds());
  *one = secret("x");
  CHECK_FALSE(holds());
  *one = secret(pass);
  CHECK(holds());
  const secret other = std::move(*one);
  CHECK_FALSE(holds());
  *one = other;
  one->~secret();
  CHECK_FALSE(holds());
}
