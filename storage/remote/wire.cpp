// The members of each message, once for writing and reading.
// SPDX-License-Identifier: MIT
#include "storage/remote/wire.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <type_traits>

namespace pgbraid::remote {

namespace {

using nlohmann::json;

// Nothing of ours is nested deeper; more would only cost memory.
constexpr int depth_limit = 6;

template <class T> struct words;
template <> struct words<cipher_type> {
  static constexpr std::array<std::string_view, 2> all{"none", "aes-256-cbc"};
};
template <> struct words<entry_kind> {
  static constexpr std::array<std::string_view, 4> all{"file", "path", "link", "special"};
};
template <> struct words<publish> {
  static constexpr std::array<std::string_view, 2> all{"in-place", "atomic"};
};
template <> struct words<change_op> {
  static constexpr std::array<std::string_view, 9> all{"none",        "make-path", "remove-file",
                                                       "remove-tree", "move",      "symlink",
                                                       "hardlink",    "sync",      "attributes"};
};
template <> struct words<pg_op> {
  static constexpr std::array<std::string_view, 13> all{
      "none",        "is-in-recovery",       "clock",          "current-segment", "start-backup",
      "stop-backup", "create-restore-point", "switch-segment", "checkpoint",      "replay-location",
      "databases",   "tablespaces",          "is-broken"};
};

template <> struct words<compress_type> {
  static constexpr std::array<std::string_view, 5> all{"none", "gz", "lz4", "zst", "bz2"};
};
template <> struct words<codec::gz_engine> {
  static constexpr std::array<std::string_view, 3> all{"auto", "zlib", "isal"};
};
template <> struct words<copy_outcome> {
  static constexpr std::array<std::string_view, 4> all{"stored", "empty", "vanished", "grown"};
};

class writer;
class reader;

// ---- the members of each message

template <class Io> void members(Io&, nothing&) {}

template <class Io> void members(Io& io, hello& m) {
  io.range("versions", m.version_min, m.version_max);
  io("program", m.program);
  io("args", m.args);
  io("locks", m.locks);
}

template <class Io> void members(Io& io, hello_answer& m) {
  io("version", m.version);
  io("program", m.program);
  io("capabilities", m.capabilities);
}

template <class Io> void members(Io& io, cipher_answer& m) {
  io("type", m.type);
  io("pass", m.pass);
}

template <class Io> void members(Io& io, place_request& m) {
  io("root", m.root);
  io("path", m.path);
}

template <class Io> void members(Io& io, entry_info& m) {
  io("kind", m.kind);
  io("size", m.size_bytes);
  io("mtime", m.mtime_s);
  io("mode", m.mode);
  io("uid", m.uid);
  io("gid", m.gid);
  if (m.kind == entry_kind::link)
    io("destination", m.link_destination);
}

template <class Io> void members(Io& io, entry& m) {
  io("name", m.name);
  members(io, m.info);
}

template <class Io> void members(Io& io, info_answer& m) {
  io("found", m.found);
  if (m.found)
    members(io, m.info);
}

template <class Io> void members(Io& io, list_answer& m) {
  io("found", m.found);
}

template <class Io> void members(Io& io, storage_features& m) {
  io("paths", m.paths);
  io("symlinks", m.symlinks);
  io("hardlinks", m.hardlinks);
}

template <class Io> void members(Io& io, free_answer& m) {
  io("bytes", m.bytes);
}

template <class Io> void members(Io& io, read_request& m) {
  io("root", m.root);
  io("path", m.path);
  io("offset", m.offset);
  io("limit", m.limit);
  io("size_hint", m.size_hint);
}

template <class Io> void members(Io& io, small_request& m) {
  io("path", m.path);
  io("limit", m.limit);
}

template <class Io> void members(Io& io, error& m) {
  io.code("code", m.code);
  io("message", m.message);
  io("hint", m.hint);
}

template <class Io> void members(Io& io, small_answer& m) {
  io("size", m.size);
  io("error", m.failure);
}

template <class Io> void members(Io& io, write_request& m) {
  io("root", m.root);
  io("path", m.path);
  io("how", m.options.how);
  io("mode", m.options.mode);
  io("path_mode", m.options.path_mode);
  io("make_parents", m.options.make_parents);
  io("sync", m.options.sync);
  io("mtime", m.options.mtime_s);
  io("uid", m.options.uid);
  io("gid", m.options.gid);
  io("size_hint", m.options.size_hint_bytes);
}

template <class Io> void members(Io& io, change_request& m) {
  io("root", m.root);
  io("op", m.op);
  io("path", m.path);
  io("other", m.other);
  io("mode", m.wanted.mode);
  io("uid", m.wanted.uid);
  io("gid", m.wanted.gid);
  io("mtime", m.wanted.mtime_s);
}

template <class Io> void members(Io& io, pg_open_request& m) {
  io("application_name", m.application_name);
  io("timeout_ms", m.timeout_ms);
}

template <class Io> void members(Io& io, pg_open_answer& m) {
  io("session", m.session);
}

template <class Io> void members(Io& io, io::pg_server_info& m) {
  io("version_num", m.version_num);
  io("data_directory", m.data_directory);
  io("archive_mode", m.archive_mode);
  io("archive_command", m.archive_command);
  io("checkpoint_timeout", m.checkpoint_timeout);
  io("wal_segment_bytes", m.wal_segment_bytes);
  io("in_recovery", m.in_recovery);
}

template <class Io> void members(Io& io, pg_call_request& m) {
  io("session", m.session);
  io("op", m.op);
  io("text", m.text);
  io("flag", m.flag);
}

template <class Io> void members(Io& io, io::pg_backup_start& m) {
  io("lsn", m.lsn);
  io("segment", m.segment);
}

template <class Io> void members(Io& io, io::pg_backup_stop& m) {
  io("lsn", m.lsn);
  io("segment", m.segment);
  io("backup_label", m.backup_label);
  io("tablespace_map", m.tablespace_map);
}

template <class Io> void members(Io& io, io::pg_database& m) {
  io("name", m.name);
  io("oid", m.oid);
}

template <class Io> void members(Io& io, io::pg_tablespace& m) {
  io("oid", m.oid);
  io("name", m.name);
}

template <class Io> void members(Io& io, pg_call_answer& m) {
  io("flag", m.flag);
  io("number", m.number);
  io("text", m.text);
  io("location", m.location);
  io("start", m.start);
  io("stop", m.stop);
  io("databases", m.databases);
  io("tablespaces", m.tablespaces);
}

template <class Io> void members(Io& io, facts_request& m) {
  io("users", m.users);
  io("groups", m.groups);
}

template <class Io> void members(Io& io, facts_answer& m) {
  io("users", m.users);
  io("groups", m.groups);
}

template <class Io> void members(Io& io, copy_rules& m) {
  io("compression", m.compression);
  io("compress_level", m.compress_level);
  io("gz_engine", m.gz);
  io("cipher_pass", m.cipher_pass);
  io("checksum_page", m.checksum_page);
  io("page_bytes", m.page_bytes);
  io("page_header_check", m.page_header_check);
  io("workers", m.workers);
}

template <class Io> void members(Io& io, copied_file& m) {
  io("name", m.name);
  io("through", m.through);
  io("path", m.path);
  io("limit", m.limit);
  io("expected", m.expected);
  io("check_pages", m.check_pages);
  io("skip_empty", m.skip_empty);
}

template <class Io> void members(Io& io, copied_results& m) {
  io("how", m.how);
  io("plain", m.plain);
  io("sha1", m.sha1);
  io("repo_sha1", m.repo_sha1);
  io("pages_checked", m.pages_checked);
  io("pages_valid", m.pages_valid);
  io("pages_misaligned", m.pages_misaligned);
  io("bad_pages", m.bad_pages);
}

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
      to = words<T>::all[static_cast<size_t>(value)];
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
PGBRAID_WIRE(small_request)
PGBRAID_WIRE(small_answer)
PGBRAID_WIRE(write_request)
PGBRAID_WIRE(change_request)
PGBRAID_WIRE(pg_open_request)
PGBRAID_WIRE(pg_open_answer)
PGBRAID_WIRE(io::pg_server_info)
PGBRAID_WIRE(pg_call_request)
PGBRAID_WIRE(pg_call_answer)
PGBRAID_WIRE(facts_request)
PGBRAID_WIRE(facts_answer)
PGBRAID_WIRE(copy_rules)
PGBRAID_WIRE(copied_file)
PGBRAID_WIRE(copied_results)
#undef PGBRAID_WIRE

} // namespace pgbraid::remote
