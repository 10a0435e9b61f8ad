// The texts of info files, proved to be read as they were meant.
// SPDX-License-Identifier: MIT
#include "engine/format/checked_text.hpp"

#include <optional>
#include <string_view>

namespace pgbraid::format {

namespace {

std::optional<std::string> first_difference(const backup_info& a, const backup_info& b) {
  const bool same = a.writer_version == b.writer_version && a.current_id == b.current_id &&
                    a.history == b.history && a.backups == b.backups &&
                    a.cipher_pass.view() == b.cipher_pass.view();
  return same ? std::nullopt : std::optional<std::string>("another content");
}

std::optional<std::string> first_difference(const archive_info& a, const archive_info& b) {
  const bool same = a.writer_version == b.writer_version && a.current_id == b.current_id &&
                    a.history == b.history && a.cipher_pass.view() == b.cipher_pass.view();
  return same ? std::nullopt : std::optional<std::string>("another content");
}

template <class Content>
result<std::string> checked(const Content& of, std::string_view what,
                            result<Content> (*parse)(std::string_view)) {
  auto text = render(of);
  const auto read = parse(text);
  if (!read)
    return would_not_be_read(what, read.failure().message);
  if (const auto difference = first_difference(of, *read))
    return would_not_be_read(what, *difference);
  return text;
}

} // namespace

error would_not_be_read(std::string_view what, std::string_view why) {
  return {errc::format, std::string(what) + " would not be read back as it is: " + std::string(why),
          "It was not published. This is a fault of this program; please report it."};
}

result<std::string> checked_text(const backup_info& of) {
  return checked(of, "backup.info", parse_backup_info);
}

result<std::string> checked_text(const archive_info& of) {
  return checked(of, "archive.info", parse_archive_info);
}

} // namespace pgbraid::format
