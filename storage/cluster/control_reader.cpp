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

result<std::vector<std::byte>> read_bytes(storage& in, std::string_view path) {
  std::vector<std::byte> bytes(postgres::control_file_bytes);
  auto file = in.open_read(path);
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  bytes.resize(*got);
  return bytes;
}

} // namespace

result<loaded_control> read_control(storage& in, std::string_view path) {
  constexpr auto pause = std::chrono::milliseconds(50);
  constexpr int tries_max = 100;
  std::vector<std::byte> before;
  for (int tries = 0;; ++tries) {
    auto bytes = read_bytes(in, path);
    if (!bytes)
      return bytes.failure();
    auto fields = postgres::parse_control_file(*bytes);
    if (fields)
      return loaded_control{*fields, std::move(*bytes)};
    // A wrong checksum may mean that the server is writing the file; the same bytes twice do not.
    if (fields.failure().code != errc::checksum || *bytes == before || tries == tries_max)
      return fields.failure().within(fmt::format("{}/{}", in.root(), path));
    before = std::move(*bytes);
    sleep_through(pause);
  }
}

} // namespace pgbraid
