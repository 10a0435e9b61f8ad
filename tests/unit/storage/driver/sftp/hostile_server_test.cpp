// Servers that answer late, short, wrongly, in another order, or not at all.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/sftp_storage.hpp"
#include "storage/list_budget.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>

using namespace pgbraid;
using namespace pgbraid::sftp;
using namespace pgbraid::test;

namespace {

/// A pool that has one session and gets no other.
std::shared_ptr<session_pool> only(std::shared_ptr<connection> one) {
  return std::make_shared<session_pool>(
      std::move(one),
      [](session_pool::clock::time_point) -> result<std::shared_ptr<connection>> {
        return error{errc::protocol, "'there' lets nobody in any more"};
      },
      pool_settings{.host = "there", .limit = std::chrono::milliseconds(300)});
}

/// A line of what the kernel says about this process.
long held_kib(std::string_view which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(which))
      return std::stol(line.substr(which.size()));
  return 0;
}

/// One request as the server sees it.
struct asked_for {
  packet_kind kind;
  uint32_t number;
  std::vector<std::byte> rest;
};

/// A server of the test's own; what it says to each request is up to the test.
class crafted_server {
public:
  /// Answers one request; false ends the connection.
  using behaviour = std::function<bool(crafted_server&, const asked_for&)>;

  explicit crafted_server(behaviour behave) : behave_(std::move(behave)) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~crafted_server() {
    on_.reset();
    ::shutdown(ends_[1], SHUT_RDWR);
    thread_.join();
    ::close(ends_[1]);
  }
  result<std::shared_ptr<connection>>
  connect(std::chrono::milliseconds silence = std::chrono::seconds(30)) {
    auto made = connection::open(net::make_fd_transport(ends_[0], ends_[0]),
                                 {.host = "there", .silence_limit = silence});
    if (made)
      on_ = *made;
    return made;
  }
  storage& repo() {
    REQUIRE(connect());
    driver_ = make_sftp_storage(only(on_), "/repo");
    return *driver_;
  }

  void send(byte_view bytes) {
    while (!bytes.empty()) {
      const auto put = ::send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0)
        return;
      bytes = bytes.subspan(static_cast<size_t>(put));
    }
  }
  bool say(packet_kind kind, uint32_t number, const fields& rest) {
    send(packet_of(kind, number, rest));
    return true;
  }
  bool status(uint32_t number, uint32_t code) {
    return say(packet_kind::status, number, fields().u32(code).text("because").text(""));
  }

private:
  bool take(byte_span out) {
    size_t got = 0;
    while (got < out.size()) {
      const auto more = ::recv(ends_[1], out.data() + got, out.size() - got, 0);
      if (more <= 0)
        return false;
      got += static_cast<size_t>(more);
    }
    return true;
  }
  void serve() {
    std::vector<std::byte> head(9);
    while (take(head)) {
      field_reader in(head);
      const auto length = in.u32();
      field_reader number(byte_view(head).subspan(5));
      asked_for asked{static_cast<packet_kind>(head[4]), number.u32(), {}};
      asked.rest.resize(length - 5);
      if (!take(asked.rest))
        break;
      const bool go_on = asked.kind == packet_kind::init && !greets_itself
                             ? say(packet_kind::version, protocol_version, {})
                             : behave_(*this, asked);
      if (!go_on)
        break;
    }
    ::shutdown(ends_[1], SHUT_RDWR);
  }

public:
  bool greets_itself = false;

private:
  const behaviour behave_;
  int ends_[2] = {-1, -1};
  std::thread thread_;
  std::shared_ptr<connection> on_;
  std::unique_ptr<storage> driver_;
};

/// A server with one file that behaves, but for what the test says about reading.
crafted_server::behaviour with_file(crafted_server::behaviour reads) {
  return [reads](crafted_server& at, const asked_for& asked) {
    switch (asked.kind) {
    case packet_kind::lstat:
      return at.say(packet_kind::attrs, asked.number,
                    fields().about({.size = 100000, .mode = 0100640}));
    case packet_kind::open:
      return at.say(packet_kind::handle, asked.number, fields().text("h"));
    case packet_kind::close:
      return at.status(asked.number, 0);
    default:
      return reads(at, asked);
    }
  };
}

