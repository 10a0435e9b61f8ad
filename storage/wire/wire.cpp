// Messages between hosts as JSON.
// SPDX-License-Identifier: MIT
#include "storage/wire/wire.hpp"

#include "storage/wire/wire_members.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <type_traits>

namespace pgbraid::wire {

namespace {

using nlohmann::json;

// Nothing of ours is nested deeper; more would only cost memory.
constexpr int depth_limit = 6;

// ---- writing

class writer {
public:
  template <class T> void operator()(const char* name, T& value) { put(out_[name], value); }
  template <class T> void operator()(const char* name, std::optional<T>& value) {
    if (value)
      put(out_[name], *value);
  }
  void range(const char* name, uint32_t low, uint32_t high) { out_[name] = {low, high}; }
  void code(const char* name, errc value) { out_[name] = static_cast<unsigned>(value); }

  json take() { return std::move(out_); }

private:
  template <class T> static void put(json& to, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      to = wire_text(value);
    } else if constexpr (std::is_same_v<T, secret>) {
      to = wire_text(value.view());
    } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
      to = value.count();
    } else if constexpr (std::is_enum_v<T>) {
      to = word_for(words<T>::all, value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      to = value;
    } else {
      writer inner;
      members(inner, value);
      to = inner.take();
    }
  }
  template <class T> static void put(json& to, std::vector<T>& values) {
    to = json::array();
    for (auto& one : values)
      put(to.emplace_back(), one);
  }
  static void put(json& to, std::map<uint32_t, std::string>& values) {
    to = json::object();
    for (const auto& [id, name] : values)
      to[std::to_string(id)] = wire_text(name);
  }

  json out_ = json::object();
};

// ---- reading

/// The first thing that is wrong sticks; later members are skipped.
class reader {
public:
  explicit reader(const json& in) : in_(in) {}

  template <class T> void operator()(const char* name, T& value) {
    if (const auto* found = member(name))
      keep(name, take(*found, value));
  }
  template <class T> void operator()(const char* name, std::optional<T>& value) {
    const auto* found = member(name);
    if (found == nullptr || found->is_null())
      return;
    keep(name, take(*found, value.emplace()));
  }
  void range(const char* name, uint32_t& low, uint32_t& high) {
    std::vector<uint32_t> both;
    (*this)(name, both);
    if (both.size() == 2) {
      low = both[0];
      high = both[1];
    } else if (!both.empty())
      keep(name, false);
  }
  void code(const char* name, errc& value) {
    uint32_t number = static_cast<uint32_t>(errc::protocol);
    (*this)(name, number);
    value = number > 0 && number < 256 ? static_cast<errc>(number) : errc::protocol;
  }

  const std::string& wrong() const { return wrong_; }

private:
  const json* member(const char* name) const {
    if (!wrong_.empty())
      return nullptr;
    const auto found = in_.find(name);
    return found == in_.end() ? nullptr : &*found;
  }
  void keep(const char* name, bool fine) {
    if (!fine && wrong_.empty())
      wrong_ = name;
  }

  static bool take(const json& from, bool& value) {
    if (!from.is_boolean())
      return false;
    value = from.get<bool>();
    return true;
  }
  static bool take(const json& from, uint64_t& value) {
    if (!from.is_number_unsigned())
      return false;
    value = from.get<uint64_t>();
    return true;
  }
  static bool take(const json& from, uint32_t& value) {
    uint64_t wide = 0;
    if (!take(from, wide) || wide > std::numeric_limits<uint32_t>::max())
      return false;
    value = static_cast<uint32_t>(wide);
    return true;
  }
  static bool take(const json& from, int64_t& value) {
    constexpr uint64_t largest = std::numeric_limits<int64_t>::max();
    if (!from.is_number_integer() || (from.is_number_unsigned() && from.get<uint64_t>() > largest))
      return false;
    value = from.get<int64_t>();
    return true;
  }
  static bool take(const json& from, std::chrono::seconds& value) {
    uint32_t count = 0;
    if (!take(from, count))
      return false;
    value = std::chrono::seconds(count);
    return true;
  }
  static bool take(const json& from, std::string& value) {
    if (!from.is_string())
      return false;
    auto bytes = from_wire_text(from.get_ref<const std::string&>());
    if (!bytes)
      return false;
    value = std::move(*bytes);
    return true;
  }
  static bool take(const json& from, secret& value) {
    std::string text;
    if (!take(from, text))
      return false;
    value = secret(text);
    return true;
  }
  static bool take(const json& from, std::map<uint32_t, std::string>& value) {
    if (!from.is_object())
      return false;
    for (const auto& [key, name] : from.items()) {
      const auto id = json::parse(key, nullptr, false);
      uint32_t number = 0;
      if (!take(id, number) || !take(name, value[number]))
        return false;
    }
    return true;
  }
  template <class T> static bool take(const json& from, std::vector<T>& value) {
    if (!from.is_array())
      return false;
    for (const auto& one : from) {
      if (!take(one, value.emplace_back()))
        return false;
    }
    return true;
  }
  template <class T> static bool take(const json& from, T& value) {
    if constexpr (std::is_enum_v<T>) {
      const auto* word = from.get_ptr<const std::string*>();
      for (size_t i = 0; word != nullptr && i < words<T>::all.size(); ++i) {
        if (*word == words<T>::all[i]) {
          value = static_cast<T>(i);
          return true;
        }
      }
      return false;
    } else {
      if (!from.is_object())
        return false;
      reader inner(from);
      members(inner, value);
      return inner.wrong().empty();
    }
  }

