// What only this host knows.
// SPDX-License-Identifier: MIT
#include "actors/serve/host_work.hpp"

#include "actors/serve/exchange_work.hpp"
#include "actors/serve/served_roots.hpp"
#include "engine/base/log.hpp"
#include "storage/cluster/control_reader.hpp"
#include "storage/cluster/owner_names.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

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
  return asked.respond(wire::encode(wire::cipher_answer{may.cipher}));
}

result<void> tell_control(link::exchange& asked, const grants& may) {
  auto place = may.roots->find("pg", "global/pg_control", purpose::read);
  if (!place)
    return place.failure();
  auto loaded = read_control(*place->where, place->path);
  if (!loaded)
    return loaded.failure();
  return asked.write(loaded->bytes);
}

result<void> tell_facts(link::exchange& asked, const grants& may) {
  if (may.pg_path.empty())
    return refused("pg");
  auto what = wire::decode<wire::facts_request>(asked.head());
  if (!what)
    return what.failure();
  if (what->users.size() > ids_max || what->groups.size() > ids_max)
    return error{errc::protocol, "too many names were asked for at once"};
  owner_names names;
  wire::facts_answer answer;
  for (const auto id : what->users)
    if (const auto& name = names.user(id))
      answer.users[id] = *name;
  for (const auto id : what->groups)
    if (const auto& name = names.group(id))
      answer.groups[id] = *name;
  return asked.respond(wire::encode(answer));
}

} // namespace

std::unique_ptr<work> make_host_work(std::unique_ptr<link::exchange>& asked, const grants& may) {
  using teller = result<void> (*)(link::exchange&, const grants&);
  teller answer = nullptr;
  if (asked->path() == wire::path::repo_cipher)
    answer = tell_cipher;
  else if (asked->path() == wire::path::pg_control)
    answer = tell_control;
  else if (asked->path() == wire::path::pg_facts)
    answer = tell_facts;
  if (answer == nullptr)
    return {};
  return std::make_unique<quick_work>(
      std::move(asked), [answer, &may](link::exchange& one) { return answer(one, may); });
}

} // namespace pgbraid::serve
