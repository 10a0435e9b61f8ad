// Recovery settings as PostgreSQL reads them: its lexer, by the documentation of configuration
// files. SPDX-License-Identifier: MIT
#include "engine/plan/recovery_settings.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

using settings = std::vector<std::pair<std::string, std::string>>;

/// What stands between quotes: `''` is a quote, a backslash makes the next character itself (the
/// letters that stand for control characters are not used here). Nothing for what would end early.
std::optional<std::string> unquoted(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'' || text[i] == '\\') {
      if (i + 1 == text.size() || (text[i] == '\'' && text[i + 1] != '\''))
        return std::nullopt;
      ++i;
    }
    out += text[i];
  }
  return out;
}

/// Reads a settings file: `name = 'value'` or a comment on each line. Nothing where PostgreSQL
/// would not read it.
std::optional<settings> read(std::string_view text) {
  settings out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.starts_with('#'))
      continue;
    const auto equals = line.find(" = '");
    if (equals == line.npos || !line.ends_with('\'') || line.size() < equals + 5)
      return std::nullopt;
    const auto value = unquoted(line.substr(equals + 4, line.size() - equals - 5));
    if (!value)
      return std::nullopt;
    out.emplace_back(line.substr(0, equals), *value);
  }
  return out;
}

/// Values that would end their quotes or their line, were they written as they are.
rc::Gen<std::string> any_value() {
  return test::text_of("''\\\\ab =#\"%$", 8);
}

rc::Gen<recovery_type> any_type() {
  return rc::gen::element(recovery_type::standard, recovery_type::immediate, recovery_type::standby,
                          recovery_type::name, recovery_type::time, recovery_type::lsn,
                          recovery_type::xid);
}

recovery_wish any_wish() {
  recovery_wish out{.type = *any_type(),
                    .version = *rc::gen::element(90600U, 110000U, 120000U, 180000U),
                    .target = *any_value(),
                    .exclusive = *rc::gen::arbitrary<bool>(),
                    .target_action = *rc::gen::element<std::string>("pause", "promote", "shutdown"),
                    .restore_command = *any_value(),
                    .restored_at = "2026-11-21 23:12:50"};
  if (*rc::gen::arbitrary<bool>())
    out.target_timeline = *rc::gen::element<std::string>("current", "latest", "7");
  for (const auto* name : {"archive-cleanup-command", "primary_conninfo", "restore-command"})
    if (*between(0, 2) == 0)
      out.options[name] = *any_value();
  return out;
}

std::optional<std::string> value_of(const settings& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &settings::value_type::first);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

} // namespace

TEST_CASE("recovery text: PostgreSQL reads each value as it was meant") {
  test::for_all(
      [] {
        const auto wish = any_wish();
        const auto planned = plan_recovery(wish);
        RC_ASSERT(bool(planned));
        const auto all = read(planned->settings);
        RC_ASSERT(all.has_value());
        if (!wish.options.contains("restore-command"))
          RC_ASSERT(value_of(*all, "restore_command") == wish.restore_command);
        if (has_recovery_target(wish.type)) {
          const auto name = fmt::format("recovery_target_{}", recovery_type_word(wish.type));
          RC_ASSERT(value_of(*all, name) == wish.target);
        }
        // What is written in quotes' own way already is taken for that.
        for (const auto& [option, value] : wish.options) {
          auto name = option;
          std::ranges::replace(name, '-', '_');
          RC_ASSERT(value_of(*all, name) == unquoted(value).value_or(value));
        }
      },
      300);
}

