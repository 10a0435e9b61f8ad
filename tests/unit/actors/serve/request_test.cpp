// Tests of what a served connection refuses, whoever is at the other end.
// SPDX-License-Identifier: MIT
#include "actors/serve/work_pool.hpp"
#include "engine/codec/cipher_text.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <nlohmann/json.hpp>

#include <array>

using namespace pgbraid;
using namespace pgbraid::test;
namespace path = pgbraid::wire::path;

namespace {

errc code_of(link::client_link& on, std::string_view request, std::string_view head,
             std::string_view body = {}) {
  const auto answer = on.ask(request, head, body);
  REQUIRE_FALSE(answer);
  CHECK_FALSE(answer.failure().message.empty());
  return answer.failure().code;
}

std::string greeting() {
  return wire::encode(wire::hello{wire::version_min, wire::version_max, "test", {}, {"a.lock"}});
}

struct rig {
  scratch here;
  served_host there{
      {.repo_path = here / "repo", .pg_path = here / "pg", .pg = {.host = "/nowhere"}}};
  std::unique_ptr<link::client_link> on = *there.greet();

  rig() {
    std::filesystem::create_directories(here / "repo");
    std::filesystem::create_directories(here / "pg/global");
    put(here / "repo/f", "content");
    put(here / "pg/f", "data");
  }
};

} // namespace

TEST_CASE("serve: the greeting comes first, once") {
  hostile("connections without certificate, rule or greeting", 4);
  served_host there({.repo_path = "/tmp"});
  auto on = there.dial();
  const auto place = wire::encode(wire::place_request{"repo", ""});
  CHECK(code_of(*on, path::storage_info, place) == errc::protocol);
  CHECK(code_of(*on, path::copy_begin, "{}") == errc::protocol);
  CHECK(code_of(*on, path::pg_open, "{}") == errc::protocol);
  const auto answer = on->ask(path::hello, greeting());
  REQUIRE(answer);
  CHECK(wire::decode<wire::hello_answer>(answer->head)->version == wire::version_max);
  CHECK(code_of(*on, path::hello, greeting()) == errc::protocol);
  CHECK(on->ask(path::storage_info, place));
}

TEST_CASE("serve: no common version is an error that names both ranges") {
  hostile("connections without certificate, rule or greeting", 4);
  served_host there({.repo_path = "/tmp"});
  auto on = there.dial();
  const auto answer = on->ask(path::hello, R"({"versions":[7,9]})");
  REQUIRE_FALSE(answer);
  CHECK(answer.failure().code == errc::protocol);
  CHECK(answer.failure().message.find("7 to 9") != std::string::npos);
  CHECK(answer.failure().message.find("5 to 5") != std::string::npos);
  CHECK(code_of(*on, path::hello, greeting()) == errc::protocol);
  auto other = there.dial();
  CHECK(code_of(*other, path::hello, "{}") == errc::protocol);
  auto third = there.dial();
  CHECK(code_of(*third, path::hello, "no json") == errc::protocol);
}

TEST_CASE("serve: who is not admitted gets nothing") {
  hostile("connections without certificate, rule or greeting", 3);
  served_host there({.repo_path = "/tmp"});
  there.refuses = true;
  auto on = there.dial();
  const auto answer = on->ask(path::hello, greeting());
  REQUIRE_FALSE(answer);
  CHECK(answer.failure().code == errc::access);
  CHECK(answer.failure().hint == "Ask somebody else.");
  there.refuses = false;
  CHECK(code_of(*on, path::hello, greeting()) == errc::protocol);
  CHECK(code_of(*on, path::storage_list, R"({"root":"repo"})") == errc::protocol);
}

