// Brings together what was said in all places, in order of precedence.
// Source: engine/config/README.md, sections 1 and 9.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/sources.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pgbraid::config {

enum class resolution_mode : uint8_t {
  normal,
  follow_up, ///< for another command than the one given: what it does not know is left out
  help,      ///< nothing is required, nothing is refused
};

/// Resolves the options of one command; used once.
class resolution {
public:
  resolution(std::shared_ptr<const sources> from, command_and_role who, resolution_mode mode,
             std::vector<std::string>& warnings);

  result<options> run();

  /// What resolved options were made from.
  static const std::shared_ptr<const sources>& sources_of(const options& of) { return of.sources_; }

private:
  result<void> gather();
  void settle_compress();
  void collect_keys();
  result<void> resolve_row(size_t row);
  result<void> resolve_value(size_t row, size_t position);
  result<void> take_default(size_t row, size_t position, std::string_view depended);
  result<void> take_setting(const setting& from, size_t row, size_t position,
                            std::string_view depended);
  /// The text of the value depended on, "" without dependency; nothing when it is not met.
  std::optional<std::string> dependency_value(size_t row, size_t position) const;
  bool required(size_t row) const;
  std::string stanza_hint() const;
  error not_met(size_t row, size_t position) const;
  void drop_phantoms(option_group which);
  result<void> choose(option_group which);

  const option_row& about(size_t row) const { return options_table[row]; }
  bool known(size_t row) const { return about(row).known_to({command_, role_}); }
  options::group_state& group(option_group which);
  const setting* find(option_ref ref) const;
  std::string name_at(size_t row, size_t position) const;
  std::string_view part(std::string_view text, std::string_view depended) const;

  std::shared_ptr<const sources> from_;
  command_id command_;
  command_role role_;
  resolution_mode mode_;
  std::vector<std::string>& warnings_;
  setting_map given_ = {};
  std::vector<bool> done_ = {};
  options out_ = {};
};

/// Rejects names that could leave their place in paths or configuration files.
result<void> check_stanza_name(std::string_view name);

} // namespace pgbraid::config
