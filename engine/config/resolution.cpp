// Brings together what was said in all places.
// SPDX-License-Identifier: MIT
#include "engine/config/resolution.hpp"

#include "engine/base/printable.hpp"
#include "engine/config/config_file.hpp"
#include "engine/config/environment.hpp"
#include "engine/config/whole_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <set>

namespace pgbraid::config {

namespace {

option_ref plain(key name) {
  return {static_cast<uint16_t>(name.row()), 0};
}

/// `'a' = 'b'`, or how else users would meet a dependency.
std::string wanted(const option_row& row, std::string_view shown, std::string_view values) {
  if (values.empty() || (row.type == option_type::boolean && values == "y"))
    return fmt::format("'{}'", shown);
  if (row.type == option_type::boolean)
    return fmt::format("'no-{}'", shown);
  if (values.find('|') == std::string_view::npos)
    return fmt::format("'{}' = '{}'", shown, values);
  std::string list(values);
  for (size_t at = 0; (at = list.find(" | ", at)) != std::string::npos; at += 4)
    list.replace(at, 3, "', '");
  return fmt::format("'{}' in ('{}')", shown, list);
}

/// Whether a value set by a user is one that has no effect yet.
bool unbuilt(std::string_view text, std::string_view list, std::string_view fallback) {
  return list == "*" ? text != fallback : among(text, list);
}

error refuse_unbuilt(const option_row& row, std::string_view name, std::string_view text) {
  const bool words = row.type == option_type::choice || row.type == option_type::bool_like;
  if (words)
    return {errc::feature_not_supported,
            fmt::format("value '{}' of option '{}' is not supported yet", text, name)};
  return {errc::feature_not_supported, fmt::format("option '{}' is not supported yet", name)};
}

/// The error with the place that the value comes from. In an INI file this is a hint, so that the
/// first line stays the one that scripts know.
error placed(error what, const setting& set, const option_row& row, std::string_view name) {
  if (set.where.empty())
    return what;
  if (set.strict)
    return what.within(set.where);
  const auto value = (row.flags & secure) || set.texts.empty() ? "..." : set.texts.front();
  what.hint += fmt::format("{}{} says: {}={}", what.hint.empty() ? "" : "\n", set.where, name,
                           printable(value));
  return what;
}

} // namespace

resolution::resolution(std::shared_ptr<const sources> from, command_and_role who,
                       resolution_mode mode, std::vector<std::string>& warnings)
    : from_(std::move(from)), command_(who.command), role_(who.role), mode_(mode),
      warnings_(warnings) {}

result<options> resolution::run() {
  if (auto done = gather(); !done)
    return done.failure();
  if (role_ == command_role::remote && !find(plain("remote-type")))
    return error{
        errc::option_required,
        fmt::format("{}:remote command requires option: remote-type", row_of(command_).name)};
  settle_compress();
  out_.command_ = command_;
  out_.role_ = role_;
  out_.parameters_ = from_->line.parameters;
  out_.program_ = from_->from.program;
  out_.sources_ = from_;
  collect_keys();
  for (size_t row = 0; row < options_table.size(); ++row) {
    if (auto done = resolve_row(row); !done)
      return done.failure();
  }
  for (const auto which : {option_group::pg, option_group::repo}) {
    drop_phantoms(which);
    if (auto done = choose(which); !done)
      return done.failure();
  }
  return std::move(out_);
}

result<void> resolution::gather() {
  for (const auto& [ref, set] : from_->line.given) {
    if (known(ref.row))
      given_.emplace(ref, set);
    else if (mode_ == resolution_mode::normal)
      return error{errc::option_invalid, fmt::format("option '{}' not valid for command '{}'",
                                                     shown_name(ref), row_of(command_).name)};
  }
  if (auto done = add_environment(from_->from.environment, {command_, role_}, given_, warnings_);
      !done)
    return done;
  std::string stanza;
  if (const auto* set = find(plain("stanza")); set && !set->texts.empty()) {
    stanza = set->texts.front();
    if (auto valid = check_stanza_name(stanza); !valid)
      return valid;
  }
  return add_sections(from_->file, stanza, {command_, role_}, given_, warnings_);
}

/// The old switch for compression says nothing next to compress-type; alone, `n` means none.
void resolution::settle_compress() {
  const auto old = given_.find(plain("compress"));
  if (old == given_.end())
    return;
  const auto set = old->second;
  given_.erase(old);
  if (given_.contains(plain("compress-type"))) {
    warnings_.push_back("'compress' and 'compress-type' options should not both be set\n"
                        "HINT: 'compress-type' is preferred and 'compress' is deprecated.");
    return;
  }
  if (set.negated || (!set.texts.empty() && set.texts.front() == "n"))
    given_[plain("compress-type")] = {{"none"}, false, false, set.source, set.where};
}

void resolution::collect_keys() {
  std::set<unsigned> pgs;
  std::set<unsigned> repos;
  for (const auto& [ref, set] : given_) {
    if (ref.table_row().group == option_group::pg)
      pgs.insert(ref.key);
    else if (ref.table_row().group == option_group::repo)
      repos.insert(ref.key);
  }
  const auto knows = [&](option_group which) {
    return std::any_of(options_table.begin(), options_table.end(), [&](const option_row& row) {
      return row.group == which && row.known_to({command_, role_});
    });
  };
  if (knows(option_group::pg))
    pgs.insert(1);
  if (repos.empty() && knows(option_group::repo))
    repos.insert(1);
  out_.pgs_.keys.assign(pgs.begin(), pgs.end());
  out_.repos_.keys.assign(repos.begin(), repos.end());

  done_.assign(options_table.size(), false);
  out_.values_.resize(options_table.size());
  for (size_t row = 0; row < options_table.size(); ++row) {
    const auto which = about(row).group;
    const auto count = which == option_group::none ? 1 : group(which).keys.size();
    out_.values_[row].resize(known(row) ? count : 0);
  }
}

result<void> resolution::resolve_row(size_t row) {
  if (done_[row] || !known(row))
    return success();
  done_[row] = true;
  if (const auto& needs = about(row).needs; !needs.option.empty()) {
    if (auto done = resolve_row(find_option(needs.option)); !done)
      return done;
  }
  for (size_t i = 0; i < out_.values_[row].size(); ++i) {
    if (auto done = resolve_value(row, i); !done)
      return done;
  }
  return success();
}

result<void> resolution::resolve_value(size_t row, size_t position) {
  const auto* set = find(out_.ref_at(row, position));
  const auto depended = dependency_value(row, position);
  if (!depended) {
    if (set && !set->reset && set->source == value_source::command_line &&
        mode_ == resolution_mode::normal)
      return not_met(row, position);
    if (const auto forced = about(row).needs.otherwise; !forced.empty()) {
      auto parsed = parse_value(about(row), about(row).name, "", {std::string(forced)}, warnings_);
      assert(parsed);
      out_.at(row, position) = std::move(*parsed);
    }
    return success();
  }
  if (!set || set->reset) {
    if (auto done = take_default(row, position, *depended); !done)
      return done;
    out_.at(row, position).reset = set != nullptr;
    return success();
  }
  return take_setting(*set, row, position, *depended);
}

result<void> resolution::take_default(size_t row, size_t position, std::string_view depended) {
  std::string text(part(about(row).fallback, depended));
  if (text == "<program>")
    text = from_->from.program;
  if (text.empty()) {
    if (!required(row) || mode_ == resolution_mode::help)
      return success();
    return error{errc::option_required,
                 fmt::format("{} command requires option: {}", row_of(command_).name,
                             name_at(row, position)),
                 about(row).where == section::stanza ? stanza_hint() : std::string()};
  }
  auto parsed = parse_value(about(row), name_at(row, position), "", {text}, warnings_);
  if (!parsed)
    return parsed.failure();
  out_.at(row, position) = std::move(*parsed);
  return success();
}

std::string resolution::stanza_hint() const {
  const std::string hint = "does this stanza exist?";
  // Where files lie here is no other host's business.
  return role_ != command_role::remote ? hint + "\n" + configuration_in_words(out_) + "." : hint;
}

result<void> resolution::take_setting(const setting& set, size_t row, size_t position,
                                      std::string_view depended) {
  const auto name = name_at(row, position);
  auto& here = out_.at(row, position);
  const bool switchable =
      about(row).type == option_type::boolean || about(row).type == option_type::bool_like;
  if (set.negated && !switchable) {
    here.negated = true;
    here.source = set.source;
    return success();
  }
  const auto texts = set.negated ? std::vector<std::string>{"n"} : set.texts;
  auto parsed = parse_value(about(row), name, part(about(row).allowed, depended), texts, warnings_);
  if (!parsed)
    return placed(parsed.failure(), set, about(row), name);
  const auto missing = part(about(row).unbuilt, depended);
  if (mode_ != resolution_mode::help && !missing.empty() &&
      unbuilt(texts.front(), missing, part(about(row).fallback, depended)))
    return placed(refuse_unbuilt(about(row), name, texts.front()), set, about(row), name);
  here = std::move(*parsed);
  here.source = set.source;
  here.negated = set.negated;
  return success();
}

std::optional<std::string> resolution::dependency_value(size_t row, size_t position) const {
  const auto& needs = about(row).needs;
  if (needs.option.empty() || !(needs.only_for.empty() || needs.only_for.contains(command_)))
    return "";
  const auto other = find_option(needs.option);
  if (!known(other))
    return "";
  const auto& on = out_.at(other, about(other).group == option_group::none ? 0 : position);
  if (!on.has_value())
    return std::nullopt;
  const auto* flag = std::get_if<bool>(&on.data);
  const auto* text = std::get_if<std::string>(&on.data);
  std::string current = flag ? (*flag ? "y" : "n") : (text ? *text : "");
  if (!needs.values.empty() && !among(current, needs.values))
    return std::nullopt;
  return current;
}

/// The remote role needs nothing for what it does not serve.
bool resolution::required(size_t row) const {
  if (!about(row).required.contains(command_))
    return false;
  if (role_ != command_role::remote || about(row).group == option_group::none)
    return true;
  const auto* serves = find(plain("remote-type"));
  return serves && !serves->texts.empty() && serves->texts.front() == group_name(about(row).group);
}

error resolution::not_met(size_t row, size_t position) const {
  const auto& needs = about(row).needs;
  const auto other = find_option(needs.option);
  return {errc::option_invalid,
          fmt::format("option '{}' not valid without option {}", name_at(row, position),
                      wanted(about(other), name_at(other, position), needs.values))};
}

/// Takes away keys that were mentioned but came to nothing.
void resolution::drop_phantoms(option_group which) {
  auto& keys = group(which).keys;
  const auto set_at = [&](size_t position) {
    for (size_t row = 0; row < options_table.size(); ++row) {
      if (about(row).group == which && known(row) &&
          out_.at(row, position).source != value_source::fallback)
        return true;
    }
    return false;
  };
  for (size_t i = keys.size(); i-- > 0;) {
    if (set_at(i))
      continue;
    if (keys.size() == 1) {
      keys.front() = 1;
      return;
    }
    keys.erase(keys.begin() + static_cast<ptrdiff_t>(i));
    for (size_t row = 0; row < options_table.size(); ++row) {
      if (auto& values = out_.values_[row]; about(row).group == which && !values.empty())
        values.erase(values.begin() + static_cast<ptrdiff_t>(i));
    }
  }
}

/// Honours --repo and --pg.
result<void> resolution::choose(option_group which) {
  const auto row = find_option(group_name(which));
  if (!known(row) || !out_.at(row, 0).has_value())
    return success();
  auto& state = group(which);
  const auto wanted_key = std::get<int64_t>(out_.at(row, 0).data);
  const auto found = std::find(state.keys.begin(), state.keys.end(), wanted_key);
  if (found == state.keys.end())
    return error{errc::option_invalid_value, fmt::format("key '{}' is not valid for '{}' option",
                                                         wanted_key, group_name(which))};
  state.position = static_cast<size_t>(found - state.keys.begin());
  state.chosen = true;
  return success();
}

options::group_state& resolution::group(option_group which) {
  return which == option_group::pg ? out_.pgs_ : out_.repos_;
}

const setting* resolution::find(option_ref ref) const {
  const auto found = given_.find(ref);
  return found == given_.end() ? nullptr : &found->second;
}

std::string resolution::name_at(size_t row, size_t position) const {
  return shown_name(out_.ref_at(row, position));
}

std::string_view resolution::part(std::string_view text, std::string_view depended) const {
  const bool toml = std::ranges::any_of(from_->file, &file_entry::strict);
  const std::array<std::string_view, 3> names = {row_of(command_).name, depended,
                                                 toml ? "toml" : ""};
  return part_for(text, names);
}

result<void> check_stanza_name(std::string_view name) {
  const bool control =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 32 || c == 127; });
  if (!control && !name.starts_with('.') && name.find_first_of("/:") == std::string_view::npos)
    return success();
  return error{
      errc::option_invalid_value,
      fmt::format("'{}' is not valid for 'stanza' option",
                  control ? std::string_view("...") : name),
      "a stanza name has no '/', ':' or control characters and does not begin with a dot."};
}

} // namespace pgbraid::config