TEST_CASE("serve: pings do not keep a connection that was never let in") {
  hostile("connections without certificate, rule or greeting");
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  constexpr auto short_time = std::chrono::milliseconds(400);
  link::client_link silent(
      net::make_fd_transport(ends[0], ends[0]),
      {.host = "there", .kind = "tls", .ping_every = std::chrono::milliseconds(20)});
  no_copies copies;
  const auto served = serve::serve_connection(
      net::make_fd_transport(ends[1], ends[1]), {.silence_limit = short_time},
      [](const auto&) { return serve::admission(); }, copies);
  REQUIRE_FALSE(served);
  CHECK(served.failure().message == "no greeting came that is accepted");
}

TEST_CASE("serve: hostile paths and roots") {
  rig r;
  const std::string_view requests[] = {path::storage_info, path::storage_list, path::storage_read,
                                       path::storage_write, path::storage_change};
  for (const auto request : requests) {
    CAPTURE(request);
    for (const auto& bad :
         {std::string("../repo/f"), std::string("/etc/passwd"), std::string("a/../../x"),
          std::string("a//b"), std::string("."), std::string("a\0b", 3), std::string(5000, 'x')}) {
      hostile("names that leave their directory");
      const nlohmann::json head = {{"root", "repo"}, {"path", bad}, {"op", "remove-tree"}};
      CHECK(code_of(*r.on, request, head.dump()) == errc::param_invalid);
    }
    for (const auto* bad : {"/etc", "/", "", "Repo", "pg/..", "/../etc", "//etc", "..", "/etc/"}) {
      hostile("names that leave their directory");
      const nlohmann::json head = {{"root", bad}, {"path", "passwd"}, {"op", "remove-tree"}};
      CHECK(code_of(*r.on, request, head.dump()) == errc::access);
    }
  }
  for (const auto* op : {"move", "hardlink"}) {
    hostile("names that leave their directory");
    const nlohmann::json head = {
        {"root", "repo"}, {"path", "f"}, {"op", op}, {"other", "../outside"}};
    CHECK(code_of(*r.on, path::storage_change, head.dump()) == errc::param_invalid);
  }
  for (const auto* bad : {"../repo/f", "/etc/passwd", "a/../../x", "a//b", "."}) {
    hostile("names that leave their directory");
    const auto lines = nlohmann::json{{"path", "none"}}.dump() + "\n" +
                       nlohmann::json{{"path", bad}}.dump() + "\n";
    CHECK(code_of(*r.on, path::storage_remove_files, R"({"root":"repo"})", lines) ==
          errc::param_invalid);
    for (const auto* root : {"/etc", "", "pg"})
      CHECK(code_of(*r.on, path::storage_remove_files, nlohmann::json{{"root", root}}.dump(),
                    "{\"path\":\"f\"}\n") == errc::access);
  }
  CHECK(get(r.here / "repo/f") == "content");
}

TEST_CASE("serve: requests that make no sense") {
  rig r;
  const std::string_view requests[] = {path::storage_info,
                                       path::storage_list,
                                       path::storage_read,
                                       path::storage_write,
                                       path::storage_change,
                                       path::storage_read_small,
                                       path::storage_remove_files,
                                       path::storage_features,
                                       path::storage_free,
                                       path::pg_open,
                                       path::pg_call,
                                       path::pg_close,
                                       path::pg_facts};
  for (const auto request : requests) {
    CAPTURE(request);
    for (const auto* bad : {"[]", "{", "null", "5"}) {
      hostile("requests and answers between hosts");
      CHECK(code_of(*r.on, request, bad) == errc::protocol);
    }
  }
  for (const auto* bad :
       {R"({"root":5})", R"({"root":"repo","path":{}})",
        R"({"root":"repo","path":"f","offset":-1})", R"({"root":"repo","path":"f","offset":1e999})",
        R"({"root":"repo","path":"f","limit":-5})",
        R"({"root":"repo","path":"f","offset":18446744073709551616})"}) {
    hostile("requests and answers between hosts");
    CHECK(code_of(*r.on, path::storage_read, bad) == errc::protocol);
  }
  CHECK(code_of(*r.on, path::storage_read,
                R"({"root":"repo","path":"f","offset":18446744073709551615})") ==
        errc::param_invalid);
  for (const auto* bad :
       {R"({"root":"repo","path":"f"})", R"({"root":"repo","path":"f","op":"dd"})",
        R"({"root":"repo","path":"f","op":"attributes","mode":-1})"}) {
    hostile("requests and answers between hosts");
    CHECK(code_of(*r.on, path::storage_change, bad) == errc::protocol);
  }
  for (const auto* bad : {"/", "/v1/", "/v1/nothing", "/v1/storage/", "/v1/storage/nothing",
                          "/v1/pg/", "/v1/pg/query", "/v2/hello", "/v1/repo/"}) {
    hostile("requests and answers between hosts");
    CHECK(code_of(*r.on, bad, "{}") == errc::protocol);
  }
  // The connection has survived all of it.
  CHECK(r.on->ask(path::storage_info, R"({"root":"repo","path":"f"})"));
}

