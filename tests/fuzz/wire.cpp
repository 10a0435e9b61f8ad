// Fuzz target: one text, read as each message between hosts.
// SPDX-License-Identifier: MIT
#include "storage/wire/wire.hpp"

#include "engine/link/peer_error.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::wire;

namespace {

/// What was understood is said and understood again in the same words, and fits a header.
template <class T> void read_as(std::string_view text) {
  const auto first = decode<T>(text);
  if (!first)
    return fuzz::must_be_shown(first.failure());
  const auto said = encode(*first);
  fuzz::must(std::all_of(said.begin(), said.end(), [](char c) { return c >= ' ' || c < 0; }) &&
                 said.find('\x7f') == std::string::npos,
             "a message can be a header");
  const auto second = decode<T>(said);
  fuzz::must(second.operator bool(), "what we say can be read");
  fuzz::must(encode(*second) == said, "a message comes back as it went");
}

template <class... Ts> void read_as_each(std::string_view text) {
  (read_as<Ts>(text), ...);
}

void read_as_bytes(std::string_view text) {
  if (const auto bytes = wire::from_wire_text(text))
    fuzz::must(wire::wire_text(*bytes) == text, "bytes have one way of being text");
  const auto back = wire::from_wire_text(wire::wire_text(text));
  fuzz::must(back && *back == text, "any bytes travel as text");
}

void read_as_error(std::string_view text) {
  const link::settings with{.host = "there", .kind = "tls"};
  const auto first = link::parse_peer_error(text, with);
  fuzz::must_be_shown(first);
  const auto second = link::parse_peer_error(link::render_peer_error(first), with);
  fuzz::must(second.code == first.code, "an error keeps its code");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text(data, size);
  read_as_each<wire::nothing, wire::hello, wire::hello_answer, wire::cipher_answer,
               wire::place_request, entry, wire::info_answer, wire::list_answer, storage_features,
               wire::free_answer, wire::read_request, wire::read_answer, wire::removal_line,
               wire::small_request, wire::small_answer, wire::write_request, wire::change_request,
               wire::pg_open_request, wire::pg_open_answer, pg::pg_server_info,
               wire::pg_call_request, wire::pg_call_answer, wire::facts_request, wire::facts_answer,
               wire::copy_rules, wire::copied_file, wire::copied_results>(text);
  read_as_bytes(text);
  read_as_error(text);
  return 0;
}
