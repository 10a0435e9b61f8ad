// Fuzz target: what a host answers in good HTTP/2 to one request of each kind.
// Lines: what is asked, head, trailer; then the body.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_answer.hpp"
#include "engine/base/log.hpp"
#include "engine/plan/block_notes.hpp"
#include "storage/driver/remote/remote_pg.hpp"
#include "storage/driver/remote/remote_storage.hpp"
#include "tests/fuzz/fed_transport.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/engine/link/raw_frames.hpp"

#include <array>

using namespace pgbraid;

namespace {

constexpr size_t body_limit_bytes = size_t{32} << 10;
constexpr size_t frame_bytes = 500;

std::string_view line(std::string_view& from) {
  const auto end = std::min(from.find('\n'), from.size());
  const auto out = from.substr(0, end);
  from.remove_prefix(std::min(end + 1, from.size()));
  return out;
}

/// The answer to the first request.
std::string frames(std::string_view head, std::string_view trailer, std::string_view body) {
  using namespace test;
  auto out = raw::frame(raw::settings, 0, 0) +
             raw::frame(raw::headers, raw::end_headers, 1,
                        raw::block({{":status", "200"}, {"pgbraid-head", std::string(head)}}));
  for (; !body.empty(); body.remove_prefix(std::min(frame_bytes, body.size())))
    out += raw::frame(raw::data, 0, 1, body.substr(0, frame_bytes));
  return out + raw::frame(raw::headers, raw::end_headers | raw::end_stream, 1,
                          raw::block({{"pgbraid-trailer", std::string(trailer)}}));
}

template <class T> void shown(const result<T>& got) {
  if (!got)
    fuzz::must_be_shown(got.failure());
}

/// The peer answers once; whatever else is asked has no answer.
std::shared_ptr<link::remote_host> host_of(fuzz::fed_peer& peer) {
  auto made = link::remote_host::connect(
      "there", 0, [&](unsigned number) -> result<std::unique_ptr<link::client_link>> {
        if (number > 0)
          return error{errc::host_connect, "only once"};
        return std::make_unique<link::client_link>(
            peer.transport(), link::settings{.host = "there",
                                             .kind = "tls",
                                             .head_bytes = uint32_t{80} << 10,
                                             .stream_limit = std::chrono::milliseconds(200)});
      });
  fuzz::must(made.operator bool(), "a connection is made");
  return *made;
}

void list(storage& from) {
  const auto all = from.list("a");
  shown(all);
  if (!all || !*all)
    return;
  for (const auto& one : **all) {
    fuzz::must(one.name != "." && one.name != ".." && !one.name.empty() &&
                   one.name.find('/') == std::string::npos,
               "a name is one");
    fuzz::must(one.info.mode <= 07777, "a mode is one");
  }
}

void read(storage& from) {
  constexpr uint64_t limit = 1000;
  auto file = from.open_read("a", {.limit_bytes = limit});
  if (!file)
    return shown(file);
  uint64_t taken = 0;
  std::array<std::byte, 64> room;
  for (;;) {
    const auto got = (*file)->read(room);
    shown(got);
    if (!got || *got == 0)
      break;
    taken += *got;
  }
  fuzz::must(taken <= limit, "no more is read than was asked for");
}

void read_small(storage& from) {
  std::vector<small_read> files = {{.path = "a", .limit_bytes = 100}, {.path = "b"}};
  from.read_small(files, nullptr);
  for (const auto& one : files) {
    fuzz::must(one.content.size() <= one.limit_bytes, "no more is read than was asked for");
    if (one.failure)
      fuzz::must_be_shown(*one.failure);
  }
}

/// Of a file without a prior backup.
void follow(const copy_results& learned, const wire::copied_blocks& how, uint64_t stored_bytes) {
  plan::block_delta into(how.block_bytes, static_cast<uint8_t>(how.checksum_bytes), 0, {});
  const auto followed = plan::follow_notes(*learned.block_notes,
                                           {.file_bytes = learned.plain_bytes,
                                            .super_bytes = how.super_bytes,
                                            .stored_bytes = stored_bytes},
                                           into);
  shown(followed);
  if (!followed)
    return;
  const auto map = into.take_map();
  fuzz::must(map.shape.file_bytes == learned.plain_bytes, "the map is that of the file");
  for (const auto& run : map.runs)
    fuzz::must(run.offset_bytes + run.stored_bytes <= stored_bytes, "blocks lie in what came");
}

void copy(link::remote_host& from, bool changed, bool in_blocks = false) {
  auto call = from.main()->open("/v1/copy/small", "{}");
  fuzz::must(call.operator bool(), "a request can be made");
  (void)(*call)->end_write().operator bool();
  copy_answer answer({from.main(), std::move(*call)}, changed);
  wire::copied_file asked{.name = "f", .limit = 20000, .check_pages = changed};
  if (in_blocks)
    asked.blocks = wire::copied_blocks{8192, 6, 16384, 0};
  uint64_t taken = 0;
  std::array<std::byte, 64> room;
  // Two files, one behind the other.
  for (size_t done = 0; done < 2;) {
    const auto got = answer.take(room, asked);
    if (!got)
      return shown(got);
    taken += *got;
    fuzz::must(taken <= stored_limit_bytes(asked, *asked.limit), "a file has a largest size");
    if (*got > 0)
      continue;
    const auto learned = answer.next_file().learned;
    fuzz::must(learned.plain_bytes <= *asked.limit, "no more is read than was asked for");
    fuzz::must(!learned.block_notes || in_blocks, "notes come of blocks");
    if (learned.block_notes)
      follow(learned, *asked.blocks, taken);
    taken = 0;
    ++done;
  }
}

void ask(link::remote_host& there, storage& from, std::string_view what) {
  if (what == "list")
    list(from);
  else if (what == "info")
    shown(from.info("a"));
  else if (what == "free")
    shown(from.free_bytes());
  else if (what == "change")
    shown(from.remove_tree("a"));
  else if (what == "read")
    read(from);
  else if (what == "small")
    read_small(from);
  else if (what == "control")
    shown(remote::load_remote_control(there));
  else if (what == "cipher")
    shown(remote::load_remote_cipher(there));
  else if (what == "names")
    shown(remote::load_remote_names(there, {1, 2}, {3}));
  else if (what == "copy" || what == "copy-packed")
    copy(there, what == "copy-packed");
  else if (what == "copy-blocks")
    copy(there, true, true);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  log::configure({.console = log::level::off});
  auto rest = fuzz::text(data, std::min(size, body_limit_bytes));
  const auto what = line(rest);
  const auto head = line(rest);
  const auto trailer = line(rest);
  const auto answer = frames(head, trailer, rest);
  fuzz::fed_peer peer(answer, 4096, 1);
  const auto there = host_of(peer);
  const auto from = remote::make_remote_storage(there, "repo", "there:/repo");
  ask(*there, *from, what);
  peer.hang_up();
  return 0;
}
