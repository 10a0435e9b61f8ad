// A stanza's manifests in one repository, and what completes a backup.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/manifest_proof.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"
#include "storage/repository/sealed_text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

/// Some eight million files. The text is read in pieces; what it says of them is kept.
constexpr uint64_t manifest_limit_bytes = uint64_t{2} << 30;
/// As much may be there whatever the storage says: smaller ones are not looked at first.
constexpr uint64_t room_bytes = uint64_t{16} << 20;
constexpr size_t piece_bytes = size_t{256} << 10;
/// A million files take two seconds at the level that is usual elsewhere, 9, and a tenth of one so.
constexpr int history_level = 6;

/// What it may have by the storage's own word, with room for what another host put in its place
/// since, where attributes are kept for a while. Servers that tell no size say 0.
result<uint64_t> most_bytes(storage& files, const std::string& path) {
  auto about = files.info(path);
  if (!about)
    return about.failure();
  if (!*about || (*about)->size_bytes == 0)
    return manifest_limit_bytes;
  return std::min((*about)->size_bytes + room_bytes, manifest_limit_bytes);
}

/// @param most  of bytes, asked for when there are more than `room_bytes`: what has no end ends
/// there
template <class Most>
result<void> read_manifest(io::reader& from, Most most, const secret& pass,
                           format::manifest_feed& into) {
  unsealer open(pass);
  const auto take = [&](std::string_view plain) { return into.feed(plain); };
  std::vector<std::byte> piece(piece_bytes);
  uint64_t total_bytes = 0;
  std::optional<uint64_t> limit_bytes;
  for (bool last = false; !last;) {
    auto got = from.read(piece);
    if (!got)
      return got.failure();
    last = *got < piece.size();
    total_bytes += *got;
    if (total_bytes > room_bytes && !limit_bytes) {
      auto told = most();
      if (!told)
        return told.failure();
      limit_bytes = *told;
    }
    if (limit_bytes && total_bytes > *limit_bytes)
      return error{errc::file_read, "it is larger than " + std::to_string(*limit_bytes) + " bytes"};
    if (auto fed = open.feed(byte_view(piece).first(*got), last, take); !fed)
      return fed;
  }
  return success();
}

/// One manifest file, of which no more than a piece is held at a time.
result<format::manifest> load_one_manifest(storage& files, const std::string& path,
                                           const secret& pass,
                                           format::kept_files keep = format::kept_files::all) {
  auto from = files.open_read(path);
  if (!from)
    return from.failure();
  format::manifest_feed feed(keep);
  const auto most = [&] { return most_bytes(files, path); };
  if (auto read = read_manifest(**from, most, pass, feed); !read)
    return within_file(files, path, read.failure());
  auto parsed = feed.finish();
  if (!parsed)
    return within_file(files, path, parsed.failure());
  return parsed;
}

/// The history's copy of a text: compressed, then sealed.
class packed_text {
public:
  packed_text(const secret& pass, proved_file& into) : into_(into), sealed_(pass) {}

  result<void> feed(std::string_view piece, bool last) {
    if (auto begun = begin(); !begun)
      return begun;
    const auto write = [this](byte_view made) {
      into_.write(made);
      return success();
    };
    return codec::feed(*pack_, *stream_, codec::window_of(as_bytes(piece), last), room_,
                       [&](const codec::window& made) {
                         return sealed_.feed(as_text(made.bytes), made.last, write);
                       });
  }

private:
  result<void> begin() {
    if (pack_)
      return success();
    auto made = codec::make_compress(compress_type::gz, history_level);
    if (!made)
      return made.failure();
    pack_ = std::move(*made);
    stream_ = pack_->open();
    return success();
  }

  proved_file& into_;
  sealer sealed_;
  std::unique_ptr<codec::kernel> pack_;
  std::unique_ptr<codec::stream> stream_;
  std::vector<std::byte> room_ = std::vector<std::byte>(piece_bytes);
};

result<format::manifest> check_label(result<format::manifest> loaded, std::string_view label) {
  if (loaded && loaded->label != label)
    return error{errc::format, "manifest in directory '" + std::string(label) +
                                   "' is that of backup '" + loaded->label + "'"};
  return loaded;
}

} // namespace

result<format::manifest> repository::load_manifest(std::string_view label, const secret& pass,
                                                   format::kept_files keep) {
  const auto path = format::manifest_path_of(stanza(), label);
  auto main = load_one_manifest(files_, path, pass, keep);
  if (main)
    return check_label(std::move(main), label);
  auto copy = load_one_manifest(files_, copy_of(path), pass, keep);
  if (copy)
    return check_label(std::move(copy), label);
  return merge_failures(path, main.failure(), copy.failure());
}

result<format::manifest> repository::load_manifest_copy(std::string_view label,
                                                        const secret& pass) {
  const auto path = copy_of(format::manifest_path_of(stanza(), label));
  return check_label(load_one_manifest(files_, path, pass), label);
}

result<void> repository::add(publication& to, const format::manifest& of, const secret& pass) {
  // A directory that somebody else removed must not come back with nothing but these.
  constexpr auto alone = write_options{.make_parents = false, .may_open_late = true};
  const auto path = format::manifest_path_of(stanza(), of.label);
  proved_file copy(files_, copy_of(path), alone);
  proved_file main(files_, path, alone);
  proved_file history(files_, format::history_manifest_path(stanza(), of.label),
                      {.may_open_late = true});
  format::manifest_proof proof(of);
  sealer sealed(pass);
  const auto into_both = [&](byte_view piece) {
    copy.write(piece);
    main.write(piece);
    return success();
  };
  packed_text packed(pass, history);
  auto rendered = format::render(of, [&](std::string_view piece) {
    proof.feed(piece);
    if (auto kept = sealed.feed(piece, false, into_both); !kept)
      return kept;
    return packed.feed(piece, false);
  });
  if (rendered)
    rendered = proof.finish();
  if (rendered)
    rendered = sealed.feed({}, true, into_both);
  if (rendered)
    rendered = packed.feed({}, true);
  if (!rendered)
    return rendered;
  to.add(std::move(copy));
  to.then();
  to.add(std::move(main));
  to.then();
  to.add(std::move(history));
  return success();
}

result<void> repository::remove_manifest(std::string_view label) {
  const auto path = format::manifest_path_of(stanza(), label);
  if (auto done = files_.remove_file(path); !done)
    return done;
  auto copy_gone = files_.remove_file(copy_of(path));
  return copy_gone || copy_gone.failure().held ? success() : copy_gone;
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

result<void> repository::remove_latest() {
  return files_.remove_file(format::backup_path(stanza()) + "/" + std::string(format::latest_link));
}

} // namespace pgbraid
