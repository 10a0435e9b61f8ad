// Marker, recovery files and pg_control.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_end.hpp"

#include "actors/restore/restore_task.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/codec/digest.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/postgres/control_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

/// PostgreSQL, which writes it, has some 400 settings and the whole file in memory; each restore
/// adds a few lines.
constexpr uint64_t settings_limit_bytes = uint64_t{16} << 20;

/// Recovery files belong to whom PGDATA belongs and are never more open than it.
write_options recovery_file_options(const format::manifest& backup,
                                    const plan::owner_policy& owners) {
  const auto* data = backup.find_path("pg_data");
  const uint32_t data_mode = data != nullptr ? data->mode : 0700;
  return {.how = publish::atomic,
          .mode = data_mode & 0644,
          .make_parents = false,
          .uid = owners.data_ids().uid,
          .gid = owners.data_ids().gid};
}

result<std::string> load_settings(storage& data, const std::string& name) {
  auto found = data.info(name);
  if (!found)
    return found.failure();
  if (*found)
    return read_all(data, name, settings_limit_bytes);
  // Before 12 the file only exists because we write it.
  if (name != "recovery.conf")
    log::warn("{} does not exist -- creating to contain recovery settings", name);
  return std::string();
}

error changed_control_file(const plan::restore_mapping& where, const plan::restore_place& place) {
  return {errc::checksum,
          fmt::format("'{}{}' was changed after it was restored", where.absolute(place),
                      plan::control_file_suffix),
          "Does something else write to the data directory? Restore again."};
}

} // namespace

result<void> write_marker(restore_tree& tree, format::manifest& backup,
                          const plan::owner_policy& owners) {
  // Only the presence of the file matters, and PGDATA is no place for a key.
  auto how = recovery_file_options(backup, owners);
  // There from the first instant: a temporary name alone would be a foreign file to the next try.
  how.how = publish::in_place;
  auto file = tree.data().open_write(plan::restore_marker, how);
  if (!file)
    return file.failure();
  const secret kept = std::exchange(backup.cipher_pass, {});
  auto written = format::render(
      backup, [&](std::string_view piece) { return (*file)->write(as_bytes(piece)); });
  backup.cipher_pass = kept;
  return written ? io::commit(**file) : written;
}

result<void> remove_marker(restore_tree& tree) {
  return tree.data().remove_file(plan::restore_marker);
}

result<void> write_recovery_files(restore_tree& tree, const plan::recovery_files& files,
                                  const format::manifest& backup, const plan::owner_policy& owners,
                                  std::string_view restored_at) {
  auto& data = tree.data();
  const auto options = recovery_file_options(backup, owners);
  if (files.expected_file) {
    auto found = data.info(*files.expected_file);
    if (!found)
      return found.failure();
    if (!*found)
      log::warn("recovery type is preserve but file '{}' does not exist in '{}'",
                *files.expected_file, data.root());
  }
  if (files.settings_file) {
    auto old = load_settings(data, *files.settings_file);
    if (!old)
      return old.failure();
    auto text = plan::disable_old_targets(*old, restored_at);
    if (!files.settings.empty())
      text += (text.empty() ? "" : "\n") + files.settings;
    log::info("write updated {}/{}", data.root(), *files.settings_file);
    if (auto written = write_all(data, *files.settings_file, text, options); !written)
      return written;
  }
  if (files.signal_file)
    return write_all(data, *files.signal_file, "", options);
  return success();
}

result<void> place_control_file(restore_tree& tree, const plan::restore_mapping& where,
                                const format::manifest& backup, const plan::owner_policy& owners) {
  const auto* file = backup.find_file(plan::control_file_name);
  if (file == nullptr) {
    log::warn("backup does not contain '{}' -- cluster will not start", plan::control_file_name);
    return success();
  }
  const auto place = where.locate(plan::control_file_name);
  const auto temporary = place.path + std::string(plan::control_file_suffix);
  auto& global = tree.at(place.root);
  // The stream that wrote it was right; whether nobody else wrote the same file shows only now.
  auto text = read_all(global, temporary, file->size_bytes);
  if (!text)
    return text.failure();
  if (codec::sha1_of(as_bytes(*text)) != file->checksum)
    return changed_control_file(where, place);
  if (backup.options.online) {
    auto bytes = std::as_writable_bytes(std::span(text->data(), text->size()));
    if (auto marked = postgres::invalidate_checkpoint(bytes); !marked)
      return marked.failure().within("pg_control of the backup");
  }
  log::info("restore global/pg_control (performed last to ensure aborted restores cannot be "
            "started)");
  const auto owner = owners.ids(file->user, file->group);
  if (auto written = write_all(global, temporary, *text,
                               {.how = publish::in_place,
                                .mode = file->mode,
                                .make_parents = false,
                                .mtime_s = file->mtime_s,
                                .uid = owner.uid,
                                .gid = owner.gid});
      !written)
    return written;
  const auto stored = read_all(global, temporary, text->size());
  if (!stored)
    return stored.failure();
  if (*stored != *text)
    return changed_control_file(where, place);
  if (auto moved = global.move(temporary, place.path); !moved)
    return moved;
  return global.sync_path(split_path(place.path).parent);
}

} // namespace pgbraid
