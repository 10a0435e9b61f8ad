// Reading pg_control while a server may be writing it.
// SPDX-License-Identifier: MIT
#include "storage/cluster/control_reader.hpp"

#include "engine/base/clock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

constexpr std::string_view control_path = "global/pg_control";

result<std::vector<std::byte>> read_bytes(storage& pgdata) {
  std::vector<std::byte> bytes(postgres::control_file_bytes);
  auto file = pgdata.open_read(control_path);
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  bytes.resize(*got);
  return bytes;
}

} // namespace

result<loaded_control> read_control(storage& pgdata) {
  constexpr auto pause = std::chrono::milliseconds(50);
  std::vector<std::byte> before;
  for (;;) {
    auto bytes = read_bytes(pgdata);
    if (!bytes)
      return bytes.failure();
    auto fields = postgres::parse_control_file(*bytes);
    if (fields)
      return loaded_control{*fields, std::move(*bytes)};
    // A wrong checksum may mean that the server is writing the file; the same bytes twice do not.
    if (fields.failure().code != errc::checksum || *bytes == before)
      return fields.failure().within(fmt::format("{}/{}", pgdata.root(), control_path));
    before = std::move(*bytes);
    sleep_through(pause);
  }
}

} // namespace pgbraid
