// Connections of a copy.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_client.hpp"

#include "storage/driver/remote/read_retry.hpp"
#include "storage/wire/protocol.hpp"

#include <algorithm>

namespace pgbraid {

bool copy_call::is_broken(const error& what) const {
  return what.code == errc::protocol || link->failure().has_value();
}

bool copy_call::send(std::chrono::milliseconds wait) {
  constexpr size_t step_bytes = size_t{64} << 10;
  size_t sent_bytes = 0;
  while (sent_bytes < unsent.size()) {
    const auto part = std::string_view(unsent).substr(sent_bytes, step_bytes);
    if (!call->writable(part.size(), wait))
      break;
    if (!call->write(as_bytes(part)))
      sent_bytes = unsent.size();
    else
      sent_bytes += part.size();
    if (sent_bytes == unsent.size())
      static_cast<void>(call->end_write());
  }
  unsent.erase(0, sent_bytes);
  return unsent.empty();
}

copy_client::copy_client(std::shared_ptr<link::remote_host> host, wire::copy_rules rules)
    : host_(std::move(host)), rules_(std::move(rules)) {}

void copy_client::allow_blocks(uint64_t memory_bytes) {
  rules_.file.blocks = true;
  rules_.block_memory_bytes = memory_bytes;
}

/// Fails with the reason of the other host when the copy ended there.
result<bool> copy_client::is_running_on(const std::shared_ptr<link::client_link>& link) {
  std::erase_if(copies_, [](const running& copy) {
    const auto on = copy.link.lock();
    return !on || on->failure();
  });
  const auto found =
      std::ranges::find_if(copies_, [&](const running& copy) { return copy.link.lock() == link; });
  if (found == copies_.end())
    return false;
  // Nothing comes on this stream until it ends, which takes as long as the backup.
  if (!found->begun->has_ended())
    return true;
  const auto ended = std::move(found->begun);
  copies_.erase(found);
  std::byte none;
  if (auto end = ended->read({&none, 1}); !end)
    return end.failure();
  if (auto why = ended->trailer(); !why)
    return why.failure();
  return false;
}

result<void> copy_client::begin_on(const std::shared_ptr<link::client_link>& link) {
  const std::lock_guard lock(mutex_);
  auto has_copy = is_running_on(link);
  if (!has_copy)
    return has_copy.failure();
  if (*has_copy)
    return success();
  auto begun = link->open(wire::path::copy_begin, "{}");
  if (!begun)
    return begun.failure();
  if (auto sent = (*begun)->write(as_bytes(wire::encode(rules_))); !sent)
    return sent;
  if (auto ended = (*begun)->end_write(); !ended)
    return ended;
  if (auto answered = (*begun)->head(); !answered)
    return answered.failure();
  copies_.push_back({link, std::move(*begun)});
  return success();
}

result<copy_call> copy_client::ask(std::string_view path, std::string_view head,
                                   std::string_view body) {
  retry tries(remote::read_retry);
  while (true) {
    auto link = host_->data();
    auto asked = link ? ask_on(*link, path, head, body) : link.failure();
    if (asked ||
        !remote::try_again(tries, link ? link->get() : nullptr, asked.failure(), host_name()))
      return asked;
  }
}

result<copy_call> copy_client::ask_on(std::shared_ptr<link::client_link> link,
                                      std::string_view path, std::string_view head,
                                      std::string_view body) {
  if (auto begun = begin_on(link); !begun)
    return begun.failure();
  auto call = link->open(path, head);
  if (!call)
    return call.failure();
  copy_call out{.link = std::move(link), .call = std::move(*call), .unsent = std::string(body)};
  if (body.empty())
    static_cast<void>(out.call->end_write());
  else
    out.send({});
  if (auto broken = out.link->failure())
    return *broken;
  return out;
}

result<copy_call> copy_client::ask(const asked_file& wanted) {
  return ask(wire::path::copy_file, wire::encode(wanted.file), as_text(wanted.prior_sums));
}

result<copy_call> copy_client::ask(std::span<const asked_file> wanted) {
  std::string lines;
  for (const auto& one : wanted)
    lines.append(wire::encode(one.file)).append("\n").append(as_text(one.prior_sums));
  return ask(wire::path::copy_small, "{}", lines);
}

} // namespace pgbraid
