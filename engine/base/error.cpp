// Names and rendering of errors.
// SPDX-License-Identifier: MIT
#include "engine/base/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pgbraid {

namespace {

constexpr auto names = std::to_array<std::pair<errc, std::string_view>>({
    {errc::assertion, "AssertError"},
    {errc::checksum, "ChecksumError"},
    {errc::config, "ConfigError"},
    {errc::file_invalid, "FileInvalidError"},
    {errc::format, "FormatError"},
    {errc::command_required, "CommandRequiredError"},
    {errc::option_invalid, "OptionInvalidError"},
    {errc::option_invalid_value, "OptionInvalidValueError"},
    {errc::option_required, "OptionRequiredError"},
    {errc::pg_running, "PgRunningError"},
    {errc::protocol, "ProtocolError"},
    {errc::path_not_empty, "PathNotEmptyError"},
    {errc::file_open, "FileOpenError"},
    {errc::file_read, "FileReadError"},
    {errc::param_required, "ParamRequiredError"},
    {errc::archive_mismatch, "ArchiveMismatchError"},
    {errc::archive_duplicate, "ArchiveDuplicateError"},
    {errc::version_not_supported, "VersionNotSupportedError"},
    {errc::path_create, "PathCreateError"},
    {errc::command_invalid, "CommandInvalidError"},
    {errc::host_connect, "HostConnectError"},
    {errc::lock_acquire, "LockAcquireError"},
    {errc::backup_mismatch, "BackupMismatchError"},
    {errc::file_sync, "FileSyncError"},
    {errc::path_open, "PathOpenError"},
    {errc::path_sync, "PathSyncError"},
    {errc::file_missing, "FileMissingError"},
    {errc::db_connect, "DbConnectError"},
    {errc::db_query, "DbQueryError"},
    {errc::db_mismatch, "DbMismatchError"},
    {errc::file_remove, "FileRemoveError"},
    {errc::path_remove, "PathRemoveError"},
    {errc::stop, "StopError"},
    {errc::term, "TermError"},
    {errc::file_write, "FileWriteError"},
    {errc::feature_not_supported, "FeatureNotSupportedError"},
    {errc::archive_command_invalid, "ArchiveCommandInvalidError"},
    {errc::link_expected, "LinkExpectedError"},
    {errc::link_destination, "LinkDestinationError"},
    {errc::host_invalid, "HostInvalidError"},
    {errc::path_missing, "PathMissingError"},
    {errc::file_move, "FileMoveError"},
    {errc::backup_set_invalid, "BackupSetInvalidError"},
    {errc::tablespace_map, "TablespaceMapError"},
    {errc::link_map, "LinkMapError"},
    {errc::file_close, "FileCloseError"},
    {errc::db_missing, "DbMissingError"},
    {errc::db_invalid, "DbInvalidError"},
    {errc::archive_timeout, "ArchiveTimeoutError"},
    {errc::file_mode, "FileModeError"},
    {errc::archive_disabled, "ArchiveDisabledError"},
    {errc::file_owner, "FileOwnerError"},
    {errc::user_missing, "UserMissingError"},
    {errc::file_exists, "FileExistsError"},
    {errc::memory, "MemoryError"},
    {errc::crypto, "CryptoError"},
    {errc::param_invalid, "ParamInvalidError"},
    {errc::path_close, "PathCloseError"},
    {errc::file_info, "FileInfoError"},
    {errc::json_format, "JsonFormatError"},
    {errc::kernel, "KernelError"},
    {errc::service, "ServiceError"},
    {errc::execute, "ExecuteError"},
    {errc::repo_invalid, "RepoInvalidError"},
    {errc::command, "CommandError"},
    {errc::access, "AccessError"},
    {errc::clock, "ClockError"},
    {errc::runtime, "RuntimeError"},
    {errc::unhandled, "UnhandledError"},
    {errc::unknown, "UnknownError"},
});

/// Not EIO and ENOSPC: disks do not heal within minutes.
bool passes(int error_number) {
  constexpr std::array all = {EAGAIN,       EBUSY,      EINTR,     ENFILE,       ESTALE,
                              ETIMEDOUT,    EPIPE,      ENETDOWN,  ENETRESET,    ENETUNREACH,
                              ECONNABORTED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, ECONNREFUSED};
  return std::ranges::find(all, error_number) != all.end();
}

} // namespace

std::string_view error_name(errc code) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [code](const auto& entry) { return entry.first == code; });
  return found == names.end() ? "UnknownError" : found->second;
}

std::string error::text() const {
  std::string out = message;
  for (size_t begin = 0; begin < hint.size();) {
    const auto end = std::min(hint.find('\n', begin), hint.size());
    out += "\nHINT: ";
    out.append(hint, begin, end - begin);
    begin = end + 1;
  }
  return out;
}

error error::within(std::string_view context) const {
  auto out = *this;
  out.message = std::string(context) + ": " + message;
  return out;
}

error system_error(errc code, std::string message, int error_number) {
  message += ": [" + std::to_string(error_number) + "] " + std::strerror(error_number);
  return {.code = code, .message = std::move(message), .transient = passes(error_number)};
}

} // namespace pgbraid
