// One request, of which nothing is told.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/lender_answer.hpp"

#include "engine/http/tried_request.hpp"
#include "engine/io/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

namespace pgbraid::rest {

error no_keys(std::string_view from, std::string_view why) {
  return {errc::protocol, fmt::format("no credentials from {}: {}", from, why)};
}

result<std::string> lender_answer(std::string_view shown, http::request what,
                                  const http::client_settings& how,
                                  std::chrono::milliseconds limit) {
  what.answer_limit_bytes = lender_answer_bytes;
  what.secret = true;
  http::tried_request one(
      std::make_shared<http::client>(how), [what]() -> result<http::request> { return what; },
      limit);
  auto answer = one.wait();
  if (!answer) {
    auto why = answer.failure();
    // A message about somebody busy shows what was asked for.
    why.message = fmt::format("no credentials from {}: {}", shown,
                              why.code == errc::service ? "it is too busy" : why.message);
    return why;
  }
  if (answer->status != 200)
    return no_keys(shown, fmt::format("it answers with status {}", answer->status));
  return std::string(as_text(answer->body));
}

result<std::string> content_of_key_file(const std::string& file) {
  const io::unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(lender_answer_bytes, '\0');
  const auto got = fd.get() < 0 ? -1 : ::read(fd.get(), text.data(), text.size());
  if (got < 0)
    return system_error(errc::file_open, fmt::format("unable to read key file '{}'", file), errno);
  text.resize(static_cast<size_t>(got));
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  return text;
}

} // namespace pgbraid::rest
