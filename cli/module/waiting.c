// Waits that PostgreSQL can end.
// SPDX-License-Identifier: MIT
#include "cli/module/pgbraid_archive.h"

#include <miscadmin.h>
#include <postmaster/interrupt.h>
#include <storage/ipc.h>
#include <storage/latch.h>
#include <storage/pmsignal.h>
#include <utils/wait_event.h>

static bool latch_taken = false;

static bool must_stop(void) {
  return ShutdownRequestPending || !PostmasterIsAlive();
}

long milliseconds_left(instr_time begin, long limit) {
  instr_time now;
  INSTR_TIME_SET_CURRENT(now);
  INSTR_TIME_SUBTRACT(now, begin);
  const double left = (double)limit - INSTR_TIME_GET_MILLISEC(now);
  return left > 0 ? (long)left + 1 : 0;
}

enum wait_end wait_for_file(pgsocket file, int events, long milliseconds) {
  instr_time begin;
  INSTR_TIME_SET_CURRENT(begin);
  if (file == PGINVALID_SOCKET)
    events = 0;
  while (!must_stop()) {
    const long left = milliseconds_left(begin, milliseconds);
    const int woken =
        WaitLatchOrSocket(MyLatch, events | WL_LATCH_SET | WL_POSTMASTER_DEATH | WL_TIMEOUT, file,
                          left, PG_WAIT_EXTENSION);
    if (woken & WL_LATCH_SET) {
      ResetLatch(MyLatch);
      latch_taken = true;
      CHECK_FOR_INTERRUPTS();
    }
    if (woken & WL_SOCKET_MASK)
      return wait_ready;
    if (left == 0)
      return wait_timeout;
  }
  return wait_stopped;
}

void give_latch_back(void) {
  if (latch_taken)
    SetLatch(MyLatch);
  latch_taken = false;
}
