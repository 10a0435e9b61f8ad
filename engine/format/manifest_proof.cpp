// The proof that the text of a manifest says what the manifest says.
// SPDX-License-Identifier: MIT
#include "engine/format/manifest_proof.hpp"

#include "engine/format/checked_text.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/manifest_equality.hpp"
#include "engine/format/manifest_parser.hpp"

#include <optional>
#include <string>
#include <utility>

namespace pgbraid::format {

/// Keeps no files: each is compared with the next of the manifest that was rendered.
class manifest_proof::reader final : public manifest_parser {
public:
  explicit reader(const manifest& of) : of_(of) {}

  /// The first thing that was read as something else. After `finish`.
  std::optional<std::string> difference(const manifest& read) const {
    if (difference_)
      return difference_;
    if (next_ < of_.files.size())
      return named(of_.files[next_].name);
    return first_difference_beside_files(of_, read);
  }

private:
  static std::string named(std::string_view file) { return "file '" + printable(file) + "'"; }

  result<void> take(manifest_file& read) override {
    if (difference_)
      return success();
    if (next_ == of_.files.size() || !is_next(read, of_.files[next_]))
      difference_ = named(read.name);
    ++next_;
    const auto fits = sizes_.add(read);
    if (read.rare != &nothing_rare) { // only of the file that was compared
      made().page_errors.clear();
      made().drop_files();
    }
    return fits;
  }

  /// Defaults come behind the files. That they are those of the manifest is found out at the end.
  bool is_next(manifest_file& read, const manifest_file& wanted) {
    const auto& standard = of_.file_defaults;
    const auto settle = [&](owner_index& owner, const std::optional<owner_index>& from) {
      if (owner == unset_owner)
        owner = made().owner(of_.owner_name(from.value_or(no_owner)));
    };
    settle(read.user, standard.user);
    settle(read.group, standard.group);
    if (read.mode == unset_mode && standard.mode)
      read.mode = *standard.mode;
    const bool is_behind_last = next_ == 0 || of_.files[next_ - 1].name < wanted.name;
    const auto& holder = read.reference == none_index ? made().label : labels()[read.reference];
    return is_behind_last && holder == of_.holder(wanted) &&
           is_same_wherever_stored(made(), read, of_, wanted);
  }

  const manifest& of_;
  size_t next_ = 0; ///< of the files
  size_check sizes_;
  std::optional<std::string> difference_;
};

struct manifest_proof::state {
  explicit state(const manifest& proved) : of(proved), parser(proved) {}

  const manifest& of;
  reader parser;
  info_feed lines{[this](const info_line& at) { return parser.line(at); },
                  manifest_parser::files_section};
  std::optional<error> broken;
};

manifest_proof::manifest_proof(const manifest& of) : state_(std::make_unique<state>(of)) {}

manifest_proof::~manifest_proof() = default;

void manifest_proof::feed(std::string_view piece) {
  if (state_->broken)
    return;
  if (auto fed = state_->lines.feed(piece); !fed)
    state_->broken = fed.failure();
}

result<void> manifest_proof::finish() {
  const auto what = "the manifest of backup '" + state_->of.label + "'";
  if (state_->broken)
    return would_not_be_read(what, state_->broken->message);
  auto version = state_->lines.finish();
  if (!version)
    return would_not_be_read(what, version.failure().message);
  const auto read = state_->parser.finish(std::move(*version));
  if (!read)
    return would_not_be_read(what, read.failure().message);
  if (const auto difference = state_->parser.difference(*read))
    return would_not_be_read(what, *difference);
  return success();
}

} // namespace pgbraid::format
