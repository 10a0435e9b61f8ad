// The verbs of the contract as requests to an SFTP server.
// SPDX-License-Identifier: MIT
#include "storage/sftp/sftp_storage.hpp"

#include "storage/path.hpp"
#include "storage/sftp/requests.hpp"
#include "storage/sftp/small_reads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgbraid::sftp {

namespace {

constexpr std::string_view temporary_suffix = ".pgbackrest.tmp";
constexpr std::string_view hardlink = "hardlink@openssh.com";
constexpr std::string_view statvfs = "statvfs@openssh.com";
constexpr uint32_t create_flags = flag_write | flag_create | flag_exclusive;

class sftp_storage final : public storage {
public:
  sftp_storage(std::shared_ptr<connection> on, std::string root)
      : on_(std::move(on)), root_(std::move(root)) {}

  storage_features features() const override {
    return {.paths = true, .symlinks = true, .hardlinks = on_->offers(hardlink)};
  }
  const std::string& root() const override { return root_; }
  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  result<void> make_path(std::string_view path, uint32_t mode) override;
  result<void> remove_file(std::string_view path) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;
  result<std::optional<uint64_t>> free_bytes() override;

private:
  std::string full(std::string_view path) const { return join_path(root_, path); }
  result<std::optional<entry_info>> info_of(std::string_view path,
                                            const sftp::attributes& about) const;
  result<void> check(std::string_view path);
  /// Checks the path and looks what it is.
  result<std::optional<sftp::attributes>> find(std::string_view path);
  result<std::optional<open_handle>> open(const std::string& full_path, uint32_t flags,
                                          uint32_t mode, status& why);
  result<std::unique_ptr<io::writer>> create_late(std::string_view path,
                                                  const std::string& full_path, write_plan plan);
  result<open_handle> create(std::string_view path, const std::string& full_path,
                             const write_options& options);
  result<void> make_directory(const std::string& full_path, uint32_t mode);
  result<void> why_not_made(std::string_view path, const status& why, errc missing);
  void forget_real(std::string_view path);
  error not_there(std::string_view path) const {
    return {errc::file_missing, fmt::format("unable to open missing file '{}'", full(path))};
  }

  const std::shared_ptr<connection> on_;
  const std::string root_;
  const std::shared_ptr<late_openings> openings_ = std::make_shared<late_openings>();
  std::mutex mutex_; ///< guards real_
  /// Directories that were seen to be no links; relative paths.
  std::set<std::string, std::less<>> real_;
};

// ---- looking

result<std::optional<entry_info>> sftp_storage::info_of(std::string_view path,
                                                        const sftp::attributes& about) const {
  if (!about.mode)
    return error{errc::protocol, "the SFTP server tells no kinds of files"};
  entry_info out{.kind = kind_of(about),
                 .size_bytes = about.size.value_or(0),
                 .mtime_s = about.mtime_s.value_or(0),
                 .mode = *about.mode & 07777,
                 .uid = about.uid.value_or(0),
                 .gid = about.gid.value_or(0)};
  if (out.kind != entry_kind::link)
    return std::optional(std::move(out));
  auto answer = on_->ask(packet_kind::readlink, fields().text(full(path)));
  if (!answer)
    return answer.failure();
  status why;
  auto names = names_of(*answer, why);
  if (!names)
    return names.failure();
  if (!*names)
    return std::optional<entry_info>();
  if ((*names)->size() != 1)
    return error{errc::protocol, "the SFTP server sent no destination of a link"};
  out.link_destination = std::move((**names)[0].name);
  return std::optional(std::move(out));
}

/// A path that can be used: no bad segments, and no link among its parents.
result<void> sftp_storage::check(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  std::vector<std::pair<std::string, uint32_t>> asked;
  {
    const std::lock_guard held(mutex_);
    for (auto end = path.find('/'); end != path.npos; end = path.find('/', end + 1))
      if (!real_.contains(path.substr(0, end)))
        asked.emplace_back(path.substr(0, end), 0);
  }
  for (auto& [parent, number] : asked) {
    auto sent = on_->send(packet_kind::lstat, fields().text(full(parent)));
    if (!sent)
      return sent.failure();
    number = *sent;
  }
  result<void> outcome = success();
  for (const auto& [parent, number] : asked) {
    auto answer = on_->wait(number);
    if (!answer || !outcome) {
      if (outcome)
        outcome = answer.failure();
      continue;
    }
    status why;
    auto about = attributes_of(*answer, why);
    if (!about)
      outcome = about.failure();
    else if (*about && kind_of(**about) == entry_kind::link)
      outcome = error{errc::link_destination,
                      fmt::format("a symbolic link on the way to '{}' is not allowed", full(path))};
    else if (*about && kind_of(**about) == entry_kind::path) {
      const std::lock_guard held(mutex_);
      real_.insert(parent);
    }
  }
  return outcome;
}

result<std::optional<sftp::attributes>> sftp_storage::find(std::string_view path) {
  if (auto fine = check(path); !fine)
    return fine.failure();
  return look(*on_, full(path));
}

result<std::optional<entry_info>> sftp_storage::info(std::string_view path) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return std::optional<entry_info>();
  return info_of(path, **about);
}

