// Changing what is there.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/verbs.hpp"
#include "storage/storage_path.hpp"

#include <fmt/format.h>

namespace pgbraid::sftp {

result<void> verbs::make_path(std::string_view path, uint32_t mode) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (*about && kind_of(**about) == entry_kind::path)
    return success();
  if (*about)
    return error{errc::path_create, fmt::format("'{}' is there, but no path", full(path))};
  return make_directory(full(path), mode);
}

/// With all that is missing above it, also above the root.
result<void> verbs::make_directory(const std::string& full_path, uint32_t mode) {
  auto done = make_one(full_path, mode);
  if (!done)
    return done.failure();
  const auto parent = split_path(full_path).parent;
  if (done->code == status_code::no_such_file && !parent.empty()) {
    if (auto made = make_directory(std::string(parent), mode); !made)
      return made;
    done = make_one(full_path, mode);
    if (!done)
      return done.failure();
  }
  if (done->code == status_code::ok)
    return success();
  auto now = look(*on_, full_path);
  if (now && *now && kind_of(**now) == entry_kind::path)
    return success(); // somebody else made it
  return refused(errc::path_create, "unable to create path", full_path, *done);
}

/// The server's umask may take some bits: they are set in the same round trip.
result<status> verbs::make_one(const std::string& full_path, uint32_t mode) {
  auto made = on_->send(packet_kind::mkdir, fields().text(full_path).about({.mode = mode}));
  if (!made)
    return made.failure();
  if (auto set = on_->send(packet_kind::setstat, fields().text(full_path).about({.mode = mode})))
    on_->forget(*set);
  return told(*on_, *made);
}

result<void> verbs::remove_file(std::string_view path) {
  if (auto fine = check(path); !fine)
    return fine;
  auto done = ask_status(*on_, packet_kind::remove, fields().text(full(path)));
  if (!done)
    return done.failure();
  if (done->code == status_code::ok || done->code == status_code::no_such_file)
    return success();
  return refused(errc::file_remove, "unable to remove", full(path), *done);
}

result<void> verbs::remove_tree(std::string_view path) {
  at_.real.forget(path);
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return success();
  return kind_of(**about) == entry_kind::path ? remove_directory(on_, full(path))
                                              : remove_file(path);
}

result<void> verbs::move(std::string_view from, std::string_view to) {
  for (const auto path : {from, to})
    if (auto fine = check(path); !fine)
      return fine;
  at_.real.forget(from);
  auto number = send_rename(*on_, full(from), full(to));
  if (!number)
    return number.failure();
  auto done = told(*on_, *number);
  if (!done)
    return done.failure();
  if (done->code == status_code::ok)
    return success();
  if (done->code == status_code::no_such_file && again_) // it may have moved before the break
    if (auto there = look(*on_, full(to)); !there || *there)
      return there ? success() : result<void>(there.failure());
  if (done->code == status_code::no_such_file)
    return not_there(from);
  return refused(errc::file_move, "unable to move", full(from), *done);
}

/// Why a name could not be made: it is there, or its path is not.
result<void> verbs::why_not_made(std::string_view path, const status& why, errc missing) {
  auto about = look(*on_, full(path));
  if (!about)
    return about.failure();
  if (*about && again_)
    return success(); // made before the break
  if (*about)
    return error{errc::file_exists, fmt::format("'{}' exists already", full(path))};
  if (why.code == status_code::no_such_file)
    return error{missing, fmt::format("unable to make '{}': something is missing", full(path))};
  return refused(errc::file_write, "unable to make", full(path), why);
}

result<void> verbs::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check(path); !fine)
    return fine;
  // OpenSSH, and with it everybody, has the two names the other way round than the draft.
  auto done = ask_status(*on_, packet_kind::symlink, fields().text(destination).text(full(path)));
  if (!done)
    return done.failure();
  return done->code == status_code::ok ? success() : why_not_made(path, *done, errc::path_missing);
}

result<void> verbs::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check(one); !fine)
      return fine;
  if (!on_->offers(hardlink_extension))
    return error{errc::feature_not_supported, "the SFTP server makes no hard links"};
  auto done = ask_status(*on_, packet_kind::extended,
                         fields().text(hardlink_extension).text(full(existing)).text(full(path)));
  if (!done)
    return done.failure();
  return done->code == status_code::ok ? success() : why_not_made(path, *done, errc::file_missing);
}

/// The protocol has no way to sync a directory: servers write names through or lose them as their
/// file system does.
result<void> verbs::sync_path(std::string_view path) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return error{errc::path_missing, fmt::format("unable to sync missing path '{}'", full(path))};
  if (kind_of(**about) == entry_kind::link)
    return link_refused(full(path));
  return success();
}

result<void> verbs::set_attributes(std::string_view path, const storage::attributes& wanted) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return not_there(path);
  if (kind_of(**about) == entry_kind::link)
    return link_refused(full(path));
  const attributes set{.uid = wanted.uid,
                       .gid = wanted.gid,
                       .mode = wanted.mode,
                       .mtime_s = wanted.mtime_s
                                      ? std::optional(static_cast<uint32_t>(*wanted.mtime_s))
                                      : std::nullopt};
  auto done = ask_status(*on_, packet_kind::setstat, fields().text(full(path)).about(set));
  if (!done)
    return done.failure();
  if (done->code == status_code::ok)
    return success();
  return refused(errc::file_write, "unable to set attributes of", full(path), *done);
}

} // namespace pgbraid::sftp