TEST_CASE("serve: huge numbers cost nothing") {
  hostile("requests and answers between hosts", 7);
  rig r;
  const auto rest = r.on->ask(path::storage_read,
                              R"({"root":"repo","path":"f","offset":3,"limit":18446744073709551615,
                                  "size_hint":18446744073709551615})");
  REQUIRE_FALSE(rest); // a line feed is no part of a head
  const auto read = r.on->ask(
      path::storage_read,
      R"({"root":"repo","path":"f","offset":3,"limit":18446744073709551615,"size_hint":18446744073709551615})");
  REQUIRE(read);
  CHECK(read->body == "tent");
  CHECK(r.on->ask(path::storage_read,
                  R"({"root":"repo","path":"f","offset":9223372036854775807,"limit":1})")
            ->body.empty());
  const auto small = R"({"root":"repo"})";
  CHECK(code_of(*r.on, path::storage_read_small, small,
                "{\"path\":\"f\",\"limit\":99999999999}\n") == errc::param_invalid);
  const std::string part = "{\"path\":\"f\",\"limit\":4,\"offset\":";
  CHECK(code_of(*r.on, path::storage_read_small, small, part + "18446744073709551615}\n") ==
        errc::param_invalid);
  CHECK(code_of(*r.on, path::storage_read_small, small, part + "9223372036854775804}\n") ==
        errc::param_invalid);
  const auto behind = r.on->ask(path::storage_read_small, small, part + "9223372036854775803}\n");
  REQUIRE(behind);
  CHECK(behind->body.find("\"size\":0") != std::string::npos);
  std::string many;
  for (int i = 0; i < 10000; ++i)
    many += "{\"path\":\"f\",\"limit\":1}\n";
  CHECK(code_of(*r.on, path::storage_read_small, small, many) == errc::protocol);
  CHECK(code_of(*r.on, path::storage_read_small, small, std::string(3 << 20, 'x')) ==
        errc::protocol);
  CHECK(code_of(*r.on, path::storage_read_small, small, "{\"path\":\"f\"") == errc::protocol);
  CHECK(code_of(*r.on, path::storage_remove_files, small, many) == errc::protocol);
  CHECK(code_of(*r.on, path::storage_remove_files, small, std::string(3 << 20, 'x')) ==
        errc::protocol);
  CHECK(code_of(*r.on, path::storage_remove_files, small, "{\"path\":\"f\"") == errc::protocol);
  CHECK(get(r.here / "repo/f") == "content");
  const auto wild = r.on->ask(
      path::storage_write,
      R"({"root":"repo","path":"g","mode":4294967295,"size_hint":18446744073709551615})", "x");
  CHECK(wild);
  CHECK(get(r.here / "repo/g") == "x");
}

TEST_CASE("serve: what a storage says about itself is believed as far as memory allows") {
  hostile("requests and answers between hosts");
  const auto most =
      remote::within_reason({.batch_bytes = UINT64_MAX, .read_over_bytes = UINT64_MAX});
  CHECK(most.batch_bytes == 8 << 20);
  CHECK(most.read_over_bytes == 1 << 20);
  const auto usual = remote::within_reason({.batch_bytes = 3, .read_over_bytes = 0});
  CHECK(usual.batch_bytes == 3);
  CHECK(usual.read_over_bytes == 0);
}