struct range {
  uint64_t offset;
  uint32_t bytes;
};
range range_of(const asked_for& read) {
  field_reader in(read.rest);
  in.text();
  const auto offset = in.u64();
  return {offset, in.u32()};
}

std::string content_of(io::reader& file) {
  std::string out(200000, '\0');
  const auto got = file.read(std::as_writable_bytes(std::span(out)));
  REQUIRE(got);
  out.resize(*got);
  return out;
}

} // namespace

TEST_CASE("sftp server: fewer bytes than asked for are no end") {
  const auto content = noise(100000);
  crafted_server there(with_file([&](crafted_server& at, const asked_for& asked) {
    const auto [offset, bytes] = range_of(asked);
    if (offset >= content.size())
      return at.status(asked.number, 1);
    return at.say(packet_kind::data, asked.number,
                  fields().text(content.substr(offset, std::min<size_t>(bytes, 10007))));
  }));
  auto file = there.repo().open_read("f");
  REQUIRE(file);
  CHECK(content_of(**file) == content);
}

TEST_CASE("sftp server: answers may come in another order") {
  const auto content = noise(60000);
  std::optional<asked_for> first;
  crafted_server there(with_file([&](crafted_server& at, const asked_for& asked) {
    const auto answer = [&](const asked_for& one) {
      const auto [offset, bytes] = range_of(one);
      return offset >= content.size() ? at.status(one.number, 1)
                                      : at.say(packet_kind::data, one.number,
                                               fields().text(content.substr(offset, bytes)));
    };
    if (!first) { // the reader asks for two pieces at once
      first = asked;
      return true;
    }
    const bool is_second = range_of(asked).offset == piece_bytes;
    answer(asked);
    return is_second ? answer(*first) : true;
  }));
  auto file = there.repo().open_read("f");
  REQUIRE(file);
  CHECK(content_of(**file) == content);
}

TEST_CASE("sftp server: more than was asked for, or nothing, is an error") {
  for (const size_t size : {size_t{0}, size_t{40000}}) {
    hostile("answers of an SFTP server");
    CAPTURE(size);
    crafted_server there(with_file([&](crafted_server& at, const asked_for& asked) {
      return at.say(packet_kind::data, asked.number, fields().text(std::string(size, 'x')));
    }));
    auto file = there.repo().open_read("f");
    REQUIRE(file);
    std::string room(100000, '\0');
    const auto got = (*file)->read(std::as_writable_bytes(std::span(room)));
    REQUIRE_FALSE(got);
    CHECK(got.failure().code == errc::protocol);
  }
}

TEST_CASE("sftp server: wrong numbers, wrong lengths, silence and goodbyes end the session") {
  const std::vector<crafted_server::behaviour> bad = {
      [](crafted_server& at, const asked_for& asked) { return at.status(asked.number + 1, 0); },
      [](crafted_server& at, const asked_for&) {
        at.send(fields().u32(packet_limit_bytes + 1).u64(0).u64(0).made());
        return true;
      },
      [](crafted_server& at, const asked_for&) {
        at.send(fields().u32(4).u64(0).u64(0).made());
        return true;
      },
      [](crafted_server& at, const asked_for&) {
        at.send(as_bytes(noise(3000)));
        return true;
      },
      [](crafted_server&, const asked_for&) { return false; },
      [](crafted_server&, const asked_for&) { return true; }, // never
  };
  for (const auto& behave : bad) {
    hostile("answers of an SFTP server");
    crafted_server there(behave);
    auto on = there.connect(std::chrono::milliseconds(300));
    REQUIRE(on);
    const auto driver = make_sftp_storage(only(*on), "/repo");
    const auto found = driver->info("f");
    REQUIRE_FALSE(found);
    CHECK(found.failure().code == errc::protocol);
    CHECK(found.failure().message.find("'there'") != std::string::npos);
    CHECK_FALSE(driver->list(""));
  }
}

