// From stored bytes to what they hold.
// SPDX-License-Identifier: MIT
#include "actors/look/read_file.hpp"

#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/format/repository_file.hpp"
#include "engine/format/repository_reach.hpp"
#include "storage/repository/file_passphrase.hpp"
#include "storage/repository/sealed_text.hpp"

#include <cerrno>
#include <cstddef>
#include <memory>
#include <vector>

namespace pgbraid::look {

namespace {

constexpr size_t piece_bytes = size_t{256} << 10;

/// Hands on what comes, opened with a passphrase if there is one.
class opening {
public:
  /// @param info  the file is an info file, which no passphrase was tried on before
  opening(const secret& pass, bool info, const piece_taker& to) : to_(to), unseen_(info) {
    if (pass.empty())
      return;
    decrypt_ = codec::make_decrypt(pass.view());
    stream_ = decrypt_->open();
    plain_.resize(piece_bytes);
  }

  /// False when no more is wanted.
  result<bool> put(byte_view piece, bool last) {
    if (decrypt_ == nullptr)
      return to_(as_text(piece));
    bool wanted = true;
    const auto hand_on = [&](const codec::window& made) -> result<void> {
      if (unseen_ && !made.bytes.empty()) {
        if (auto fine = check_unsealed(as_text(made.bytes)); !fine)
          return fine;
        unseen_ = false;
      }
      auto taken = to_(as_text(made.bytes));
      if (!taken)
        return taken.failure();
      wanted = wanted && *taken;
      return success();
    };
    if (auto fed = codec::feed(*decrypt_, *stream_, codec::window_of(piece, last), plain_, hand_on);
        !fed)
      return fed.failure();
    return wanted;
  }

private:
  const piece_taker& to_;
  std::unique_ptr<codec::kernel> decrypt_; ///< null: it is handed on as it lies there
  std::unique_ptr<codec::stream> stream_;
  std::vector<std::byte> plain_;
  bool unseen_; ///< an info file whose begin did not come yet
};

result<void> read_all_of(io::reader& from, const secret& pass, bool info, const piece_taker& to) {
  opening opened(pass, info, to);
  std::vector<std::byte> piece(piece_bytes);
  for (bool last = false; !last;) {
    const auto got = from.read(piece);
    if (!got)
      return got.failure();
    last = *got < piece.size();
    const auto wanted = opened.put(byte_view(piece).first(*got), last);
    if (!wanted)
      return wanted.failure();
    if (!*wanted)
      break;
  }
  return success();
}

/// Scripts know these codes and words.
error why_unread(repository& in, const std::string& path, const error& why) {
  const auto shown = printable_line(join_path(in.files().root(), path));
  if (why.code == errc::file_missing)
    return {errc::file_missing, "unable to open missing file '" + shown + "' for read"};
  const auto about = in.files().info(path);
  if (about && *about && (*about)->kind == entry_kind::path)
    return system_error(errc::file_read, "unable to read '" + shown + "'", EISDIR);
  return why;
}

result<secret> chosen_passphrase(repository& in, const std::string& path, const read_wish& wish) {
  if (wish.raw) {
    if (in.sealed_there() && format::is_info_path(path))
      return error{errc::feature_not_supported,
                   "option 'raw' is not supported for '" + printable_line(path) +
                       "': the repository host opens it before it is sent"};
    return secret();
  }
  const auto place = format::place_of(path);
  if (in.encrypted() && !wish.stanza.empty() && place.pass != format::opened_by::nothing &&
      place.stanza != wish.stanza)
    return error{errc::option_invalid_value,
                 "stanza name '" + wish.stanza + "' given in option doesn't match the given path"};
  if (in.encrypted() && place.pass == format::opened_by::manifest &&
      path.find("/bundle/") != std::string::npos)
    return error{errc::crypto,
                 "the files in '" + printable_line(path) + "' are encrypted one by one",
                 "--raw prints what is stored."};
  return passphrase_of(in, path);
}

} // namespace

result<bool> read_file(repository& in, const std::string& path, const read_wish& wish,
                       const piece_taker& to) {
  const auto pass = chosen_passphrase(in, path, wish);
  if (!pass)
    return pass.failure();
  const auto from = in.files().open_read(path);
  if (!from && from.failure().code == errc::file_missing && wish.ignore_missing)
    return false;
  if (!from)
    return why_unread(in, path, from.failure());
  if (auto read = read_all_of(**from, *pass, format::is_info_path(path), to); !read)
    return read.failure();
  return true;
}

} // namespace pgbraid::look
