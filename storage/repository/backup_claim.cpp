// Taking, renewing, proving and giving up a backup directory.
// SPDX-License-Identifier: MIT
#include "storage/repository/backup_claim.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/manifest_proof.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"
#include "storage/repository/sealed_text.hpp"

#include <exception>

namespace pgbraid {

backup_claim::backup_claim(repository& in, std::string label, std::string_view owner)
    : repo_(in), label_(std::move(label)), directory_(format::label_path(in.stanza(), label_)),
      copy_(copy_of(format::manifest_path_of(in.stanza(), label_))), owner_(owner) {}

backup_claim::~backup_claim() {
  stop_renewing();
}

error backup_claim::gone() const {
  return {errc::path_missing,
          "the directory of backup '" + label_ + "' was removed while the backup was made",
          "Does another host or lock-path make backups of this stanza in this repository?"};
}

error backup_claim::replaced() const {
  return {errc::file_exists, "somebody else writes into the directory of backup '" + label_ + "'",
          "Does another host or lock-path make backups of this stanza in this repository?"};
}

std::string backup_claim::temporary_name() const {
  return directory_ + "." + owner_ + std::string(format::temporary_suffix);
}

/// A directory that holds something keeps its name, so that only one of several gets it.
/// @param back  what `name` becomes again when the label is taken; empty: it is removed
result<void> backup_claim::move_here(const std::string& name, const std::string& back) {
  auto& files = repo_.files();
  auto moved = files.move(name, directory_);
  if (moved)
    return success();
  const auto there = files.info(directory_);
  static_cast<void>(back.empty() ? files.remove_tree(name) : files.move(name, back));
  if (there && *there)
    return error{errc::file_exists, "backup '" + label_ + "' is being made by somebody else"};
  return moved;
}

/// The name may have been given in an attempt of which nobody heard.
result<void> backup_claim::confirm() {
  auto seen = look(false);
  return seen ? prove() : seen;
}

result<std::unique_ptr<backup_claim>> backup_claim::take(repository& in, const format::manifest& of,
                                                         const secret& pass,
                                                         std::string_view owner) {
  std::unique_ptr<backup_claim> made(new backup_claim(in, of.label, owner));
  auto& files = in.files();
  const auto name = files.features().paths ? made->temporary_name() : made->directory_;
  if (auto written = made->write(name + std::string(made->copy_.substr(made->directory_.size())),
                                 of, pass, true);
      !written) {
    if (name != made->directory_)
      static_cast<void>(files.remove_tree(name)); // what is wrong has been found
    return written.failure();
  }
  if (name != made->directory_)
    if (auto moved = made->move_here(name, {}); !moved)
      return moved.failure();
  if (auto ours = made->confirm(); !ours)
    return ours.failure();
  return made;
}

result<std::unique_ptr<backup_claim>>
backup_claim::take_over(repository& in, std::string_view label, const format::manifest& of,
                        const secret& pass, std::string_view owner) {
  std::unique_ptr<backup_claim> made(new backup_claim(in, of.label, owner));
  auto& files = in.files();
  const auto old = format::label_path(in.stanza(), label);
  const auto name = made->temporary_name();
  const error lost{errc::path_missing,
                   "the directory of backup '" + std::string(label) + "' is somebody else's now"};
  if (auto moved = files.move(old, name); !moved) {
    const auto there = files.info(old);
    return there && !*there ? lost : moved.failure();
  }
  // From here on nobody else finds it: what it is can be told for certain.
  const auto back = [&](error why) {
    static_cast<void>(files.move(name, old)); // what is wrong has been found
    return why;
  };
  const auto complete =
      files.info(name + format::manifest_path_of(in.stanza(), label).substr(old.size()));
  if (!complete)
    return back(complete.failure());
  if (*complete)
    return back(lost);
  if (auto written = made->write(name + std::string(made->copy_.substr(made->directory_.size())),
                                 of, pass, true);
      !written)
    return back(written.failure());
  if (auto moved = made->move_here(name, old); !moved)
    return moved.failure();
  if (auto ours = made->confirm(); !ours)
    return ours.failure();
  return made;
}

/// @param proves  that the text can be read, before it gets its name
result<void> backup_claim::write(const std::string& path, const format::manifest& of,
                                 const secret& pass, bool proves) {
  // Only the first time there is no directory yet.
  const bool first = wrote_.size_bytes == 0;
  proved_file file(repo_.files(), path, {.make_parents = first, .may_open_late = true});
  sealer sealed(pass);
  const auto write = [&](byte_view piece) {
    file.write(piece);
    return success();
  };
  format::manifest_proof proof(of);
  auto rendered = format::render(of, [&](std::string_view piece) {
    if (proves)
      proof.feed(piece);
    return sealed.feed(piece, false, write);
  });
  if (rendered && proves)
    rendered = proof.finish();
  if (!rendered)
    return rendered;
  if (auto ended = sealed.feed({}, true, write); !ended)
    return ended;
  if (auto committed = io::commit(file); !committed)
    return committed;
  wrote_ = file.wrote();
  return success();
}

/// Notes when the copy was changed, by us.
/// @param expected_unchanged  since the last look
result<void> backup_claim::look(bool expected_unchanged) {
  auto info = repo_.files().info(copy_);
  if (!info)
    return info.failure();
  if (!*info)
    return *(failure_ = gone());
  if ((*info)->kind != entry_kind::file || (*info)->size_bytes != wrote_.size_bytes)
    return *(failure_ = replaced());
  // Times alone prove nothing: some servers have their own ideas about them.
  if (expected_unchanged && (*info)->mtime_s != seen_mtime_s_)
    if (auto ours = prove(); !ours)
      return ours;
  seen_mtime_s_ = (*info)->mtime_s;
  return success();
}

result<void> backup_claim::save(const format::manifest& of, const secret& pass) {
  const std::lock_guard held(mutex_);
  if (failure_)
    return *failure_;
  if (auto ours = look(true); !ours)
    return ours;
  if (auto written = write(copy_, of, pass, false); !written)
    return written;
  return look(false);
}

result<void> backup_claim::renew_now() {
  if (failure_)
    return *failure_;
  if (auto ours = look(true); !ours)
    return ours;
  auto& files = repo_.files();
  const auto now_s = storage_time_s(files, directory_, owner_);
  if (auto set = files.set_attributes(copy_, {.mtime_s = now_s}); !set) {
    log::debug("the claim on '{}' is not renewed: {}", label_, set.failure().message);
    return success();
  }
  return look(false);
}

result<void> backup_claim::renew() {
  const std::lock_guard held(mutex_);
  return renew_now();
}

result<void> backup_claim::state() const {
  const std::lock_guard held(mutex_);
  return failure_ ? result<void>(*failure_) : success();
}

result<void> backup_claim::prove() {
  if (failure_)
    return *failure_;
  const auto ours = holds(repo_.files(), copy_, wrote_);
  if (!ours && ours.failure().code == errc::file_missing)
    return *(failure_ = gone());
  if (!ours)
    return ours.failure();
  if (!*ours)
    return *(failure_ = replaced());
  return success();
}

result<void> backup_claim::close() {
  stop_renewing();
  const std::lock_guard held(mutex_);
  if (auto ours = prove(); !ours)
    return ours;
  closed_ = true;
  return success();
}

result<void> backup_claim::give_up() {
  stop_renewing();
  const std::lock_guard held(mutex_);
  // What completes the backup may have replaced the copy.
  if (!closed_)
    if (auto ours = prove(); !ours)
      return ours;
  auto there = repo_.look_at_backup(label_);
  if (!there)
    return there.failure();
  if (there->has_manifest)
    return success();
  failure_ = gone();
  return repo_.remove_backup(label_);
}

result<void> backup_claim::leave(const format::manifest& of, const secret& pass) {
  stop_renewing();
  auto there = repo_.look_at_backup(label_);
  if (!there)
    return there.failure();
  if (there->has_manifest)
    return replaced();
  return save(of, pass);
}

void backup_claim::keep_renewing(std::chrono::milliseconds every) {
  renewing_ =
      std::jthread([this, every](const std::stop_token& stop) { renew_until(stop, every); });
}

void backup_claim::stop_renewing() {
  renewing_.request_stop();
  if (renewing_.joinable())
    renewing_.join();
}

void backup_claim::renew_until(const std::stop_token& stop, std::chrono::milliseconds every) {
  while (true) {
    std::unique_lock idle(idle_);
    if (wait_for_stop(wake_, idle, stop, monotonic::now() + every))
      return;
    try {
      // What was lost is kept for `state`; what only failed now may work the next time.
      if (auto renewed = renew(); !renewed)
        log::debug("the claim on '{}' is not renewed: {}", label_, renewed.failure().message);
    } catch (const std::exception& problem) {
      log::debug("the claim on '{}' is not renewed: {}", label_, problem.what());
    }
  }
}

} // namespace pgbraid