TEST_CASE("serve: a cluster is for reading") {
  hostile("requests and answers between hosts");
  rig r;
  const auto read = r.on->ask(path::storage_read, R"({"root":"pg","path":"f"})");
  REQUIRE(read);
  CHECK(read->body == "data");
  CHECK(code_of(*r.on, path::storage_write, R"({"root":"pg","path":"g"})", "x") == errc::access);
  for (const auto* op : {"make-path", "remove-file", "remove-tree", "move", "symlink", "hardlink",
                         "sync", "attributes"}) {
    hostile("requests and answers between hosts");
    const nlohmann::json head = {
        {"root", "pg"}, {"path", "f"}, {"op", op}, {"other", "g"}, {"mode", 0777}};
    CHECK(code_of(*r.on, path::storage_change, head.dump()) == errc::access);
  }
  CHECK(names_in(r.here / "pg") == std::vector<std::string>{"f", "global"});
}

TEST_CASE("serve: what was not granted is not there") {
  hostile("requests and answers between hosts", 6);
  scratch here;
  served_host there({.repo_path = here / "repo"});
  auto on = *there.greet();
  CHECK(code_of(*on, path::storage_read, R"({"root":"pg","path":"f"})") == errc::access);
  CHECK(code_of(*on, path::pg_open, "{}") == errc::access);
  CHECK(code_of(*on, path::pg_control, "{}") == errc::access);
  CHECK(code_of(*on, path::pg_facts, "{}") == errc::access);
  served_host other({.pg_path = here / "pg"});
  auto second = *other.greet();
  CHECK(code_of(*second, path::storage_read, R"({"root":"repo","path":"f"})") == errc::access);
  CHECK(code_of(*second, path::repo_cipher, "{}") == errc::access);
}

TEST_CASE("serve: sessions with PostgreSQL are only what was opened") {
  hostile("requests and answers between hosts", 4);
  rig r;
  CHECK(code_of(*r.on, path::pg_open, R"({"application_name":"x","timeout_ms":1000})") ==
        errc::db_connect);
  CHECK(code_of(*r.on, path::pg_call, R"({"session":1,"op":"clock"})") == errc::protocol);
  CHECK(code_of(*r.on, path::pg_call, R"({"session":1,"op":"select 1"})") == errc::protocol);
  CHECK(code_of(*r.on, path::pg_close, R"({"session":4294967295})") == errc::protocol);
  const nlohmann::json named = {{"application_name", std::string(300, 'x')}, {"timeout_ms", 1}};
  CHECK(code_of(*r.on, path::pg_open, named.dump()) == errc::param_invalid);
}

TEST_CASE("serve: pg_control is read until it is valid") {
  rig r;
  CHECK(code_of(*r.on, path::pg_control, "{}") == errc::file_missing);
  put(r.here / "pg/global/pg_control", std::string(8192, '\1'));
  CHECK(code_of(*r.on, path::pg_control, "{}") != errc::unhandled);
}

TEST_CASE("serve: names of users, where they have some") {
  hostile("requests and answers between hosts");
  rig r;
  const auto answer = r.on->ask(path::pg_facts, R"({"users":[0,4294967294],"groups":[0]})");
  REQUIRE(answer);
  const auto facts = wire::decode<wire::facts_answer>(answer->head);
  REQUIRE(facts);
  CHECK(facts->users == std::map<uint32_t, std::string>{{0, "root"}});
  CHECK(facts->groups == std::map<uint32_t, std::string>{{0, "root"}});
  nlohmann::json many = {{"users", std::vector<uint32_t>(3000, 7)}};
  CHECK(code_of(*r.on, path::pg_facts, many.dump()) == errc::protocol);
}

