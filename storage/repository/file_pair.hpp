// A file and its `.copy`: written with the same bytes, read one for the other.
// Source of the rules: engine/format/README.md, section 5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/publication.hpp"
#include "storage/repository/sealed_text.hpp"
#include "storage/storage.hpp"

#include <string>
#include <string_view>

namespace pgbraid {

inline std::string copy_of(const std::string& path) {
  return path + std::string(format::copy_suffix);
}

result<bool> file_exists(storage& files, const std::string& path);
/// Whether the file or its copy is there.
result<bool> either_exists(storage& files, const std::string& path);

/// The plain text of one file. Errors name the file.
result<plain_text> load_text(storage& files, const std::string& path, const secret& pass,
                             uint64_t limit_bytes);

/// Adds the file and its copy: the same bytes, salt included.
result<void> add_both(publication& to, const std::string& path, std::string_view text,
                      const secret& pass);

/// Writes the missing one of both from its twin. Returns whether one was missing.
result<bool> mend_pair(storage& files, const std::string& path, uint64_t limit_bytes);

/// One error for two failed tries. A missing file says less than what is wrong with the other; with
/// two different reasons the code is `file_open`.
error merge_failures(const std::string& path, const error& main, const error& copy);

/// An error of a file's content, naming the file.
error within_file(storage& files, const std::string& path, const error& why);

template <class T>
result<T> load_one(storage& files, const std::string& path, const secret& pass,
                   uint64_t limit_bytes, result<T> (*parse)(std::string_view)) {
  auto text = load_text(files, path, pass, limit_bytes);
  if (!text)
    return text.failure();
  auto parsed = parse(text->view());
  if (!parsed)
    return within_file(files, path, parsed.failure());
  return parsed;
}

/// Loads the file, or else its copy.
template <class T>
result<T> load_either(storage& files, const std::string& path, const secret& pass,
                      uint64_t limit_bytes, result<T> (*parse)(std::string_view)) {
  auto main = load_one(files, path, pass, limit_bytes, parse);
  if (main)
    return main;
  auto copy = load_one(files, copy_of(path), pass, limit_bytes, parse);
  if (copy)
    return copy;
  return merge_failures(path, main.failure(), copy.failure());
}

} // namespace pgbraid
