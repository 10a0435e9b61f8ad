// The table of PostgreSQL releases.
// SPDX-License-Identifier: MIT
#include "engine/postgres/version.hpp"

#include <algorithm>
#include <array>

namespace pgbraid::postgres {

namespace {

constexpr control_layout layout_9_6{256, 56, 216, 228, 252};
constexpr control_layout layout_10{288, 56, 216, 228, 252};
constexpr control_layout layout_11{280, 48, 208, 220, 244};
constexpr control_layout layout_12{288, 48, 216, 228, 252};
constexpr control_layout layout_18{292, 48, 216, 228, 252};

constexpr auto releases = std::to_array<release>({
    {90600, "9.6", 960, 201608131, 0xD093, layout_9_6},
    {100000, "10", 1002, 201707211, 0xD097, layout_10},
    {110000, "11", 1100, 201809051, 0xD098, layout_11},
    {120000, "12", 1201, 201909212, 0xD101, layout_12},
    {130000, "13", 1300, 202007201, 0xD106, layout_12},
    {140000, "14", 1300, 202107181, 0xD10D, layout_12},
    {150000, "15", 1300, 202209061, 0xD110, layout_12},
    {160000, "16", 1300, 202307071, 0xD113, layout_12},
    {170000, "17", 1700, 202406281, 0xD116, layout_12},
    {180000, "18", 1800, 202506291, 0xD118, layout_18},
});

template <class Predicate> const release* find(Predicate matches) {
  const auto found = std::find_if(releases.begin(), releases.end(), matches);
  return found == releases.end() ? nullptr : &*found;
}

} // namespace

std::span<const release> known_releases() {
  return releases;
}

const release* find_release(version_number version) {
  return find([=](const release& r) { return r.version == version; });
}

const release* find_release_by_name(std::string_view name) {
  return find([=](const release& r) { return r.name == name; });
}

const release* find_release_by_control(uint32_t control_version, uint32_t catalog_version) {
  return find([=](const release& r) {
    return r.control_version == control_version && r.catalog_version == catalog_version;
  });
}

const release* find_release_by_wal_magic(uint16_t magic) {
  return find([=](const release& r) { return r.wal_magic == magic; });
}

result<version_number> parse_version(std::string_view name) {
  if (const auto* known = find_release_by_name(name))
    return known->version;
  return error{errc::version_not_supported,
               "PostgreSQL version '" + std::string(name) + "' is not supported"};
}

std::string version_name(version_number version) {
  if (version >= 100000)
    return std::to_string(version / 10000);
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100);
}

version_number major_version(uint32_t server_version_num) {
  const uint32_t minor_digits = server_version_num >= 100000 ? 10000 : 100;
  return server_version_num / minor_digits * minor_digits;
}

std::string_view wal_directory(version_number version) {
  return version >= 100000 ? "pg_wal" : "pg_xlog";
}

std::string_view transaction_directory(version_number version) {
  return version >= 100000 ? "pg_xact" : "pg_clog";
}

std::string tablespace_directory(version_number version, uint32_t catalog_version) {
  return "PG_" + version_name(version) + "_" + std::to_string(catalog_version);
}

} // namespace pgbraid::postgres
