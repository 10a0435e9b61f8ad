// The options of one run, resolved: every value parsed, checked and ready to use.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/key.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/value.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::config {

struct inputs;
struct sources;

/// The options of one command.
///
/// Names are literals checked while compiling: `opts.flag("online")`, `opts.text("repo-path", i)`.
/// Options of a group (`pg`, `repo`) take a position, 0 .. count-1 in ascending order of the keys
/// users write; without a position the default one is meant: the repository chosen by `--repo`, or
/// the first. Log and messages name the key: `repo{repo_key(i)}`.
/// Typed accessors may be called only for an option that has a value (a default counts) and is
/// valid for the command: ask `has_value` where there may be none. Lists and maps are simply empty.
class options {
public:
  config::command_id command() const { return command_; }
  std::string_view command_name() const { return row_of(command_).name; }
  command_role role() const { return role_; }
  /// Whether its begin and end lines are DEBUG, since programs read what it prints.
  bool is_quiet() const {
    return row_of(command_).quiet ||
           (command_ == config::command_id::archive_server && !parameters_.empty());
  }
  /// Words after the command.
  const std::vector<std::string>& parameters() const { return parameters_; }

  /// Whether the option exists for this command at all.
  bool valid(key name) const;
  bool has_value(key name) const;
  bool has_value(key name, size_t position) const;
  /// Where the value came from; `fallback` also when there is none.
  value_source source(key name) const;
  value_source source(key name, size_t position) const;
  /// Set by a user, in whatever way: not the default.
  bool is_set(key name) const { return source(name) != value_source::fallback; }
  bool is_set(key name, size_t position) const {
    return source(name, position) != value_source::fallback;
  }

  bool flag(flag_key name) const;
  bool flag(flag_key name, size_t position) const;
  int64_t integer(integer_key name) const;
  int64_t integer(integer_key name, size_t position) const;
  uint64_t size_bytes(size_key name) const;
  uint64_t size_bytes(size_key name, size_t position) const;
  int64_t time_ms(time_key name) const;
  int64_t time_ms(time_key name, size_t position) const;
  /// Strings, paths (no trailing slash) and words of a list of choices.
  const std::string& text(text_key name) const;
  const std::string& text(text_key name, size_t position) const;
  const std::vector<std::string>& list(list_key name) const;
  const std::vector<std::string>& list(list_key name, size_t position) const;
  const std::map<std::string, std::string>& map(map_key name) const;
  const std::map<std::string, std::string>& map(map_key name, size_t position) const;

  /// Number of repositories that are configured; 0 only for commands that know none.
  size_t repo_count() const { return repos_.keys.size(); }
  /// The number users write for a repository: 5 for `repo5-path`.
  unsigned repo_key(size_t position) const;
  size_t repo_default() const { return repos_.position; }
  /// Whether `--repo` chose one; else commands that look at all repositories do.
  bool repo_chosen() const { return repos_.chosen; }
  /// Number of PostgreSQL clusters that are configured.
  size_t pg_count() const { return pgs_.keys.size(); }
  unsigned pg_key(size_t position) const;
  size_t pg_default() const { return pgs_.position; }

  /// Everything these options were made from, to make others from it.
  const inputs& inputs_of_run() const;

  /// This program's real path.
  const std::string& program() const { return program_; }
  /// `<process id>-<8 hex digits>`, the same for the whole run; stands in lock files. Empty until
  /// set.
  const std::string& exec_id() const;
  /// Sets the exec-id unless one was given.
  void set_exec_id(std::string id);

  /// `backup command begin 0.1.0: --exec-id=... --stanza=demo`: what is not default, sorted by
  /// name, secrets as `<redacted>`.
  std::string begin_line() const;
  /// Words such as `--stanza=demo` that give another command of this program what was given to this
  /// one on its command line (and where its configuration lies); quoted where a value has spaces.
  /// Leaves out secrets, exec-id, job-retry, job-retry-interval, log options, process-max and cmd.
  std::vector<std::string> words_for(command_id other) const;
  /// The words that start the background role of this command, which finds the same environment and
  /// files: what was said on the command line, unquoted, without output to a terminal;
  /// `archive-push:async` and its parameters last. It has an exec-id of its own: under this one its
  /// locks would count as held by whoever starts it.
  std::vector<std::string> background_words(const std::vector<std::string>& parameters) const;
  /// The same for another command, which goes on when this one is over.
  std::vector<std::string> background_words_for(command_id other) const;
  /// The words that start the remote role of this command on the host that serves one repository or
  /// cluster, unquoted, `backup:remote` last: what was set here and is neither secret nor about
  /// this host, with the configuration that the other host was said to have. A cluster is pg1 over
  /// there; a repository keeps its key.
  /// @param serves    which group
  /// @param position  in the group
  /// @param process   0 is the connection that takes the locks
  std::vector<std::string> remote_words(option_group serves, size_t position,
                                        unsigned process) const;
  /// For those who go through the whole table (help): number of positions of a row, 0 when the
  /// command does not know it; where a value came from; how it is shown (as in a file, secrets as
  /// `<redacted>`, empty when there is none).
  size_t position_count(size_t row) const;
  value_source source_at(size_t row, size_t position) const { return at(row, position).source; }
  std::string shown(size_t row, size_t position) const;
  /// The same sources resolved for another command (backup runs expire when it is done).
  /// Options that the other command does not know are left out.
  result<options> for_command(command_id other) const;

  /// Whether each value is the same there, whatever it came from.
  bool same_values(const options& other) const;

private:
  friend class resolution;
  friend class final_checks;

  struct group_state {
    std::vector<unsigned> keys = {};
    size_t position = 0;
    bool chosen = false;

    friend bool operator==(const group_state&, const group_state&) = default;
  };

  const group_state& group(option_group which) const;
  std::vector<std::string> words_in_background(command_and_role who) const;
  size_t default_position(size_t row) const;
  const value& at(size_t row, size_t position) const;
  value& at(size_t row, size_t position);
  option_ref ref_at(size_t row, size_t position) const;

  config::command_id command_ = config::command_id::help;
  command_role role_ = command_role::main;
  std::vector<std::string> parameters_ = {};
  std::string program_ = {};
  /// One row per option of the table, one value per position (ungrouped options: one).
  std::vector<std::vector<value>> values_ = {};
  group_state pgs_ = {};
  group_state repos_ = {};
  std::shared_ptr<const sources> sources_ = {};
};

} // namespace pgbraid::config
