// Answers in XML: small trees of elements, read by expat.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::rest {

/// An element with its own text and what is in it. Name spaces are not kept.
struct element {
  std::string name;
  std::string text = {};
  std::vector<element> children = {};
  std::vector<std::pair<std::string, std::string>> attributes = {};

  /// The first child of that name; null when there is none.
  const element* child(std::string_view wanted) const;
  /// Its text; empty when there is none.
  std::string_view text_of(std::string_view wanted) const;
  /// Of this element; empty when there is none.
  std::string_view attribute(std::string_view wanted) const;
};

/// The root. Fails with `format` (29) for what is no XML, has a document type (entities are defined
/// there), or is nested more deeply than any answer.
result<element> parse_xml(byte_view text);
/// Text as the content of an element. Control characters, which XML cannot hold, stay.
std::string xml_escaped(std::string_view text);

} // namespace pgbraid::rest
