// Fuzz target: requests of an admitted client, one after the other, to a real repository and
// cluster. Requests are parted by an empty line; each is a line with the path, one with the head,
// and the body.
// SPDX-License-Identifier: MIT
#include "actors/serve/copy_runner.hpp"
#include "actors/serve/service.hpp"
#include "engine/base/log.hpp"
#include "engine/link/client_link.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"
#include "tests/fuzz/target.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace pgbraid;
namespace fs = std::filesystem;

namespace {

constexpr size_t requests_max = 8;
constexpr size_t answer_limit_bytes = size_t{1} << 20;
constexpr std::string_view canary = "belongs to somebody else";

void put(const fs::path& file, std::string_view content) {
  std::ofstream(file, std::ios::binary) << content;
}

std::string get(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Requests may have closed directories to their owner.
void clear_away(const fs::path& directory) {
  std::error_code ignored;
  fs::permissions(directory, fs::perms::owner_all, ignored);
  for (const auto& one : fs::directory_iterator(directory, ignored)) {
    if (one.symlink_status().type() == fs::file_type::directory)
      clear_away(one.path());
  }
  fs::remove_all(directory, ignored);
}

/// What one stanza may use, and around it what it may not.
class host {
public:
  host() : home_(fs::temp_directory_path() / ("pgbraid-fuzz-" + std::to_string(::getpid()))) {
    clear_away(home_);
    for (const auto* path : {"repo/archive/demo/15-1", "repo/backup/demo/F", "repo/backup/other",
                             "pg/pg_tblspc", "pg/global", "space/PG_15", "outside"})
      fs::create_directories(home_ / path);
    put(home_ / "repo/archive/demo/archive.info", "archive");
    put(home_ / "repo/backup/demo/F/a", std::string(3000, 'a'));
    put(home_ / "pg/PG_VERSION", "15\n");
    put(home_ / "space/PG_15/1", std::string(3000, 's'));
    for (const auto* path : kept)
      put(home_ / path, canary);
    fs::create_directory_symlink(home_ / "space", home_ / "pg/pg_tblspc/16384");
    // Left by somebody else: nothing is reached through it.
    fs::create_directory_symlink(home_ / "outside", home_ / "repo/backup/demo/out");
  }
  ~host() { clear_away(home_); }
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  serve::grants may() const {
    return {.repo_path = home_ / "repo",
            .pg_path = home_ / "pg",
            .stanza = "demo",
            .pg = {.host = home() + "/nowhere"}};
  }
  std::string home() const { return home_; }
  /// What others have is as it was.
  void check() const {
    for (const auto* path : kept)
      fuzz::must(get(home_ / path) == canary, "files of others stay as they are");
    for (const auto* path : {"", "repo", "repo/backup/other", "outside", "pg", "space"})
      fuzz::must(count(home_ / path) == count_of(path), "nothing appears where others live");
  }

private:
  static constexpr std::array<const char*, 4> kept = {"repo/backup/other/file", "repo/file",
                                                      "outside/file", "file"};
  static size_t count(const fs::path& in) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(in), {}));
  }
  static size_t count_of(std::string_view path) {
    const bool is_home = path.empty();
    return is_home ? 5 : path == "repo" || path == "pg" ? 3 : 1;
  }

  const fs::path home_;
};

std::string_view cut(std::string_view& from, std::string_view at) {
  const auto end = from.find(at);
  const auto out = from.substr(0, end);
  from.remove_prefix(end == from.npos ? from.size() : end + at.size());
  return out;
}

/// `HOME` in an input is where the host lives.
std::string placed(std::string_view text, const std::string& home) {
  constexpr std::string_view word = "HOME";
  std::string out(text);
  for (size_t at = 0; (at = out.find(word, at)) != out.npos; at += home.size())
    out.replace(at, word.size(), home);
  return out;
}

void ask_all(link::client_link& there, std::string_view requests) {
  for (size_t i = 0; i < requests_max && !requests.empty(); ++i) {
    auto body = cut(requests, "\n\n");
    const auto path = cut(body, "\n");
    const auto head = cut(body, "\n");
    const auto answer = there.ask(path, head, body, answer_limit_bytes);
    if (!answer) {
      fuzz::must_be_shown(answer.failure());
      continue;
    }
    fuzz::must(answer->body.find(canary) == std::string::npos, "nothing of others is read");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  log::configure({.console = log::level::off});
  const host here;
  std::array<int, 2> ends = {-1, -1};
  fuzz::must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "a socket");
  std::thread serving([&] {
    const auto copies = serve::make_copy_runner(2);
    (void)serve::serve_connection(
        net::make_fd_transport(ends[1], ends[1]), {},
        [&](const auto&) { return serve::admission{.may = here.may(), .keep = {}}; }, *copies)
        .
        operator bool();
  });
  {
    link::client_link there(
        net::make_fd_transport(ends[0], ends[0]),
        {.host = "there", .kind = "tls", .stream_limit = std::chrono::milliseconds(500)});
    const wire::hello said{wire::version_min, wire::version_max, "fuzz", {}, {}};
    fuzz::must(there.ask(wire::path::hello, wire::encode(said)).operator bool(), "a greeting");
    ask_all(there, placed(fuzz::text(data, size), here.home()));
  }
  serving.join();
  here.check();
  return 0;
}