TEST_CASE("serve: a client reads and writes info files, and never learns the passphrase") {
  const scratch here;
  served_host there({.repo_path = here / "repo",
                     .stanza = "mine",
                     .cipher = cipher_type::aes_256_cbc,
                     .passphrase = secret("very secret")});
  auto on = *there.greet();
  const auto answer = on->ask(path::repo_cipher, "{}");
  REQUIRE(answer);
  CHECK(wire::decode<wire::cipher_answer>(answer->head)->type == cipher_type::aes_256_cbc);
  CHECK(answer->head.find("very secret") == std::string::npos);

  auto repo =
      remote::make_remote_storage(there.connect(), "repo", "there:repo", wire::content::info_text);
  const std::string text = "[backrest]\nbackrest-format=5\n" + std::string(700'000, ' ');
  for (const auto* path : {"archive/mine/archive.info", "archive/mine/archive.info.copy",
                           "backup/mine/backup.info", "backup/mine/backup.info.copy"}) {
    CAPTURE(path);
    REQUIRE(write_all(*repo, path, text));
    const auto stored = get(here / (std::string("repo/") + path));
    CHECK(stored.starts_with("Salted__"));
    CHECK(*codec::decrypt_all(as_bytes(stored), "very secret") ==
          std::vector<std::byte>(as_bytes(text).begin(), as_bytes(text).end()));
    CHECK(*read_all(*repo, path, 1 << 20) == text);
    std::vector<small_read> small = {{.path = path, .limit_bytes = 1 << 20}};
    repo->read_small(small, nullptr);
    CHECK_FALSE(small[0].failure);
    CHECK(as_text(small[0].content) == text);
    auto part = repo->open_read(path, {.offset_bytes = 3, .limit_bytes = 5});
    REQUIRE(part);
    std::array<std::byte, 9> room = {};
    CHECK(*(*part)->read(room) == 5);
    CHECK(as_text(byte_view(room).first(5)) == "ckres");
  }
  REQUIRE(write_all(*repo, "backup/mine/other", text)); // everything else as it is
  CHECK(get(here / "repo/backup/mine/other") == text);
  put(here / "repo/backup/mine/backup.info", "plain");
  CHECK_FALSE(read_all(*repo, "backup/mine/backup.info", 1 << 20));
  CHECK(code_of(*on, path::repo_read_info,
                R"({"root":"repo","path":"backup/other/backup.info"})") == errc::access);
  for (const auto* bad :
       {"backup/mine/backup.manifest", "backup/mine/20260101-000000F/backup.info", "backup.info",
        "backup/backup.info", "archive/mine/backup.info", "../x/backup/mine/backup.info"})
    for (const auto request : {path::repo_read_info, path::repo_write_info}) {
      hostile("names that leave their directory");
      const nlohmann::json head = {{"root", "repo"}, {"path", bad}};
      CHECK(code_of(*on, request, head.dump()) == errc::access);
    }
  CHECK(code_of(*on, path::repo_read_info, R"({"root":"pg","path":"archive/mine/archive.info"})") ==
        errc::access);
}

TEST_CASE("serve: what is begun together stays within its budget") {
  hostile("requests and answers between hosts");
  scratch here;
  served_host there(
      {.repo_path = here / "repo", .cipher = cipher_type::aes_256_cbc, .passphrase = secret("p")});
  auto host = there.connect(0);
  auto repo = remote::make_remote_storage(host, "repo", "there:repo", wire::content::info_text);
  std::vector<std::unique_ptr<link::call>> open;
  const auto head = [](int i) {
    const nlohmann::json out = {{"root", "repo"},
                                {"path", "backup/s" + std::to_string(i) + "/backup.info"}};
    return out.dump();
  };
  constexpr int all = 40;
  for (int i = 0; i < all; ++i) {
    auto one = host->main()->open(path::repo_write_info, head(i));
    REQUIRE(one);
    open.push_back(std::move(*one));
  }
  // The first ones are begun, and hold a temporary name each. A question passes them.
  const auto begun = [&] {
    long count = 0;
    if (std::filesystem::exists(here / "repo"))
      for (const auto& one : std::filesystem::recursive_directory_iterator(here / "repo"))
        count += one.path().string().ends_with(".tmp") ? 1 : 0;
    return count;
  };
  constexpr long fit = serve::memory_budget::limit_bytes / (2 * wire::info_limit_bytes);
  for (int i = 0; i < 100 && begun() < fit; ++i)
    REQUIRE(repo->info("backup"));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(repo->info("backup"));
    CHECK(begun() <= fit);
  }
  // The others follow when there is room, and none is lost.
  for (auto& one : open)
    REQUIRE(one->end_write());
  for (auto& one : open)
    CHECK(one->trailer());
  for (int i = 0; i < all; ++i)
    CHECK(std::filesystem::exists(here / ("repo/backup/s" + std::to_string(i) + "/backup.info")));
}

