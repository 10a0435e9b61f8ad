// Elements, as expat meets them.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/xml_text.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace pgbraid::rest {

namespace {

constexpr size_t depth_most = 16;
constexpr size_t elements_most = 50'000;

struct reading {
  XML_Parser parser = nullptr;
  element above = {}; ///< of the root
  std::vector<element*> open = {};
  size_t elements = 0;
  const char* refused = nullptr;

  void refuse(const char* why) {
    refused = why;
    XML_StopParser(parser, XML_FALSE);
  }
};

void begin_element(void* of, const char* name, const char** attributes) {
  auto& in = *static_cast<reading*>(of);
  if (in.open.size() > depth_most)
    return in.refuse("it is nested too deeply");
  if (++in.elements > elements_most)
    return in.refuse("it has too many elements");
  auto& parent = *in.open.back();
  parent.children.push_back({.name = name});
  for (; *attributes != nullptr; attributes += 2) // names and values in turn
    parent.children.back().attributes.emplace_back(attributes[0], attributes[1]);
  in.open.push_back(&parent.children.back());
}

void end_element(void* of, const char*) {
  static_cast<reading*>(of)->open.pop_back();
}

void add_text(void* of, const char* text, int bytes) {
  static_cast<reading*>(of)->open.back()->text.append(text, static_cast<size_t>(bytes));
}

void begin_doctype(void* of, const char*, const char*, const char*, int) {
  static_cast<reading*>(of)->refuse("it has a document type");
}

} // namespace

const element* element::child(std::string_view wanted) const {
  const auto at = std::ranges::find(children, wanted, &element::name);
  return at == children.end() ? nullptr : &*at;
}

std::string_view element::text_of(std::string_view wanted) const {
  const auto* one = child(wanted);
  return one == nullptr ? std::string_view() : std::string_view(one->text);
}

std::string_view element::attribute(std::string_view wanted) const {
  const auto at = std::ranges::find(attributes, wanted, &decltype(attributes)::value_type::first);
  return at == attributes.end() ? std::string_view() : std::string_view(at->second);
}

result<element> parse_xml(byte_view text) {
  // Some send blanks for as long as they have no answer yet.
  while (!text.empty() && as_text(text.first(1)).find_first_of(" \t\r\n") == 0)
    text = text.subspan(1);
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate(nullptr), &XML_ParserFree);
  reading in{.parser = parser.get()};
  in.open.push_back(&in.above);
  XML_SetUserData(parser.get(), &in);
  XML_SetElementHandler(parser.get(), begin_element, end_element);
  XML_SetCharacterDataHandler(parser.get(), add_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), begin_doctype);
  const auto status = XML_Parse(parser.get(), reinterpret_cast<const char*>(text.data()),
                                static_cast<int>(text.size()), XML_TRUE);
  if (status != XML_STATUS_OK)
    return error{errc::format, fmt::format("invalid XML in the answer of the store: {}",
                                           in.refused != nullptr
                                               ? in.refused
                                               : XML_ErrorString(XML_GetErrorCode(parser.get())))};
  if (in.above.children.size() != 1)
    return error{errc::format, "invalid XML in the answer of the store: it holds nothing"};
  return std::move(in.above.children.front());
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    default:
      out += c;
    }
  return out;
}

} // namespace pgbraid::rest