result<std::optional<std::vector<entry>>> sftp_storage::list(std::string_view path) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return std::optional<std::vector<entry>>();
  const auto kind = kind_of(**about);
  if (kind == entry_kind::link)
    return link_refused(full(path));
  auto names = read_directory(on_, full(path));
  if (!names)
    return names.failure();
  std::vector<entry> out;
  for (auto& one : *names) {
    auto info = info_of(join_path(path, one.name), one.about);
    if (!info)
      return info.failure();
    if (*info)
      out.push_back({std::move(one.name), std::move(**info)});
  }
  std::sort(out.begin(), out.end(), [](const entry& a, const entry& b) { return a.name < b.name; });
  return std::optional(std::move(out));
}

result<std::optional<uint64_t>> sftp_storage::free_bytes() {
  if (!on_->offers(statvfs))
    return std::optional<uint64_t>();
  for (auto path = root_;; path = std::string(split_path(path).parent)) {
    auto answer =
        on_->ask(packet_kind::extended, fields().text(statvfs).text(path.empty() ? "/" : path));
    if (!answer)
      return answer.failure();
    if (answer->kind == packet_kind::extended_reply) {
      field_reader in(answer->rest);
      in.u64();
      const auto unit = in.u64();
      in.u64();
      in.u64();
      const auto free_units = in.u64();
      if (in.broken() || (unit != 0 && free_units > UINT64_MAX / unit))
        return error{errc::protocol, "the SFTP server sent impossible numbers"};
      return std::optional(unit * free_units);
    }
    if (path.empty())
      return std::optional<uint64_t>();
  }
}

// ---- content

result<std::optional<open_handle>> sftp_storage::open(const std::string& full_path, uint32_t flags,
                                                      uint32_t mode, status& why) {
  auto answer =
      on_->ask(packet_kind::open, fields().text(full_path).u32(flags).about({.mode = mode}));
  if (!answer)
    return answer.failure();
  return opened_by(on_, *answer, why);
}

result<std::unique_ptr<io::reader>> sftp_storage::open_read(std::string_view path,
                                                            const read_options& options) {
  if (auto fine = check(path); !fine)
    return fine.failure();
  // Both at once: a link would be followed, so what came of it is dropped then.
  auto looked = on_->send(packet_kind::lstat, fields().text(full(path)));
  if (!looked)
    return looked.failure();
  status why;
  auto opened = open(full(path), flag_read, 0, why);
  auto answer = on_->wait(*looked);
  if (!opened || !answer)
    return opened ? answer.failure() : opened.failure();
  status ignored;
  auto about = attributes_of(*answer, ignored);
  if (!about)
    return about.failure();
  const auto kind = kind_of(about->value_or(sftp::attributes()));
  if (*about && kind == entry_kind::link)
    return link_refused(full(path));
  if (!*about || (!*opened && why.code == status_code::no_such_file))
    return not_there(path);
  if (!*opened)
    return refused(errc::file_open, "unable to open", full(path), why);
  if (kind != entry_kind::file)
    return error{errc::file_open, fmt::format("'{}' is no file", full(path))};
  return std::unique_ptr<io::reader>(
      std::make_unique<sftp_reader>(std::move(**opened), full(path), options));
}

