// Fuzz target: what an SFTP server answers, one record for each request: its kind, its length in
// two bytes, its fields. The first byte says whether names are asked about, files read, or written.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/sftp_storage.hpp"
#include "tests/fuzz/target.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <deque>

using namespace pgbraid;

namespace {

/// Answers the n-th request with the n-th record and hangs up after the last.
class scripted final : public net::transport {
public:
  explicit scripted(byte_view script) : script_(script), never_(::eventfd(0, EFD_CLOEXEC)) {}

  result<net::progress> write(byte_view in) override {
    asked_.insert(asked_.end(), in.begin(), in.end());
    constexpr size_t head_bytes = 9;
    while (asked_.size() >= head_bytes) {
      sftp::field_reader head(asked_);
      const size_t length = 4 + size_t{head.u32()};
      if (asked_.size() < length)
        break;
      sftp::field_reader number(byte_view(asked_).subspan(5));
      answer(number.u32());
      asked_.erase(asked_.begin(), asked_.begin() + static_cast<ptrdiff_t>(length));
    }
    return net::progress{.bytes = in.size()};
  }
  result<net::progress> read(byte_span out) override {
    const auto count = std::min(out.size(), said_.size());
    std::copy_n(said_.begin(), count, out.begin());
    said_.erase(said_.begin(), said_.begin() + static_cast<ptrdiff_t>(count));
    return net::progress{
        .bytes = count, .waits_for = net::readiness::readable, .closed = count == 0 && hung_up_};
  }
  int read_fd() const override { return never_.get(); }
  int write_fd() const override { return never_.get(); }
  void close() override {}

private:
  void answer(uint32_t number) {
    constexpr size_t head_bytes = 3;
    if (!greeted_) {
      greeted_ = true;
      return say(sftp::packet_of(sftp::packet_kind::version, sftp::protocol_version,
                                 sftp::fields()
                                     .text("posix-rename@openssh.com")
                                     .text("1")
                                     .text("statvfs@openssh.com")
                                     .text("2")));
    }
    if (script_.size() < head_bytes) {
      hung_up_ = true;
      return;
    }
    const auto kind = static_cast<sftp::packet_kind>(script_[0]);
    const auto bytes =
        std::min(std::to_integer<size_t>(script_[1]) << 8 | std::to_integer<size_t>(script_[2]),
                 script_.size() - head_bytes);
    say(sftp::packet_of(kind, number, {}, bytes));
    const auto rest = script_.subspan(head_bytes, bytes);
    said_.insert(said_.end(), rest.begin(), rest.end());
    script_ = script_.subspan(head_bytes + bytes);
  }
  void say(const std::vector<std::byte>& packet) {
    said_.insert(said_.end(), packet.begin(), packet.end());
  }

  byte_view script_;
  const io::unique_fd never_;
  std::vector<std::byte> asked_;
  std::deque<std::byte> said_;
  bool greeted_ = false;
  bool hung_up_ = false;
};

template <class T> bool shown(const result<T>& got) {
  if (!got)
    fuzz::must_be_shown(got.failure());
  return got.operator bool();
}

void ask_about_names(storage& repo) {
  if (const auto found = repo.info("a/b"); shown(found) && *found)
    fuzz::must((**found).mode <= 07777, "permission bits only");
  if (const auto all = repo.list("a"); shown(all) && *all)
    for (const auto& one : **all)
      fuzz::must(!one.name.empty() && one.name != "." && one.name != ".." &&
                     one.name.find('/') == std::string::npos,
                 "a name is one segment");
  shown(repo.free_bytes());
  shown(repo.remove_tree("a"));
}

void read_files(storage& repo) {
  std::array<std::byte, 1000> room = {};
  if (auto file = repo.open_read("f", {.limit_bytes = 1500}); shown(file))
    for (uint64_t total = 0; total < 1500;) {
      const auto got = (*file)->read(room);
      if (!shown(got) || *got == 0)
        break;
      fuzz::must(*got <= room.size(), "no more than there is room for");
      total += *got;
    }
  std::array<small_read, 3> files = {};
  for (auto& one : files)
    one = {.path = "s", .limit_bytes = 300};
  repo.read_small(files, nullptr);
  for (const auto& one : files) {
    fuzz::must(one.content.size() <= 300, "no more than is wanted");
    if (one.failure)
      fuzz::must_be_shown(*one.failure);
  }
}

void write_files(storage& repo) {
  shown(repo.make_path("p/q"));
  shown(write_all(repo, "p/f", "content"));
  shown(repo.move("p/f", "p/g"));
  shown(repo.make_symlink("p/s", "g"));
  shown(repo.set_attributes("p/g", {.mode = 0600}));
  auto late = repo.open_write("p/l", {.how = publish::in_place, .may_open_late = true});
  if (shown(late) && shown((*late)->write(as_bytes("x"))) && shown((*late)->begin_commit()))
    shown((*late)->committed(true));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto first = sftp::connection::open(
      std::make_unique<scripted>(as_bytes(fuzz::text(data + 1, size - 1))), {.host = "there"});
  fuzz::must(first.operator bool(), "hands are shaken");
  const auto repo = sftp::make_sftp_storage(
      std::make_shared<sftp::session_pool>(
          *first,
          [](sftp::session_pool::clock::time_point) -> result<std::shared_ptr<sftp::connection>> {
            return error{errc::host_connect, "only once"};
          },
          sftp::pool_settings{.host = "there", .limit = std::chrono::milliseconds(1)}),
      "/repo");
  constexpr std::array work = {&ask_about_names, &read_files, &write_files};
  work[data[0] % work.size()](*repo);
  return 0;
}
