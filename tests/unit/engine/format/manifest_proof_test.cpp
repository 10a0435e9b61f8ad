// Manifests that go through memory in pieces: what is rendered, and what a proof sees.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_proof.hpp"
#include "tests/unit/engine/format/any_content.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;
using pgbraid::format_test::any;

namespace {

constexpr unsigned seed = 3;

/// Always the same, with two files of which every member is set.
manifest large_one() {
  auto made = any(seed).whole_manifest();
  made.files.clear();
  for (const auto* name : {"pg_data/zz/1", "pg_data/zz/2"}) {
    manifest_file file{.name = name, .size_bytes = 8192};
    file.has_checksum = file.has_repo_checksum = file.has_repo_size = true;
    file.repo_size_bytes = 500;
    file.bundle_id = 1;
    file.bundle_offset_bytes = 10;
    file.mtime_s = 1000;
    file.mode = 0600;
    file.user = made.owner("alice");
    file.pages = page_check::broken;
    made.set_rare(file, {.block_map_size_bytes = 40,
                         .block_size_bytes = 8192,
                         .page_errors = made.add_page_errors({{0, 0}})});
    made.files.push_back(file);
  }
  made.references = {"20200101-000000F"};
  made.files.back().reference = 0;
  made.reference(made.label);
  return made;
}

/// Changes rare values of the last file.
template <class Change> void rarely(manifest& of, Change change) {
  auto rare = *of.files.back().rare;
  change(rare);
  of.set_rare(of.files.back(), rare);
}

/// Whether the text of one manifest is that of another.
result<void> prove(const manifest& of, std::string_view text) {
  manifest_proof proof(of);
  for (; !text.empty(); text.remove_prefix(std::min<size_t>(text.size(), 100)))
    proof.feed(text.substr(0, 100));
  return proof.finish();
}

} // namespace

TEST_CASE("manifest proof: whatever a file says otherwise is seen, and named") {
  const auto text = render(large_one());
  const auto same = prove(large_one(), text);
  REQUIRE_MESSAGE(same, same.failure().message);
  const std::vector<std::function<void(manifest&)>> changes{
      [](manifest& of) { of.files.back().size_bytes = 8193; },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.original_size_bytes = 1; }); },
      [](manifest& of) { of.files.back().mtime_s = 1; },
      [](manifest& of) { of.files.back().mode = 0640; },
      [](manifest& of) { of.files.back().user = of.owner("bob"); },
      [](manifest& of) { of.files.back().group = of.owner("bob"); },
      [](manifest& of) { of.files.back().checksum[19] = std::byte{1}; },
      [](manifest& of) { of.files.back().repo_checksum[19] = std::byte{1}; },
      [](manifest& of) { of.files.back().has_repo_checksum = false; },
      [](manifest& of) { of.files.back().repo_size_bytes = 501; },
      [](manifest& of) { of.files.back().bundle_id = 2; },
      [](manifest& of) { of.files.back().bundle_offset_bytes = 11; },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.block_size_bytes = 16384; }); },
      [](manifest& of) { rarely(of, [&](auto& rare) { rare.block_map_size_bytes = 41; }); },
      [](manifest& of) { of.files.back().reference = none_index; },
      [](manifest& of) { of.files.back().reference = 1; },
      [](manifest& of) { of.files.back().pages = page_check::valid; },
      [](manifest& of) {
        rarely(of, [&](auto& rare) { rare.page_errors = of.add_page_errors({{0, 1}}); });
      },
      [](manifest& of) { of.files.back().name = "pg_data/zz/3"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto changed = large_one();
    changes[i](changed);
    const auto seen = prove(changed, text);
    REQUIRE_FALSE(seen);
    CHECK(seen.failure().code == errc::format);
    CHECK(seen.failure().message.find("file 'pg_data/zz/2'") != std::string::npos);
  }
}

TEST_CASE("manifest proof: files that are missing, added, doubled or in another order are seen") {
  auto one = large_one();
  const auto text = render(one);
  const auto with = [](const std::function<void(manifest&)>& change) {
    auto out = large_one();
    change(out);
    return out;
  };
  CHECK_FALSE(prove(with([](manifest& of) { of.files.pop_back(); }), text));
  CHECK_FALSE(
      prove(with([](manifest& of) { of.files.push_back({.name = "pg_data/zz/3"}); }), text));
  const auto doubled = with([](manifest& of) { of.files.push_back(of.files.back()); });
  CHECK_FALSE(prove(doubled, text));
  CHECK_FALSE(prove(doubled, render(doubled)));
  const auto turned = with([](manifest& of) { std::swap(of.files[0], of.files[1]); });
  CHECK_FALSE(prove(turned, render(turned)));
}

TEST_CASE("manifest proof: what is beside the files is compared, too") {
  const auto text = render(large_one());
  const std::vector<std::function<void(manifest&)>> changes{
      [](manifest& of) { of.label = "20261121-231250F"; },
      [](manifest& of) { of.start_s += 1; },
      [](manifest& of) { of.references.insert(of.references.begin(), "20190101-000000F"); },
      [](manifest& of) { of.file_defaults.mode = uint16_t{0}; },
      [](manifest& of) { of.paths.pop_back(); },
      [](manifest& of) { of.targets[0].path += "x"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto changed = large_one();
    changes[i](changed);
    CHECK_FALSE(prove(changed, text));
  }
}

TEST_CASE("manifest proof: a text that is cut off or changed is not proved") {
  const auto one = large_one();
  const auto text = render(one);
  CHECK_FALSE(prove(one, ""));
  CHECK_FALSE(prove(one, std::string_view(text).substr(0, text.size() / 2)));
  auto changed = text;
  changed[changed.find("8192")] = '9';
  CHECK_FALSE(prove(one, changed));
}

TEST_CASE("manifests in pieces: they are the text, and none is large") {
  auto one = large_one();
  for (unsigned i = 0; i < 3000; ++i)
    one.files.push_back({.name = one.keep("pg_data/zz/3" + std::to_string(i)), .size_bytes = 1});
  one.page_errors.push_back({});
  for (uint64_t page = 0; page < 30000; ++page) // a line of its own size
    one.page_errors.back().push_back({2 * page, 2 * page});
  const auto index = static_cast<uint32_t>(one.page_errors.size() - 1);
  one.set_rare(one.files.back(), {.page_errors = index});
  std::string text;
  size_t largest = 0;
  REQUIRE(render(one, [&](std::string_view piece) {
    text += piece;
    largest = std::max(largest, piece.size());
    return success();
  }));
  CHECK(text == render(one));
  CHECK(largest < 300000);
  size_t pieces = 0;
  const auto stopped = render(one, [&](std::string_view) -> result<void> {
    return ++pieces == 2 ? error{errc::file_write, "full"} : result<void>(success());
  });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().message == "full");
  CHECK(pieces == 2);
}