/// Makes a file that was not there; what has its name goes first, so that no other name of it
/// changes with it.
result<open_handle> sftp_storage::create(std::string_view path, const std::string& full_path,
                                         const write_options& options) {
  bool parents_made = !options.make_parents;
  for (int attempt = 0; attempt < 4; ++attempt) {
    status why;
    auto opened = open(full_path, create_flags, options.mode, why);
    if (!opened)
      return opened.failure();
    if (*opened)
      return std::move(**opened);
    if (why.code == status_code::no_such_file && parents_made)
      return not_there(path);
    if (why.code == status_code::no_such_file) {
      parents_made = true;
      if (auto made = make_path(split_path(path).parent, options.path_mode); !made)
        return made.failure();
      continue;
    }
    auto about = look(*on_, full_path);
    if (!about)
      return about.failure();
    const auto kind = kind_of(about->value_or(sftp::attributes()));
    if (options.how == publish::in_place && *about && kind == entry_kind::link)
      return link_refused(full_path);
    if (!*about || kind == entry_kind::path)
      return refused(errc::file_open, "unable to open for write", full_path, why);
    auto gone = ask_status(*on_, packet_kind::remove, fields().text(full_path));
    if (!gone)
      return gone.failure();
  }
  return error{errc::file_open,
               fmt::format("unable to open '{}' for write: others make it, too", full_path)};
}

/// The handle comes when it comes; what is not as it mostly is takes the long way then.
result<std::unique_ptr<io::writer>>
sftp_storage::create_late(std::string_view path, const std::string& full_path, write_plan plan) {
  auto number =
      on_->send(packet_kind::open,
                fields().text(full_path).u32(create_flags).about({.mode = plan.options.mode}));
  if (!number)
    return number.failure();
  late_open opening{*number,
                    [this, path = std::string(path), full_path,
                     options = plan.options](const reply& answer) -> result<open_handle> {
                      status why;
                      auto opened = opened_by(on_, answer, why);
                      if (!opened)
                        return opened.failure();
                      if (*opened)
                        return std::move(**opened);
                      return create(path, full_path, options);
                    },
                    openings_};
  return std::unique_ptr<io::writer>(
      std::make_unique<sftp_writer>(on_, std::move(opening), std::move(plan)));
}

