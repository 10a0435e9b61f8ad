// A repository that is left alone for a while, because it did not take WAL.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// Commands come and go; what one of them found out about a repository the next one need not wait
/// for.
struct journal_hold {
  unsigned failures = 0; ///< one after the other
  int64_t since_s = 0;   ///< when the first of them was, since 1970
  int64_t next_s = 0;    ///< when the next try may be, since 1970
  std::string why = {};  ///< of the last one
};

/// After one more failure; each is given longer, two minutes at most.
journal_hold hold_after(const std::optional<journal_hold>& before, int64_t now_s, std::string why);

/// Where there was no room for words; the next try is as late as any.
journal_hold wordless_hold(int64_t since_s);

/// Whether a try is due. So it is when the clock was set back meanwhile.
bool is_try_due(const journal_hold& hold, int64_t now_s);

/// Three numbers in a line, and the reason below it.
std::string render_hold(const journal_hold& of);
/// Empty for what nobody writes.
std::optional<journal_hold> parse_hold(std::string_view text);

} // namespace pgbraid::plan
