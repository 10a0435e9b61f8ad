// Batches of small files.
// SPDX-License-Identifier: MIT
#include "storage/driver/remote/remote_small_reads.hpp"

#include "storage/driver/remote/read_retry.hpp"
#include "storage/storage_path.hpp"
#include "storage/wire/line_reader.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <algorithm>
#include <vector>

namespace pgbraid::remote {

namespace {

/// One stream's worth of files, those in front answered already.
struct batch {
  std::vector<small_read*> files = {};
  std::vector<std::string> lines = {};
  size_t body_bytes = 0;
  size_t answered = 0;
};

error raised_there(const link::client_link& on, const error& what) {
  return what.within("raised from remote-0 " + on.with().kind + " protocol on '" + on.with().host +
                     "'");
}

result<void> take_one(const link::client_link& over, wire::line_reader& from, small_read& into) {
  auto line = from.next();
  if (!line)
    return line.failure();
  if (!*line)
    return error{errc::protocol,
                 "the answer of the other host has fewer files than were asked for"};
  auto about = wire::decode<wire::small_answer>(**line);
  if (!about)
    return about.failure();
  if (about->failure) {
    into.failure = raised_there(over, *about->failure);
    return success();
  }
  if (about->size > into.limit_bytes)
    return error{errc::protocol, "the other host sent more than was asked for"};
  into.content.resize(about->size);
  return from.read(into.content);
}

result<void> read_batch(link::client_link& over, const std::string& root, batch& of) {
  auto call =
      over.open(wire::path::storage_read_small, wire::encode(wire::place_request{.root = root}));
  if (!call)
    return call.failure();
  std::string body;
  for (size_t i = of.answered; i < of.files.size(); ++i)
    body += of.lines[i];
  if (auto sent = (*call)->write(as_bytes(body)); !sent)
    return sent;
  if (auto ended = (*call)->end_write(); !ended)
    return ended;
  if (auto head = (*call)->head(); !head)
    return head.failure();
  wire::line_reader from(**call);
  for (; of.answered < of.files.size(); ++of.answered) {
    if (auto taken = take_one(over, from, *of.files[of.answered]); !taken)
      return taken;
  }
  return success();
}

void read_whole_batch(link::remote_host& on, const std::string& root, batch& of) {
  retry tries(read_retry);
  for (;;) {
    const auto before = of.answered;
    auto link = on.data();
    const auto done = link ? read_batch(**link, root, of) : result<void>(link.failure());
    if (done)
      return;
    if (of.answered > before)
      tries.progressed();
    if (try_again(tries, link ? link->get() : nullptr, done.failure(), on.name()))
      continue;
    for (; of.answered < of.files.size(); ++of.answered)
      of.files[of.answered]->failure = done.failure();
    return;
  }
}

} // namespace

void read_remote_small(link::remote_host& on, const std::string& root,
                       std::span<small_read> files) {
  batch next;
  for (auto& one : files) {
    if (one.limit_bytes > small_read_limit_bytes)
      continue;
    one.failure.reset();
    one.content.clear();
    if (auto fine = check_storage_path(one.path); !fine) {
      one.failure = fine.failure();
      continue;
    }
    auto line =
        wire::encode(wire::small_request{one.path, one.limit_bytes, one.offset_bytes}) + "\n";
    if (next.files.size() == small_read_files_max ||
        next.body_bytes + line.size() >= small_read_body_bytes) {
      read_whole_batch(on, root, next);
      next = {};
    }
    next.files.push_back(&one);
    next.body_bytes += line.size();
    next.lines.push_back(std::move(line));
  }
  if (!next.files.empty())
    read_whole_batch(on, root, next);
}

} // namespace pgbraid::remote
