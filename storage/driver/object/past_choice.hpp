// Which versions were the objects of a bucket at some time.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/object/version_store.hpp"

namespace pgbraid::object {

/// Chooses from one page after the other. The versions of a key may lie on two pages: of the last
/// key of a page nothing is told until it is known that no more of it follow.
class past_choice {
public:
  /// @param time_s  what was made in this second was there
  past_choice(int64_t time_s, version_order order) : time_s_(time_s), order_(order) {}

  /// The objects that this page makes certain, in the order of their keys.
  std::vector<object_version> take(const version_page& page);
  /// All of it as a text without line feeds, for who comes back with the next page.
  std::string kept() const;
  /// Goes on with what was kept. Fails with `format` for anything else.
  result<void> go_on_from(std::string_view kept);

private:
  void look_at(const object_version& one);
  /// Whether `one` was the object at that time, as far as it tells itself.
  bool was_there(const object_version& one) const;

  const int64_t time_s_;
  const version_order order_;
  std::string key_;                      ///< the last one that was looked at; empty: none yet
  std::optional<object_version> chosen_; ///< of its versions
  bool settled_ = false;                 ///< what else comes of this key is older
};

} // namespace pgbraid::object
