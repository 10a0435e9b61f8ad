// Which work a request about files and paths is.
// SPDX-License-Identifier: MIT
#include "actors/serve/storage_work.hpp"

#include "actors/serve/file_work.hpp"
#include "engine/format/repository_reach.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

namespace pgbraid::serve {

namespace {

namespace path = wire::path;
using roots_ptr = std::shared_ptr<served_roots>;

result<void> tell_info(link::exchange& asked, served_roots& roots) {
  auto what = wire::decode<wire::place_request>(asked.head());
  if (!what)
    return what.failure();
  auto place = roots.find(what->root, what->path, purpose::look);
  if (!place)
    return place.failure();
  auto found = place->where->info(place->path);
  if (!found)
    return found.failure();
  wire::info_answer answer{.found = found->has_value()};
  if (answer.found)
    answer.info = std::move(**found);
  if (answer.found && answer.info.kind == entry_kind::link)
    roots.saw_link(what->root, what->path, answer.info.link_destination);
  return asked.respond(wire::encode(answer));
}

/// For questions about a root as a whole.
result<served_roots::place> asked_root(link::exchange& asked, served_roots& roots) {
  auto what = wire::decode<wire::place_request>(asked.head());
  if (!what)
    return what.failure();
  return roots.find(what->root, {}, purpose::look);
}

result<void> tell_features(link::exchange& asked, served_roots& roots) {
  auto place = asked_root(asked, roots);
  if (!place)
    return place.failure();
  return asked.respond(wire::encode(place->where->features()));
}

result<void> tell_free(link::exchange& asked, served_roots& roots) {
  auto place = asked_root(asked, roots);
  if (!place)
    return place.failure();
  auto bytes = place->where->free_bytes();
  if (!bytes)
    return bytes.failure();
  return asked.respond(wire::encode(wire::free_answer{*bytes}));
}

bool has_two_paths(wire::change_op op) {
  return op == wire::change_op::move || op == wire::change_op::hardlink;
}

purpose purpose_of(wire::change_op op) {
  return op == wire::change_op::make_path || op == wire::change_op::sync ? purpose::prepare
                                                                         : purpose::write;
}

result<void> apply(const wire::change_request& what, storage& where, std::string_view at,
                   std::string_view other) {
  using op = wire::change_op;
  switch (what.op) {
  case op::none:
    break;
  case op::make_path:
    return where.make_path(at, repository_path_mode);
  case op::remove_file:
    return where.remove_file(at);
  case op::remove_tree:
    return where.remove_tree(at);
  case op::move:
    return where.move(at, other);
  case op::symlink:
    return format::is_repository_link(at, what.other)
               ? where.make_symlink(at, what.other)
               : error{errc::access, "access denied: this is no link of a repository"};
  case op::hardlink:
    return where.make_hardlink(at, other);
  case op::sync:
    return where.sync_path(at);
  case op::attributes:
    return where.set_attributes(at, what.wanted);
  case op::remove_unfinished:
    return where.remove_unfinished(at, what.wanted.mtime_s.value_or(0));
  }
  return error{errc::protocol, "the other host did not say what to change"};
}

result<void> change(link::exchange& asked, served_roots& roots) {
  auto what = wire::decode<wire::change_request>(asked.head());
  if (!what)
    return what.failure();
  // Modes and owners are this host's to choose, as for files.
  what->wanted.mode.reset();
  what->wanted.uid.reset();
  what->wanted.gid.reset();
  if (what->other.find('\0') != std::string::npos)
    return error{errc::param_invalid, "the destination of a link holds a NUL"};
  auto place = roots.find(what->root, what->path, purpose_of(what->op));
  if (!place)
    return place.failure();
  served_roots::place other;
  if (has_two_paths(what->op)) {
    auto found = roots.find(what->root, what->other, purpose::write);
    if (!found)
      return found.failure();
    other = std::move(*found);
  }
  if (auto done = apply(*what, *place->where, place->path, other.path); !done)
    return done;
  return asked.respond("{}");
}

std::unique_ptr<work> quick(std::unique_ptr<link::exchange> asked, roots_ptr roots,
                            result<void> (*answer)(link::exchange&, served_roots&)) {
  return std::make_unique<quick_work>(
      std::move(asked),
      [answer, roots = std::move(roots)](link::exchange& one) { return answer(one, *roots); });
}

} // namespace

std::unique_ptr<work> make_storage_work(std::unique_ptr<link::exchange> asked, roots_ptr roots) {
  const auto name = asked->path();
  if (name == path::storage_read)
    return make_read_work(std::move(asked), std::move(roots));
  if (name == path::storage_write)
    return make_write_work(std::move(asked), std::move(roots));
  if (name == path::storage_read_small)
    return make_small_work(std::move(asked), std::move(roots));
  if (name == path::storage_remove_files)
    return make_removal_work(std::move(asked), std::move(roots));
  if (name == path::storage_list)
    return make_list_work(std::move(asked), std::move(roots));
  if (name == path::storage_info)
    return quick(std::move(asked), std::move(roots), tell_info);
  if (name == path::storage_change)
    return quick(std::move(asked), std::move(roots), change);
  if (name == path::storage_features)
    return quick(std::move(asked), std::move(roots), tell_features);
  if (name == path::storage_free)
    return quick(std::move(asked), std::move(roots), tell_free);
  return std::make_unique<quick_work>(std::move(asked), [](link::exchange&) -> result<void> {
    return error{errc::protocol, "unknown request"};
  });
}

} // namespace pgbraid::serve