result<std::unique_ptr<io::writer>> sftp_storage::open_write(std::string_view path,
                                                             const write_options& options) {
  if (auto fine = check(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::param_invalid, fmt::format("cannot write '{}': it is a path", root_)};
  write_plan plan{.shown = full(path), .target = full(path), .options = options};
  if (options.how == publish::atomic)
    plan.temporary = plan.target + std::string(temporary_suffix);
  const auto name = plan.temporary.empty() ? plan.target : plan.temporary;
  if (options.may_open_late)
    return create_late(path, name, std::move(plan));
  auto file = create(path, name, options);
  if (!file)
    return file.failure();
  return std::unique_ptr<io::writer>(
      std::make_unique<sftp_writer>(std::move(*file), std::move(plan)));
}

void sftp_storage::read_small(std::span<small_read> files, io::io_engine*) {
  std::vector<placed_read> placed;
  for (auto& one : files) {
    one.content.clear();
    one.failure.reset();
    if (auto fine = check(one.path); !fine)
      one.failure = fine.failure();
    else
      placed.push_back({&one, full(one.path)});
  }
  read_small_files(on_, placed);
}

// ---- changing

result<void> sftp_storage::make_path(std::string_view path, uint32_t mode) {
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
result<void> sftp_storage::make_directory(const std::string& full_path, uint32_t mode) {
  status why;
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto done =
        ask_status(*on_, packet_kind::mkdir, fields().text(full_path).about({.mode = mode}));
    if (!done)
      return done.failure();
    why = std::move(*done);
    if (why.code != status_code::no_such_file || attempt > 0)
      break;
    const auto parent = split_path(full_path).parent;
    if (parent.empty())
      break;
    if (auto made = make_directory(std::string(parent), mode); !made)
      return made;
  }
  if (why.code != status_code::ok) {
    auto now = look(*on_, full_path);
    if (now && *now && kind_of(**now) == entry_kind::path)
      return success(); // somebody else made it
    return refused(errc::path_create, "unable to create path", full_path, why);
  }
  // The server's umask may have taken some bits.
  auto set = ask_status(*on_, packet_kind::setstat, fields().text(full_path).about({.mode = mode}));
  if (!set)
    return set.failure();
  return success();
}

result<void> sftp_storage::remove_file(std::string_view path) {
  if (auto fine = check(path); !fine)
    return fine;
  auto done = ask_status(*on_, packet_kind::remove, fields().text(full(path)));
  if (!done)
    return done.failure();
  if (done->code == status_code::ok || done->code == status_code::no_such_file)
    return success();
  return refused(errc::file_remove, "unable to remove", full(path), *done);
}

result<void> sftp_storage::remove_tree(std::string_view path) {
  forget_real(path);
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return success();
  return kind_of(**about) == entry_kind::path ? remove_directory(on_, full(path))
                                              : remove_file(path);
}

void sftp_storage::forget_real(std::string_view path) {
  const std::lock_guard held(mutex_);
  std::erase_if(real_, [&](const std::string& one) {
    return path.empty() || one == path ||
           (one.starts_with(path) && one.size() > path.size() && one[path.size()] == '/');
  });
}

result<void> sftp_storage::move(std::string_view from, std::string_view to) {
  for (const auto path : {from, to})
    if (auto fine = check(path); !fine)
      return fine;
  forget_real(from);
  auto number = send_rename(*on_, full(from), full(to));
  if (!number)
    return number.failure();
  auto answer = on_->wait(*number);
  if (!answer)
    return answer.failure();
  auto done = status_of(*answer);
  if (!done)
    return done.failure();
  if (done->code == status_code::ok)
    return success();
  if (done->code == status_code::no_such_file)
    return not_there(from);
  return refused(errc::file_move, "unable to move", full(from), *done);
}

/// Why a name could not be made: it is there, or its path is not.
result<void> sftp_storage::why_not_made(std::string_view path, const status& why, errc missing) {
  auto about = look(*on_, full(path));
  if (!about)
    return about.failure();
  if (*about)
    return error{errc::file_exists, fmt::format("'{}' exists already", full(path))};
  if (why.code == status_code::no_such_file)
    return error{missing, fmt::format("unable to make '{}': something is missing", full(path))};
  return refused(errc::file_write, "unable to make", full(path), why);
}

result<void> sftp_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check(path); !fine)
    return fine;
  // OpenSSH, and with it everybody, has the two names the other way round than the draft.
  auto done = ask_status(*on_, packet_kind::symlink, fields().text(destination).text(full(path)));
  if (!done)
    return done.failure();
  return done->code == status_code::ok ? success() : why_not_made(path, *done, errc::path_missing);
}

result<void> sftp_storage::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check(one); !fine)
      return fine;
  if (!on_->offers(hardlink))
    return storage::make_hardlink(path, existing);
  auto done = ask_status(*on_, packet_kind::extended,
                         fields().text(hardlink).text(full(existing)).text(full(path)));
  if (!done)
    return done.failure();
  return done->code == status_code::ok ? success() : why_not_made(path, *done, errc::file_missing);
}

/// The protocol has no way to sync a directory: servers write names through or lose them as their
/// file system does.
result<void> sftp_storage::sync_path(std::string_view path) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return error{errc::path_missing, fmt::format("unable to sync missing path '{}'", full(path))};
  if (kind_of(**about) == entry_kind::link)
    return link_refused(full(path));
  return success();
}

result<void> sftp_storage::set_attributes(std::string_view path, const attributes& wanted) {
  auto about = find(path);
  if (!about)
    return about.failure();
  if (!*about)
    return not_there(path);
  if (kind_of(**about) == entry_kind::link)
    return link_refused(full(path));
  const sftp::attributes set{.uid = wanted.uid,
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

} // namespace

std::unique_ptr<storage> make_sftp_storage(std::shared_ptr<connection> on, std::string root) {
  return std::make_unique<sftp_storage>(std::move(on), std::move(root));
}

} // namespace pgbraid::sftp