TEST_CASE("recovery text: no setting comes twice, and of targets only that of the type") {
  test::for_all([] {
    const auto wish = any_wish();
    const auto all = *read(plan_recovery(wish)->settings);
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        RC_ASSERT(all[i].first != all[j].first);
    size_t targets = 0;
    for (const auto* name : {"recovery_target", "recovery_target_name", "recovery_target_time",
                             "recovery_target_lsn", "recovery_target_xid"})
      targets += value_of(all, name) ? 1 : 0;
    const bool aims = has_recovery_target(wish.type) || wish.type == recovery_type::immediate;
    RC_ASSERT(targets == (aims ? 1U : 0U));
    // PostgreSQL refuses an action or "inclusive" only where it means nothing to say them.
    RC_ASSERT(value_of(all, "recovery_target_action").has_value() ==
              (aims && wish.target_action != "pause"));
    RC_ASSERT(value_of(all, "recovery_target_inclusive").has_value() ==
              (has_recovery_target(wish.type) && wish.exclusive));
  });
}

TEST_CASE("recovery text: releases before 12 are told nothing that they do not know") {
  test::for_all([] {
    const auto wish = any_wish();
    const auto planned = *plan_recovery(wish);
    const auto all = *read(planned.settings);
    const bool old = wish.version < 120000;
    RC_ASSERT(*planned.settings_file == (old ? "recovery.conf" : "postgresql.auto.conf"));
    RC_ASSERT(planned.signal_file.has_value() == !old);
    RC_ASSERT(value_of(all, "standby_mode").has_value() ==
              (old && wish.type == recovery_type::standby));
    if (old)
      RC_ASSERT(value_of(all, "recovery_target_timeline").value_or("") != "current");
  });
}

TEST_CASE("recovery text: what would be more than one line is refused wherever it stands") {
  test::for_all([] {
    test::hostile("control characters and line feeds");
    auto wish = any_wish();
    auto bad = *any_value();
    const auto at = *between<size_t>(0, bad.size());
    bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(at),
               *rc::gen::element('\n', '\r', '\0', '\x1b', '\x7f'));
    switch (*between(0, 3)) {
    case 0:
      wish.target = bad;
      break;
    case 1:
      wish.restore_command = bad;
      break;
    case 2:
      wish.options["recovery_end_command"] = bad;
      break;
    default:
      wish.options[bad] = "x";
    }
    const auto planned = plan_recovery(wish);
    RC_ASSERT(!planned);
    RC_ASSERT(planned.failure().code == errc::option_invalid);
  });
}

TEST_CASE("recovery text: after old targets are disabled none is left, and all else is as it was") {
  const std::vector<std::string> lines{"recovery_target_time = '2026-01-01'",
                                       "RECOVERY_TARGET='immediate'",
                                       "\t recovery_target_xid 7",
                                       "recovery_target_action=promote",
                                       "recovery_target_timelines=1",
                                       "# recovery_target = 'x'",
                                       "restore_command = 'recovery_target'",
                                       "primary_conninfo='a=b'",
                                       "",
                                       "recovery_target_name'x'",
                                       "xrecovery_target = 1"};
  const size_t targets[] = {0, 1, 2, 3, 9};
  test::for_all([&] {
    const auto chosen =
        *rc::gen::container<std::vector<size_t>>(between<size_t>(0, lines.size() - 1));
    std::string text;
    std::string wanted;
    for (const auto at : chosen) {
      text += lines[at] + "\n";
      const bool goes = std::ranges::count(targets, at) > 0;
      wanted += (goes ? "# Disabled by pgbraid restore on T: " : "") + lines[at] + "\n";
    }
    RC_ASSERT(disable_old_targets(text, "T") == wanted);
    RC_ASSERT(disable_old_targets(wanted, "later") == wanted);
  });
}

TEST_CASE("recovery type: words and types are one another's") {
  for (const auto* word :
       {"default", "immediate", "standby", "none", "preserve", "name", "time", "lsn", "xid"}) {
    const auto type = parse_recovery_type(word);
    REQUIRE(type);
    CHECK(recovery_type_word(*type) == word);
  }
  for (const auto* word : {"", "Default", "standard", "timeline", "x"})
    CHECK_FALSE(parse_recovery_type(word));
}
