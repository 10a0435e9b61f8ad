// A stanza's info files in one repository.
// SPDX-License-Identifier: MIT
#include "storage/repository/repository.hpp"

#include "engine/base/bytes.hpp"
#include "engine/format/checked_text.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/sealed_text.hpp"

#include <cassert>
#include <utility>

namespace pgbraid {

namespace {

/// Some ten thousand upgrades of one stanza.
constexpr uint64_t archive_info_limit_bytes = uint64_t{1} << 20;
/// Some twenty thousand backups, each with the labels of many others.
constexpr uint64_t backup_info_limit_bytes = uint64_t{32} << 20;

error without_stanza(error why) {
  if (why.code == errc::file_missing)
    why.hint = "Was stanza-create run for this stanza in this repository?";
  return why;
}

} // namespace

repository::repository(storage& files, repository_settings settings)
    : files_(files), settings_(std::move(settings)) {
  assert((encrypted() && !settings_.sealed_there) != settings_.passphrase.empty());
}

std::string repository::name() const {
  return "repo" + std::to_string(settings_.key);
}

result<format::archive_info> repository::load_archive_info() {
  auto loaded = load_either(files_, format::archive_info_path(stanza()), settings_.passphrase,
                            archive_info_limit_bytes, format::parse_archive_info);
  if (!loaded)
    return without_stanza(loaded.failure());
  return loaded;
}

result<secret> repository::take_wal_pass(format::archive_info& from) const {
  if (!encrypted())
    return secret();
  if (from.cipher_pass.empty())
    return error{errc::crypto,
                 fmt::format("archive.info of the {} holds no passphrase for WAL", name())};
  return std::move(from.cipher_pass);
}

result<format::backup_info> repository::load_backup_info() {
  auto loaded = load_either(files_, format::backup_info_path(stanza()), settings_.passphrase,
                            backup_info_limit_bytes, format::parse_backup_info);
  if (!loaded)
    return without_stanza(loaded.failure());
  return loaded;
}

result<bool> repository::has_archive_info() {
  return either_exists(files_, format::archive_info_path(stanza()));
}

result<bool> repository::has_backup_info() {
  return either_exists(files_, format::backup_info_path(stanza()));
}

template <class Info> result<void> repository::save_one(const Info& info) {
  publication both(files_);
  if (auto added = add(both, info); !added)
    return added;
  return both.publish();
}

result<void> repository::save(const format::archive_info& info) {
  return save_one(info);
}

result<void> repository::save(const format::backup_info& info) {
  return save_one(info);
}

result<void> repository::add(publication& to, const format::archive_info& info) {
  auto rendered = format::checked_text(info);
  if (!rendered)
    return rendered.failure();
  const plain_text text(std::move(*rendered));
  return add_both(to, format::archive_info_path(stanza()), text.view(), settings_.passphrase);
}

result<void> repository::add(publication& to, const format::backup_info& info) {
  auto rendered = format::checked_text(info);
  if (!rendered)
    return rendered.failure();
  const plain_text text(std::move(*rendered));
  return add_both(to, format::backup_info_path(stanza()), text.view(), settings_.passphrase);
}

result<bool> repository::mend_archive_info() {
  return mend_pair(files_, format::archive_info_path(stanza()), archive_info_limit_bytes);
}

result<bool> repository::mend_backup_info() {
  return mend_pair(files_, format::backup_info_path(stanza()), backup_info_limit_bytes);
}

} // namespace pgbraid
