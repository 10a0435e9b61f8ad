// What a lock file says about its holder.
// SPDX-License-Identifier: MIT
#include "engine/format/lock_content.hpp"

#include "engine/format/info_value.hpp"
#include "engine/format/json_writer.hpp"

namespace pgbraid::format {

std::string render(const lock_content& content) {
  std::string text;
  json_writer out(text);
  out.begin_object().member("execId").string(content.exec_id);
  if (content.percent_hundredths)
    out.member("pctCplt").number(*content.percent_hundredths);
  out.member("pid").number(content.pid);
  if (content.size_bytes)
    out.member("sz").number(*content.size_bytes);
  if (content.size_complete_bytes)
    out.member("szCplt").number(*content.size_complete_bytes);
  out.end_object();
  return text;
}

namespace {

/// `<pid> LF <exec id> LF`, written before 2.39.
result<lock_content> parse_two_lines(std::string_view text) {
  const auto end = text.find('\n');
  const auto pid = parse_uint(text.substr(0, end));
  if (!pid)
    return error{errc::format, "lock file holds neither JSON nor a process id"};
  lock_content content{.exec_id = {}, .pid = *pid};
  if (end != text.npos) {
    text.remove_prefix(end + 1);
    content.exec_id = text.substr(0, text.find('\n'));
  }
  return content;
}

} // namespace

result<lock_content> parse_lock_content(std::string_view text) {
  if (text.empty())
    return lock_content{};
  if (!text.starts_with('{'))
    return parse_two_lines(text);
  lock_content content;
  json_reader in(text.substr(0, text.find_last_not_of('\n') + 1));
  in.begin_object();
  while (auto name = in.next_member()) {
    if (*name == "execId")
      read_json(in, content.exec_id);
    else if (*name == "pid")
      read_json(in, content.pid);
    else if (*name == "pctCplt")
      read_json(in, content.percent_hundredths);
    else if (*name == "sz")
      read_json(in, content.size_bytes);
    else if (*name == "szCplt")
      read_json(in, content.size_complete_bytes);
    else
      in.skip_value();
  }
  if (auto done = in.check(); !done)
    return done.failure().within("lock file");
  return content;
}

} // namespace pgbraid::format
