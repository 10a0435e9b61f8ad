// Lines and members.
// SPDX-License-Identifier: MIT
#include "engine/report/file_list.hpp"

#include "engine/format/json_writer.hpp"

#include <utility>

namespace pgbraid::report {

namespace {

std::string_view word_of(listed_kind kind) {
  switch (kind) {
  case listed_kind::file:
    return "file";
  case listed_kind::path:
    return "path";
  case listed_kind::link:
    return "link";
  case listed_kind::special:
    break;
  }
  return "special";
}

} // namespace

void file_list::add(const listed_name& one) {
  if (!json_) {
    text_.append(one.name) += '\n';
    return;
  }
  text_ += first_ ? "{" : ",";
  first_ = false;
  text_ += format::json_string(one.name) + ":";
  format::json_writer about(text_);
  about.begin_object().member("type").string(word_of(one.kind));
  if (one.kind == listed_kind::file) {
    about.member("size").number(one.size_bytes).member("time").number(one.mtime_s);
    if (!one.version.empty())
      about.member("version").string(one.version);
  } else if (one.kind == listed_kind::link) {
    about.member("destination").string(one.destination);
  }
  about.end_object();
}

void file_list::end() {
  if (json_)
    text_ += first_ ? "{}\n" : "}\n";
}

std::string file_list::take() {
  return std::exchange(text_, {});
}

} // namespace pgbraid::report