TEST_CASE("serve: a copy waits for what has begun, and nothing begins before it") {
  using budget = serve::memory_budget;
  const auto memory = std::make_shared<budget>();
  CHECK_FALSE(memory->for_copy(budget::copy_limit_bytes + 1));
  auto all = memory->for_request(budget::limit_bytes);
  REQUIRE(all);
  CHECK_FALSE(memory->for_request(1));
  auto copy = memory->for_copy(budget::copy_limit_bytes);
  REQUIRE(copy);
  CHECK_FALSE(memory->keeps_limit());
  all.reset();
  CHECK(memory->keeps_limit());
  // Its answers leave room for the largest request, whose turn comes however long the copy is.
  std::vector<budget::lease> answers;
  while (auto one = memory->for_copied_answer())
    answers.push_back(std::move(one));
  CHECK(answers.size() > 20);
  auto request = memory->for_request(budget::largest_request_bytes);
  CHECK(request);
  answers.clear();
  copy.reset();
  request.reset();
  CHECK(memory->for_request(budget::limit_bytes));
}

TEST_CASE("serve: however many answers nobody takes yet, all arrive") {
  rig r;
  // Read to its end at once, since a stream holds so much; then it counts until it has left.
  put(r.here / "repo/large", std::string((size_t{2} << 20) - 1000, 'x'));
  const auto head = wire::encode(wire::read_request{.root = "repo", .path = "large"});
  std::vector<std::unique_ptr<link::call>> asked;
  for (int i = 0; i < 100; ++i) {
    auto one = r.on->open(path::storage_read, head);
    REQUIRE(one);
    REQUIRE((*one)->end_write());
    asked.push_back(std::move(*one));
  }
  for (auto& one : asked) {
    std::vector<std::byte> content(size_t{2} << 20);
    auto got = one->read(content);
    REQUIRE(got);
    CHECK(*got == content.size() - 1000);
  }
}

TEST_CASE("serve: ten thousand questions at once") {
  hostile("requests and answers between hosts");
  rig r;
  std::vector<std::thread> askers;
  std::atomic<int> answered = 0;
  for (int t = 0; t < 8; ++t)
    askers.emplace_back([&] {
      for (int i = 0; i < 1250; ++i)
        if (auto told = r.on->ask(path::storage_info, R"({"root":"repo","path":"f"})"))
          ++answered;
    });
  for (auto& one : askers)
    one.join();
  CHECK(answered == 10000);
}

TEST_CASE("serve: the locks of who leaves are gone before it hears so") {
  scratch here;
  std::filesystem::create_directories(here / "repo");
  served_host there({.repo_path = here / "repo"});
  const std::weak_ptr<void> lock = there.keep = std::make_shared<int>();
  const auto host = there.connect();
  there.keep.reset();
  CHECK_FALSE(lock.expired());
  host->leave(path::leave, std::chrono::seconds(30));
  CHECK(lock.expired());
  const auto place = wire::encode(wire::place_request{"repo", ""});
  CHECK(code_of(*host->main(), path::storage_info, place) == errc::protocol);
}
