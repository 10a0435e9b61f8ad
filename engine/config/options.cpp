// Access to resolved options.
// SPDX-License-Identifier: MIT
#include "engine/config/options.hpp"

#include "engine/config/resolution.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgbraid::config {

namespace {

/// The value as a `Value`; asking for what is not there is a mistake of ours.
template <class Value> const Value& as(const value& from) {
  const auto* found = std::get_if<Value>(&from.data);
  assert(found && "option has no value");
  return *found;
}

template <class Value> const Value& or_empty(const value& from) {
  static const Value empty;
  const auto* found = std::get_if<Value>(&from.data);
  return found ? *found : empty;
}

} // namespace

const options::group_state& options::group(option_group which) const {
  return which == option_group::pg ? pgs_ : repos_;
}

size_t options::default_position(size_t row) const {
  const auto which = options_table[row].group;
  return which == option_group::none ? 0 : group(which).position;
}

size_t options::position_count(size_t row) const {
  return values_.empty() ? 0 : values_[row].size();
}

option_ref options::ref_at(size_t row, size_t position) const {
  const auto which = options_table[row].group;
  return {static_cast<uint16_t>(row),
          which == option_group::none ? 0U : group(which).keys[position]};
}

const value& options::at(size_t row, size_t position) const {
  assert(position < position_count(row) && "option is not valid for this command or index");
  return values_[row][position];
}

value& options::at(size_t row, size_t position) {
  return const_cast<value&>(std::as_const(*this).at(row, position));
}

bool options::valid(key name) const {
  return options_table[name.row()].known_to({command_, role_});
}

bool options::has_value(key name) const {
  return has_value(name, default_position(name.row()));
}

bool options::has_value(key name, size_t position) const {
  return position < position_count(name.row()) && at(name.row(), position).has_value();
}

value_source options::source(key name) const {
  return source(name, default_position(name.row()));
}

value_source options::source(key name, size_t position) const {
  return position < position_count(name.row()) ? at(name.row(), position).source
                                               : value_source::fallback;
}

bool options::flag(flag_key name) const {
  return flag(name, default_position(name.row()));
}

bool options::flag(flag_key name, size_t position) const {
  return as<bool>(at(name.row(), position));
}

int64_t options::integer(integer_key name) const {
  return integer(name, default_position(name.row()));
}

int64_t options::integer(integer_key name, size_t position) const {
  return as<int64_t>(at(name.row(), position));
}

uint64_t options::size_bytes(size_key name) const {
  return size_bytes(name, default_position(name.row()));
}

uint64_t options::size_bytes(size_key name, size_t position) const {
  return static_cast<uint64_t>(as<int64_t>(at(name.row(), position)));
}

int64_t options::time_ms(time_key name) const {
  return time_ms(name, default_position(name.row()));
}

int64_t options::time_ms(time_key name, size_t position) const {
  return as<int64_t>(at(name.row(), position));
}

const std::string& options::text(text_key name) const {
  return text(name, default_position(name.row()));
}

const std::string& options::text(text_key name, size_t position) const {
  return as<std::string>(at(name.row(), position));
}

const std::vector<std::string>& options::list(list_key name) const {
  return list(name, default_position(name.row()));
}

const std::vector<std::string>& options::list(list_key name, size_t position) const {
  return or_empty<value_list>(at(name.row(), position));
}

const std::map<std::string, std::string>& options::map(map_key name) const {
  return map(name, default_position(name.row()));
}

const std::map<std::string, std::string>& options::map(map_key name, size_t position) const {
  return or_empty<value_map>(at(name.row(), position));
}

unsigned options::repo_key(size_t position) const {
  assert(position < repos_.keys.size());
  return repos_.keys[position];
}

unsigned options::pg_key(size_t position) const {
  assert(position < pgs_.keys.size());
  return pgs_.keys[position];
}

const std::string& options::exec_id() const {
  return or_empty<std::string>(at(key("exec-id").row(), 0));
}

void options::set_exec_id(std::string id) {
  auto& here = at(key("exec-id").row(), 0);
  if (here.has_value())
    return;
  here.shown = {id};
  here.data = std::move(id);
  here.source = value_source::command_line;
}

const inputs& options::inputs_of_run() const {
  return sources_->from;
}

bool options::same_values(const options& other) const {
  const auto same = [](const value& a, const value& b) { return a.data == b.data; };
  if (command_ != other.command_ || pgs_ != other.pgs_ || repos_ != other.repos_)
    return false;
  for (size_t row = 0; row < values_.size(); ++row)
    if (row != key("exec-id").row() && !std::ranges::equal(values_[row], other.values_[row], same))
      return false;
  return true;
}

result<options> options::for_command(command_id other) const {
  std::vector<std::string> told_before;
  auto out = resolution(sources_, {other}, resolution_mode::follow_up, told_before).run();
  if (out && !exec_id().empty())
    out->set_exec_id(exec_id());
  return out;
}

} // namespace pgbraid::config