TEST_CASE("sftp server: one that does not greet, or not in SFTP") {
  const std::vector<crafted_server::behaviour> bad = {
      [](crafted_server&, const asked_for&) { return false; },
      [](crafted_server& at, const asked_for&) {
        at.send(as_bytes("This account is not available.\n"));
        return true;
      },
      [](crafted_server& at, const asked_for&) { return at.status(protocol_version, 4); },
      [](crafted_server& at, const asked_for&) { return at.say(packet_kind::version, 6, {}); },
      [](crafted_server&, const asked_for&) { return true; },
  };
  for (const auto& behave : bad) {
    hostile("answers of an SFTP server");
    crafted_server there(behave);
    there.greets_itself = true;
    const auto on = there.connect(std::chrono::milliseconds(300));
    REQUIRE_FALSE(on);
    CHECK(on.failure().code == errc::protocol);
  }
}

TEST_CASE("sftp server: names that lead elsewhere, and lists without an end") {
  for (const auto& name : std::vector<std::string>{"../up", "a/b", "", std::string("nul\0", 4)}) {
    hostile("answers of an SFTP server");
    CAPTURE(name);
    crafted_server there([&](crafted_server& at, const asked_for& asked) {
      if (asked.kind == packet_kind::lstat)
        return at.say(packet_kind::attrs, asked.number, fields().about({.mode = 040750}));
      if (asked.kind == packet_kind::opendir)
        return at.say(packet_kind::handle, asked.number, fields().text("h"));
      if (asked.kind == packet_kind::readdir)
        return at.say(packet_kind::name, asked.number,
                      fields().u32(1).text(name).text("").about({.mode = 0100640}));
      return at.status(asked.number, 0);
    });
    const auto all = there.repo().list("p");
    REQUIRE_FALSE(all);
    CHECK(all.failure().code == errc::protocol);
  }
  hostile("answers of an SFTP server");
  crafted_server there([](crafted_server& at, const asked_for& asked) {
    if (asked.kind == packet_kind::lstat)
      return at.say(packet_kind::attrs, asked.number, fields().about({.mode = 040750}));
    if (asked.kind == packet_kind::opendir)
      return at.say(packet_kind::handle, asked.number, fields().text("h"));
    return at.say(packet_kind::name, asked.number, fields().u32(0));
  });
  CHECK_FALSE(there.repo().list("p"));
}

TEST_CASE("sftp server: who lost its way may be asked again, who refuses may not") {
  std::atomic<uint32_t> code = 7; // SSH_FX_CONNECTION_LOST
  crafted_server there(
      [&](crafted_server& at, const asked_for& asked) { return at.status(asked.number, code); });
  auto& repo = there.repo();
  const auto lost = repo.info("f");
  REQUIRE_FALSE(lost);
  CHECK(lost.failure().transient);
  code = 3; // SSH_FX_PERMISSION_DENIED
  const auto refused = repo.info("f");
  REQUIRE_FALSE(refused);
  CHECK_FALSE(refused.failure().transient);
}

TEST_CASE("sftp server: a list that never ends takes no more memory than lists may") {
  hostile("answers of an SFTP server");
  std::atomic<uint64_t> names_sent = 0;
  crafted_server there([&](crafted_server& at, const asked_for& asked) {
    if (asked.kind == packet_kind::lstat)
      return at.say(packet_kind::attrs, asked.number, fields().about({.mode = 040750}));
    if (asked.kind == packet_kind::opendir)
      return at.say(packet_kind::handle, asked.number, fields().text("h"));
    if (asked.kind != packet_kind::readdir)
      return at.status(asked.number, 0);
    constexpr uint32_t together = 800;
    auto answer = fields().u32(together);
    for (uint32_t i = 0; i < together; ++i)
      answer.text(std::to_string(names_sent++) + std::string(200, 'n')).text("").about({});
    return at.say(packet_kind::name, asked.number, answer);
  });
  auto& repo = there.repo();
  const auto all = repo.list("p");
  REQUIRE_FALSE(all);
  CHECK(all.failure().code == errc::protocol);
  CHECK(all.failure().message.find("/p' takes more than 512 MiB") != std::string::npos);
  CHECK_FALSE(all.failure().hint.empty());
  CHECK(names_sent * (list_budget::entry_bytes + 200) < list_budget::limit_bytes * 11 / 10);
  // In parts it ends, too, and hardly takes any.
  std::ofstream("/proc/self/clear_refs") << "5";
  const auto before = held_kib("VmRSS:");
  names_sent = 0;
  CHECK_FALSE(repo.list_some("p", "5", 1000));
  if (::mallinfo2().uordblks != 0) // sanitizers keep what was freed
    CHECK(held_kib("VmHWM:") < before + (64 << 10));
}

