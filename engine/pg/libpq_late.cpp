// The functions of libpq that we call, each passed on to the library, which `load_libpq` loads.
// Source: the declarations of libpq-fe.h, which the compiler holds these to.
// SPDX-License-Identifier: MIT
#include "engine/base/late_library.hpp"
#include "engine/pg/libpq_connection.hpp"

namespace pgbraid::pg {

namespace {

/// The interface has had this number since PostgreSQL 8.
late_library& libpq() {
  static late_library one("libpq.so.5");
  return one;
}

/// The function of this name and type.
template <class Function> Function* found(const char* name) {
  return reinterpret_cast<Function*>(libpq().function(name));
}

} // namespace

result<void> load_libpq() {
  return libpq().load();
}

} // namespace pgbraid::pg

using pgbraid::pg::found;

extern "C" {

int PQcancel(PGcancel* request, char* text, int size) {
  static const auto call = found<decltype(PQcancel)>("PQcancel");
  return call(request, text, size);
}

void PQclear(PGresult* held) {
  static const auto call = found<decltype(PQclear)>("PQclear");
  call(held);
}

PostgresPollingStatusType PQconnectPoll(PGconn* connection) {
  static const auto call = found<decltype(PQconnectPoll)>("PQconnectPoll");
  return call(connection);
}

PGconn* PQconnectStartParams(const char* const* keywords, const char* const* values, int expand) {
  static const auto call = found<decltype(PQconnectStartParams)>("PQconnectStartParams");
  return call(keywords, values, expand);
}

int PQconsumeInput(PGconn* connection) {
  static const auto call = found<decltype(PQconsumeInput)>("PQconsumeInput");
  return call(connection);
}

char* PQerrorMessage(const PGconn* connection) {
  static const auto call = found<decltype(PQerrorMessage)>("PQerrorMessage");
  return call(connection);
}

void PQfinish(PGconn* connection) {
  static const auto call = found<decltype(PQfinish)>("PQfinish");
  call(connection);
}

int PQflush(PGconn* connection) {
  static const auto call = found<decltype(PQflush)>("PQflush");
  return call(connection);
}

void PQfreeCancel(PGcancel* request) {
  static const auto call = found<decltype(PQfreeCancel)>("PQfreeCancel");
  call(request);
}

void PQfreemem(void* memory) {
  static const auto call = found<decltype(PQfreemem)>("PQfreemem");
  call(memory);
}

PGcancel* PQgetCancel(PGconn* connection) {
  static const auto call = found<decltype(PQgetCancel)>("PQgetCancel");
  return call(connection);
}

PGresult* PQgetResult(PGconn* connection) {
  static const auto call = found<decltype(PQgetResult)>("PQgetResult");
  return call(connection);
}

int PQgetisnull(const PGresult* held, int row, int column) {
  static const auto call = found<decltype(PQgetisnull)>("PQgetisnull");
  return call(held, row, column);
}

int PQgetlength(const PGresult* held, int row, int column) {
  static const auto call = found<decltype(PQgetlength)>("PQgetlength");
  return call(held, row, column);
}

char* PQgetvalue(const PGresult* held, int row, int column) {
  static const auto call = found<decltype(PQgetvalue)>("PQgetvalue");
  return call(held, row, column);
}

int PQisBusy(PGconn* connection) {
  static const auto call = found<decltype(PQisBusy)>("PQisBusy");
  return call(connection);
}

int PQnfields(const PGresult* held) {
  static const auto call = found<decltype(PQnfields)>("PQnfields");
  return call(held);
}

PGnotify* PQnotifies(PGconn* connection) {
  static const auto call = found<decltype(PQnotifies)>("PQnotifies");
  return call(connection);
}

int PQntuples(const PGresult* held) {
  static const auto call = found<decltype(PQntuples)>("PQntuples");
  return call(held);
}

char* PQresultErrorField(const PGresult* held, int field) {
  static const auto call = found<decltype(PQresultErrorField)>("PQresultErrorField");
  return call(held, field);
}

char* PQresultErrorMessage(const PGresult* held) {
  static const auto call = found<decltype(PQresultErrorMessage)>("PQresultErrorMessage");
  return call(held);
}

ExecStatusType PQresultStatus(const PGresult* held) {
  static const auto call = found<decltype(PQresultStatus)>("PQresultStatus");
  return call(held);
}

int PQsendQueryParams(PGconn* connection, const char* command, int count, const Oid* types,
                      const char* const* values, const int* lengths, const int* formats,
                      int result_format) {
  static const auto call = found<decltype(PQsendQueryParams)>("PQsendQueryParams");
  return call(connection, command, count, types, values, lengths, formats, result_format);
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn* connection, PQnoticeReceiver receiver,
                                     void* argument) {
  static const auto call = found<decltype(PQsetNoticeReceiver)>("PQsetNoticeReceiver");
  return call(connection, receiver, argument);
}

int PQsocket(const PGconn* connection) {
  static const auto call = found<decltype(PQsocket)>("PQsocket");
  return call(connection);
}

ConnStatusType PQstatus(const PGconn* connection) {
  static const auto call = found<decltype(PQstatus)>("PQstatus");
  return call(connection);
}

} // extern "C"
