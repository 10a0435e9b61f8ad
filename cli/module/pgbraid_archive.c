// The archive module: what PostgreSQL calls for each WAL file, and the settings.
// SPDX-License-Identifier: MIT
#include "cli/module/pgbraid_archive.h"

#include <fmgr.h>
#include <storage/latch.h>
#include <utils/guc.h>
#include <utils/memutils.h>
#include <utils/wait_event.h>

// 15 has the callbacks elsewhere, and no state that it hands to them.
#if PG_VERSION_NUM >= 160000
#include <archive/archive_module.h>
#else
#include <postmaster/pgarch.h>
#endif

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pgbraid_archive", .version = PGBRAID_VERSION);
#else
PG_MODULE_MAGIC;
#endif

char* pgbraid_stanza = NULL;
char* pgbraid_config = NULL;
char* pgbraid_program = NULL;

/// Emptied after each file.
static MemoryContext file_memory = NULL;

void _PG_init(void);

static void define_setting(const char* name, const char* what, char** value, const char* fallback) {
  DefineCustomStringVariable(name, what, NULL, value, fallback, PGC_SIGHUP, 0, NULL, NULL, NULL);
}

void _PG_init(void) {
  define_setting("pgbraid_archive.stanza", "Stanza that WAL is archived for.", &pgbraid_stanza, "");
  define_setting("pgbraid_archive.config",
                 "Configuration file of pgbraid; empty: the default ones.", &pgbraid_config, "");
  define_setting("pgbraid_archive.program", "The program pgbraid: a path, or a name in the PATH.",
                 &pgbraid_program, "pgbraid");
  MarkGUCPrefixReserved("pgbraid_archive");
  file_memory = AllocSetContextCreate(TopMemoryContext, "pgbraid_archive", ALLOCSET_DEFAULT_SIZES);
}

/// The setting that is missing; NULL when all are there.
static const char* missing_setting(void) {
  if (*pgbraid_stanza == '\0')
    return "pgbraid_archive.stanza";
  if (*pgbraid_program == '\0')
    return "pgbraid_archive.program";
  return NULL;
}

static bool is_configured(void) {
  const char* missing = missing_setting();
  if (missing == NULL)
    return true;
#if PG_VERSION_NUM >= 170000
  arch_module_check_errdetail("\"%s\" is not set.", missing);
#else
  ereport(WARNING, (errmsg("pgbraid_archive: \"%s\" is not set", missing)));
#endif
  return false;
}

static bool push(const char* file, const char* path) {
  switch (push_by_archiver(file)) {
  case reply_archived:
    return true;
  case reply_nobody:
    return push_by_program(file, path);
  case reply_stopped:
    ereport(WARNING,
            (errmsg("could not archive WAL file \"%s\"", file), errdetail("PostgreSQL stops.")));
    return false;
  default:
    return false;
  }
}

/// An error that was thrown: PostgreSQL 15 and 16 would end the process, as they expect none.
static void tell_error(const char* file) {
  ErrorData* thrown = CopyErrorData();
  FlushErrorState();
  pgstat_report_wait_end();
  drop_connection();
  drop_program();
  ereport(WARNING,
          (errmsg("could not archive WAL file \"%s\"", file), errdetail("%s", thrown->message)));
}

static bool archive_file(const char* file, const char* path) {
  const MemoryContext before = MemoryContextSwitchTo(file_memory);
  volatile bool is_archived = false;
  PG_TRY();
  { is_archived = push(file, path); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(file_memory);
    tell_error(file);
  }
  PG_END_TRY();
  MemoryContextSwitchTo(before);
  MemoryContextReset(file_memory);
  give_latch_back();
  return is_archived;
}

static void leave(void) {
  drop_connection();
  drop_program();
}

#if PG_VERSION_NUM >= 160000
static bool is_configured_callback(ArchiveModuleState* state) {
  (void)state;
  return is_configured();
}

static bool archive_callback(ArchiveModuleState* state, const char* file, const char* path) {
  (void)state;
  return archive_file(file, path);
}

static void leave_callback(ArchiveModuleState* state) {
  (void)state;
  leave();
}

const ArchiveModuleCallbacks* _PG_archive_module_init(void) {
  static const ArchiveModuleCallbacks callbacks = {.check_configured_cb = is_configured_callback,
                                                   .archive_file_cb = archive_callback,
                                                   .shutdown_cb = leave_callback};
  return &callbacks;
}
#else
void _PG_archive_module_init(ArchiveModuleCallbacks* callbacks);

void _PG_archive_module_init(ArchiveModuleCallbacks* callbacks) {
  callbacks->check_configured_cb = is_configured;
  callbacks->archive_file_cb = archive_file;
  callbacks->shutdown_cb = leave;
}
#endif