TEST_CASE("sftp server: a directory that never gets empty is not removed forever") {
  hostile("answers of an SFTP server");
  std::atomic<uint64_t> removed = 0;
  crafted_server there([&](crafted_server& at, const asked_for& asked) {
    if (asked.kind == packet_kind::lstat)
      return at.say(packet_kind::attrs, asked.number, fields().about({.mode = 040750}));
    if (asked.kind == packet_kind::opendir)
      return at.say(packet_kind::handle, asked.number, fields().text("h"));
    if (asked.kind == packet_kind::readdir)
      return at.say(packet_kind::name, asked.number,
                    fields().u32(1).text("x").text("").about({.mode = 0100640}));
    // It says that it cannot, once in a while.
    return at.status(asked.number, asked.kind == packet_kind::remove && ++removed > 25'000 ? 3 : 0);
  });
  const auto done = there.repo().remove_tree("p");
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_remove);
}

TEST_CASE("sftp server: what was not written whole never gets its name") {
  // Which request fails: a piece, the sync, the close.
  for (const auto failing : {packet_kind::write, packet_kind::extended, packet_kind::close}) {
    hostile("answers of an SFTP server");
    CAPTURE(static_cast<int>(failing));
    std::atomic<int> renames = 0;
    crafted_server there([&](crafted_server& at, const asked_for& asked) {
      if (asked.kind == packet_kind::init)
        return at.say(packet_kind::version, protocol_version,
                      fields().text("fsync@openssh.com").text("1"));
      if (asked.kind == packet_kind::open)
        return at.say(packet_kind::handle, asked.number, fields().text("h"));
      renames += asked.kind == packet_kind::rename;
      return at.status(asked.number, asked.kind == failing ? 4 : 0);
    });
    there.greets_itself = true;
    auto& repo = there.repo();
    auto late = repo.open_write("g", {.may_open_late = true});
    REQUIRE(late);
    const auto begun = (*late)->write(as_bytes("x")) && (*late)->begin_commit();
    for (int i = 0; i < 2; ++i)
      CHECK_FALSE((begun && (*late)->committed(true)));
    const auto written = write_all(repo, "f", noise(100000));
    REQUIRE_FALSE(written);
    CHECK(written.failure().code == errc::file_write);
    CHECK(written.failure().message.find("because") != std::string::npos);
    CHECK(renames == 0);
  }
}

TEST_CASE("sftp server: what it says of its limits is used, or nothing of it") {
  const auto limits = [](uint64_t handles) { return fields().u64(1).u64(1).u64(1).u64(handles); };
  struct answer {
    packet_kind kind;
    fields said;
    size_t leads_to;
  };
  const std::vector<answer> answers = {
      {packet_kind::extended_reply, limits(100), 75},
      {packet_kind::extended_reply, limits(1), 8},
      {packet_kind::extended_reply, limits(UINT64_MAX), 384},
      {packet_kind::extended_reply, limits(0), 64}, // it does not know
      {packet_kind::extended_reply, fields().u64(1).u64(1), 64},
      {packet_kind::extended_reply, {}, 64},
      {packet_kind::status, fields().u32(8).text("no").text(""), 64},
      {packet_kind::handle, fields().text("h"), 64},
  };
  for (const auto& one : answers) {
    CAPTURE(one.leads_to);
    crafted_server there([&](crafted_server& at, const asked_for& asked) {
      return asked.kind == packet_kind::init ? at.say(packet_kind::version, protocol_version,
                                                      fields().text("limits@openssh.com").text("1"))
                                             : at.say(one.kind, asked.number, one.said);
    });
    there.greets_itself = true;
    CHECK(there.repo().features().settling_files == one.leads_to);
  }
  hostile("answers of an SFTP server");
  crafted_server gone([](crafted_server& at, const asked_for& asked) {
    return asked.kind == packet_kind::init && at.say(packet_kind::version, protocol_version,
                                                     fields().text("limits@openssh.com").text("1"));
  });
  gone.greets_itself = true;
  CHECK(gone.repo().features().settling_files == 64);
}
