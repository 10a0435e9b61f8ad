// A file and its `.copy`: written with the same bytes, read one for the other.
// SPDX-License-Identifier: MIT
#include "storage/repository/file_pair.hpp"

#include <array>

namespace pgbraid {

result<bool> file_exists(storage& files, const std::string& path) {
  auto info = files.info(path);
  if (!info)
    return info.failure();
  return info->has_value();
}

result<bool> either_exists(storage& files, const std::string& path) {
  auto main = file_exists(files, path);
  if (!main || *main)
    return main;
  return file_exists(files, copy_of(path));
}

error within_file(storage& files, const std::string& path, const error& why) {
  return why.within("'" + files.root() + "/" + path + "'");
}

result<plain_text> load_text(storage& files, const std::string& path, const secret& pass,
                             uint64_t limit_bytes) {
  auto content = read_all(files, path, limit_bytes);
  if (!content)
    return content.failure();
  auto plain = unseal(std::move(*content), pass);
  if (!plain)
    return within_file(files, path, plain.failure());
  return plain;
}

result<void> add_both(publication& to, const std::string& path, std::string_view text,
                      const secret& pass) {
  const auto bytes = seal(text, pass);
  if (!bytes)
    return bytes.failure();
  to.add(path, *bytes);
  to.add(copy_of(path), *bytes);
  return success();
}

result<bool> mend_pair(storage& files, const std::string& path, uint64_t limit_bytes) {
  const auto there = files.many_infos(std::array{path, copy_of(path)});
  if (!there)
    return there.failure();
  const bool has_main = there->front().has_value();
  if (has_main == there->back().has_value())
    return false;
  const auto from = has_main ? path : copy_of(path);
  const auto to = has_main ? copy_of(path) : path;
  auto bytes = read_all(files, from, limit_bytes);
  if (!bytes)
    return bytes.failure();
  publication mended(files);
  mended.add(to, *bytes);
  if (auto done = mended.publish(); !done)
    return done.failure();
  return true;
}

error merge_failures(const std::string& path, const error& main, const error& copy) {
  errc code = errc::file_open;
  if (main.code == copy.code || copy.code == errc::file_missing)
    code = main.code;
  else if (main.code == errc::file_missing)
    code = copy.code;
  auto hint = main.code == code ? main.hint : copy.hint;
  return error{code,
               "unable to load '" + path + "' or its copy:\n" + main.message + "\n" + copy.message,
               std::move(hint)};
}

} // namespace pgbraid
