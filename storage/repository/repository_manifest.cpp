// A stanza's manifests in one repository, and what completes a backup.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"
#include "storage/repository/sealed_text.hpp"

namespace pgbraid {

namespace {

constexpr uint64_t manifest_limit_bytes = uint64_t{4} << 30;
constexpr int history_level = 9;

result<format::manifest> check_label(result<format::manifest> loaded, std::string_view label) {
  if (loaded && loaded->label != label)
    return error{errc::format, "manifest in directory '" + std::string(label) +
                                   "' is that of backup '" + loaded->label + "'"};
  return loaded;
}

} // namespace

result<format::manifest> repository::load_manifest(std::string_view label, const secret& pass) {
  const auto path = format::manifest_path_of(stanza(), label);
  return check_label(load_either(files_, path, pass, manifest_limit_bytes, format::parse_manifest),
                     label);
}

result<format::manifest> repository::load_manifest_copy(std::string_view label,
                                                        const secret& pass) {
  const auto path = copy_of(format::manifest_path_of(stanza(), label));
  return check_label(load_one(files_, path, pass, manifest_limit_bytes, format::parse_manifest),
                     label);
}

result<void> repository::add(publication& to, const format::manifest& of, const secret& pass) {
  const plain_text text(render(of));
  const auto path = format::manifest_path_of(stanza(), of.label);
  auto bytes = seal(text.view(), pass);
  if (!bytes)
    return bytes.failure();
  auto packed = codec::compress_all(compress_type::gz, history_level, as_bytes(text.view()));
  if (!packed)
    return packed.failure();
  auto history = seal(as_text(*packed), pass);
  if (!history)
    return history.failure();
  // A directory that somebody else removed must not come back with nothing but these.
  constexpr auto alone = write_options{.make_parents = false, .may_open_late = true};
  to.add(copy_of(path), *bytes, alone);
  to.then();
  to.add(path, *bytes, alone);
  to.then();
  to.add(format::history_manifest_path(stanza(), of.label), *history);
  return success();
}

result<void> repository::remove_manifest(std::string_view label) {
  const auto path = format::manifest_path_of(stanza(), label);
  if (auto done = files_.remove_file(path); !done)
    return done;
  return files_.remove_file(copy_of(path));
}

result<void> repository::remove_backup(std::string_view label) {
  return files_.remove_tree(format::label_path(stanza(), label));
}

result<void> repository::set_latest(std::string_view label) {
  if (!files_.features().symlinks)
    return success();
  const auto path = format::backup_path(stanza()) + "/" + std::string(format::latest_link);
  const auto fresh = path + std::string(format::temporary_suffix);
  if (auto done = files_.remove_file(fresh); !done)
    return done;
  if (auto done = files_.make_symlink(fresh, label); !done)
    return done;
  if (auto done = files_.move(fresh, path); !done)
    return done;
  return files_.sync_path(format::backup_path(stanza()));
}

} // namespace pgbraid
