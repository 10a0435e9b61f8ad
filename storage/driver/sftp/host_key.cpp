// Known hosts and fingerprints.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/host_key.hpp"

#include "engine/codec/message_digest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libssh2.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

namespace pgbraid::sftp {

namespace {

struct known_hosts_closer {
  void operator()(LIBSSH2_KNOWNHOSTS* hosts) const { libssh2_knownhost_free(hosts); }
};
using known_hosts = std::unique_ptr<LIBSSH2_KNOWNHOSTS, known_hosts_closer>;

/// The key that the server showed.
struct shown_key {
  const char* bytes = nullptr;
  size_t size = 0;
  int kind = 0; ///< LIBSSH2_KNOWNHOST_KEY_*
  const char* name = "";
};

struct key_type {
  int shown; ///< LIBSSH2_HOSTKEY_TYPE_*
  int kind;  ///< LIBSSH2_KNOWNHOST_KEY_*
  const char* name;
};
/// All that we know, the preferred ones first.
constexpr auto key_types = std::to_array<key_type>({
    {LIBSSH2_HOSTKEY_TYPE_ED25519, LIBSSH2_KNOWNHOST_KEY_ED25519, "ssh-ed25519"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_256, LIBSSH2_KNOWNHOST_KEY_ECDSA_256, "ecdsa-sha2-nistp256"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_384, LIBSSH2_KNOWNHOST_KEY_ECDSA_384, "ecdsa-sha2-nistp384"},
    {LIBSSH2_HOSTKEY_TYPE_ECDSA_521, LIBSSH2_KNOWNHOST_KEY_ECDSA_521, "ecdsa-sha2-nistp521"},
    {LIBSSH2_HOSTKEY_TYPE_RSA, LIBSSH2_KNOWNHOST_KEY_SSHRSA, "ssh-rsa"},
});

shown_key key_of(LIBSSH2_SESSION* session) {
  shown_key out;
  int type = 0;
  const char* bytes = libssh2_session_hostkey(session, &out.size, &type);
  for (const auto& one : key_types)
    if (one.shown == type) {
      out.bytes = bytes;
      out.kind = one.kind;
      out.name = one.name;
    }
  return out;
}

known_hosts read_known_hosts(LIBSSH2_SESSION* session, const login& to) {
  known_hosts known(libssh2_knownhost_init(session));
  if (known)
    for (const auto& file : to.known_hosts) // a file that is not there knows nobody
      libssh2_knownhost_readfile(known.get(), file.c_str(), LIBSSH2_KNOWNHOST_FILE_OPENSSH);
  return known;
}

/// One more line at the end of the user's own file.
result<void> remember(const login& to, const shown_key& key) {
  const auto who = to.port == 22 ? to.host : fmt::format("[{}]:{}", to.host, to.port);
  const auto line =
      fmt::format("{} {} {}\n", who, key.name, codec::to_base64(as_bytes({key.bytes, key.size})));
  const io::unique_fd file(::open(to.own_known_hosts.c_str(),
                                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return system_error(errc::service,
                        fmt::format("unable to add '{}' to '{}'", who, to.own_known_hosts), errno);
  return success();
}

result<void> check_known(LIBSSH2_SESSION* session, const login& to) {
  const auto key = key_of(session);
  if (key.bytes == nullptr)
    return error{errc::service, fmt::format("'{}' has a host key of an unknown type", to.host)};
  const auto known = read_known_hosts(session, to);
  if (!known)
    return error{errc::memory, "no memory for known hosts"};
  const int found = libssh2_knownhost_checkp(
      known.get(), to.host.c_str(), to.port, key.bytes, key.size,
      LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW | key.kind, nullptr);
  if (found == LIBSSH2_KNOWNHOST_CHECK_MATCH)
    return success();
  if (found == LIBSSH2_KNOWNHOST_CHECK_NOTFOUND && to.check == key_check::accept_new)
    return remember(to, key);
  if (found == LIBSSH2_KNOWNHOST_CHECK_NOTFOUND)
    return error{errc::service,
                 fmt::format("host key of '{}:{}' ({}) is not known", to.host, to.port, key.name),
                 fmt::format("ssh-keyscan -p {} {} shows it; repo-sftp-known-host names the files "
                             "that are read.",
                             to.port, to.host)};
  return error{errc::service,
               fmt::format("host key of '{}:{}' ({}) is not the one that is known", to.host,
                           to.port, key.name),
               "Somebody may be listening in; or the host was installed anew."};
}

result<void> check_fingerprint(LIBSSH2_SESSION* session, const login& to) {
  const int kind = to.hash == key_hash::md5    ? LIBSSH2_HOSTKEY_HASH_MD5
                   : to.hash == key_hash::sha1 ? LIBSSH2_HOSTKEY_HASH_SHA1
                                               : LIBSSH2_HOSTKEY_HASH_SHA256;
  const size_t size = to.hash == key_hash::md5 ? 16 : to.hash == key_hash::sha1 ? 20 : 32;
  const auto* digest = libssh2_hostkey_hash(session, kind);
  if (digest == nullptr)
    return error{errc::service, fmt::format("no fingerprint of '{}' can be made", to.host)};
  const auto bytes = as_bytes({digest, size});
  if (is_fingerprint(to.fingerprint, bytes))
    return success();
  return error{errc::service, fmt::format("host key of '{}:{}' has the fingerprint {}, not {}",
                                          to.host, to.port, to_hex(bytes), to.fingerprint)};
}

} // namespace

bool is_fingerprint(std::string_view text, byte_view digest) {
  std::string plain;
  for (const char c : text)
    if (c != ':')
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain == to_hex(digest);
}

void prefer_known_key_types(LIBSSH2_SESSION* session, const login& to) {
  if (to.check != key_check::strict && to.check != key_check::accept_new)
    return;
  const auto known = read_known_hosts(session, to);
  if (!known)
    return;
  std::string first;
  std::string others;
  for (const auto& one : key_types) {
    // No key is this one: a host that has one of the type mismatches, all others are not found.
    constexpr std::string_view no_key = "AAAA";
    const int found = libssh2_knownhost_checkp(
        known.get(), to.host.c_str(), to.port, no_key.data(), no_key.size(),
        LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64 | one.kind, nullptr);
    auto& where = found == LIBSSH2_KNOWNHOST_CHECK_MISMATCH ? first : others;
    where += fmt::format("{}{}", where.empty() ? "" : ",", one.name);
  }
  if (!first.empty() && !others.empty())
    libssh2_session_method_pref(session, LIBSSH2_METHOD_HOSTKEY,
                                fmt::format("{},{}", first, others).c_str());
}

result<void> check_host_key(LIBSSH2_SESSION* session, const login& to) {
  switch (to.check) {
  case key_check::none:
    return success();
  case key_check::fingerprint:
    return check_fingerprint(session, to);
  case key_check::strict:
  case key_check::accept_new:
    break;
  }
  // A fingerprint that is given besides must fit, too.
  if (!to.fingerprint.empty())
    if (auto fits = check_fingerprint(session, to); !fits)
      return fits;
  return check_known(session, to);
}

} // namespace pgbraid::sftp