  const json& in_;
  std::string wrong_;
};

json parse(std::string_view text) {
  constexpr size_t harmless_bytes = size_t{64} << 10;
  if (text.size() > body_limit_bytes)
    return json::value_t::discarded;
  if (text.size() <= harmless_bytes)
    return json::parse(text, nullptr, false);
  return json::parse(
      text, [](int depth, json::parse_event_t, json&) { return depth <= depth_limit; }, false);
}

} // namespace

std::string wire_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

result<std::string> from_wire_text(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes += text[i];
      continue;
    }
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    // C2 and C3 begin the code points 80..FF.
    if ((byte != 0xC2 && byte != 0xC3) || (next & 0xC0) != 0x80)
      return error{errc::protocol, "the other host sent text that does not stand for bytes"};
    bytes += static_cast<char>((byte & 0x03) << 6 | (next & 0x3F));
    ++i;
  }
  return bytes;
}

template <class T> std::string encode(const T& message) {
  writer out;
  auto copy = message; // the members are listed once, for reading and writing
  members(out, copy);
  auto text = out.take().dump(-1, ' ', false, json::error_handler_t::replace);
  // The one control character that JSON does not escape; heads of HTTP/2 may hold none.
  for (size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;)
    text.replace(at, 1, "\\u007f");
  return text;
}

template <class T> result<T> decode(std::string_view text) {
  const auto in = parse(text);
  if (!in.is_object())
    return error{errc::protocol, "the other host sent what is no JSON object"};
  T message;
  reader from(in);
  members(from, message);
  if (from.wrong().empty())
    return message;
  return error{errc::protocol, "the other host sent an invalid '" + from.wrong() + "'"};
}

#define PGBRAID_WIRE(type)                                                                         \
  template std::string encode<type>(const type&);                                                  \
  template result<type> decode<type>(std::string_view);
PGBRAID_WIRE(nothing)
PGBRAID_WIRE(hello)
PGBRAID_WIRE(hello_answer)
PGBRAID_WIRE(cipher_answer)
PGBRAID_WIRE(place_request)
PGBRAID_WIRE(entry)
PGBRAID_WIRE(info_answer)
PGBRAID_WIRE(list_answer)
PGBRAID_WIRE(storage_features)
PGBRAID_WIRE(free_answer)
PGBRAID_WIRE(read_request)
PGBRAID_WIRE(read_answer)
PGBRAID_WIRE(removal_line)
PGBRAID_WIRE(small_request)
PGBRAID_WIRE(small_answer)
PGBRAID_WIRE(write_request)
PGBRAID_WIRE(change_request)
PGBRAID_WIRE(pg_open_request)
PGBRAID_WIRE(pg_open_answer)
PGBRAID_WIRE(pg::pg_server_info)
PGBRAID_WIRE(pg_call_request)
PGBRAID_WIRE(pg_call_answer)
PGBRAID_WIRE(facts_request)
PGBRAID_WIRE(facts_answer)
PGBRAID_WIRE(copy_rules)
PGBRAID_WIRE(copied_file)
PGBRAID_WIRE(copied_results)
#undef PGBRAID_WIRE

} // namespace pgbraid::wire
