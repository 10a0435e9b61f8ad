// What only this host knows.
// SPDX-License-Identifier: MIT
#include "actors/serve/host_work.hpp"

#include "actors/serve/exchange_work.hpp"
#include "actors/serve/served_roots.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/cluster/owner_names.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <chrono>

namespace pgbraid::serve {

namespace {

constexpr size_t ids_max = 1024;

error refused(std::string_view what) {
  log::warn("refused to serve '{}'", what);
  return {errc::access, fmt::format("access to '{}' denied: it is not served", what)};
}

result<void> tell_cipher(link::exchange& asked, const grants& may) {
  if (may.repo_path.empty())
    return refused("repo");
  return asked.respond(remote::encode(remote::cipher_answer{may.cipher}));
}

// A server may be writing the file: a wrong checksum is looked at again until the same bytes come
// twice.
result<std::string> read_control(served_roots& roots) {
  constexpr std::string_view path = "global/pg_control";
  constexpr auto pause = std::chrono::milliseconds(50);
  constexpr int tries_max = 100;
  std::string before;
  for (int tries = 0;; ++tries) {
    auto place = roots.find("pg", path, purpose::read);
    if (!place)
      return place.failure();
    auto bytes = read_all(*place->where, place->path, postgres::control_file_padded_bytes);
    if (!bytes)
      return bytes;
    const auto fields = postgres::parse_control_file(as_bytes(*bytes));
    if (fields)
      return bytes;
    if (fields.failure().code != errc::checksum || *bytes == before || tries == tries_max)
      return fields.failure().within(fmt::format("{}/{}", place->where->root(), path));
    before = std::move(*bytes);
    sleep_through(pause);
  }
}

result<void> tell_control(link::exchange& asked, const grants& may) {
  auto bytes = read_control(*may.roots);
  if (!bytes)
    return bytes.failure();
  return asked.write(as_bytes(*bytes));
}

result<void> tell_facts(link::exchange& asked, const grants& may) {
  if (may.pg_path.empty())
    return refused("pg");
  auto what = remote::decode<remote::facts_request>(asked.head());
  if (!what)
    return what.failure();
  if (what->users.size() > ids_max || what->groups.size() > ids_max)
    return error{errc::protocol, "too many names were asked for at once"};
  owner_names names;
  remote::facts_answer answer;
  for (const auto id : what->users)
    if (const auto& name = names.user(id))
      answer.users[id] = *name;
  for (const auto id : what->groups)
    if (const auto& name = names.group(id))
      answer.groups[id] = *name;
  return asked.respond(remote::encode(answer));
}

} // namespace

std::unique_ptr<work> make_host_work(std::unique_ptr<link::exchange>& asked, const grants& may) {
  using teller = result<void> (*)(link::exchange&, const grants&);
  teller answer = nullptr;
  if (asked->path() == remote::path::repo_cipher)
    answer = tell_cipher;
  else if (asked->path() == remote::path::pg_control)
    answer = tell_control;
  else if (asked->path() == remote::path::pg_facts)
    answer = tell_facts;
  if (answer == nullptr)
    return {};
  return std::make_unique<quick_work>(
      std::move(asked), [answer, &may](link::exchange& one) { return answer(one, may); });
}

} // namespace pgbraid::serve
