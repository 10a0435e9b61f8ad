// The functions of libcurl that we call, each passed on to the library.
// SPDX-License-Identifier: MIT
#include "engine/http/late_curl.hpp"

#include "engine/base/late_function.hpp"

namespace {

/// The interface has had this number since libcurl 7.16.
pgbraid::late_library& libcurl() {
  static pgbraid::late_library one("libcurl.so.4");
  return one;
}

template <class Value> void set_easy(CURL* on, CURLoption what, Value value) {
  static const auto call = reinterpret_cast<decltype(&curl_easy_setopt)>(
      pgbraid::late_address(libcurl(), "curl_easy_setopt"));
  call(on, what, value); // what a library older than the option says of it changes nothing here
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_1(libcurl(), curl_easy_cleanup)
PGBRAID_LATE_0(libcurl(), curl_easy_init)
PGBRAID_LATE_1(libcurl(), curl_easy_reset)
PGBRAID_LATE_1(libcurl(), curl_easy_strerror)
PGBRAID_LATE_1(libcurl(), curl_global_init)
PGBRAID_LATE_2(libcurl(), curl_multi_add_handle)
PGBRAID_LATE_1(libcurl(), curl_multi_cleanup)
PGBRAID_LATE_2(libcurl(), curl_multi_info_read)
PGBRAID_LATE_0(libcurl(), curl_multi_init)
PGBRAID_LATE_2(libcurl(), curl_multi_perform)
PGBRAID_LATE_5(libcurl(), curl_multi_poll)
PGBRAID_LATE_2(libcurl(), curl_multi_remove_handle)
PGBRAID_LATE_1(libcurl(), curl_multi_wakeup)
PGBRAID_LATE_2(libcurl(), curl_slist_append)
PGBRAID_LATE_1(libcurl(), curl_slist_free_all)
// clang-format on

} // extern "C"

namespace pgbraid::http::curl {

void set(CURL* on, CURLoption what, long value) {
  set_easy(on, what, value);
}
void set(CURL* on, CURLoption what, const void* value) {
  set_easy(on, what, value);
}
void set(CURL* on, CURLoption what, curl_write_callback value) {
  set_easy(on, what, value);
}
void set(CURL* on, CURLoption what, curl_xferinfo_callback value) {
  set_easy(on, what, value);
}

void set(CURLM* on, CURLMoption what, long value) {
  static const auto call =
      reinterpret_cast<decltype(&curl_multi_setopt)>(late_address(libcurl(), "curl_multi_setopt"));
  call(on, what, value);
}

long number(CURL* of, CURLINFO what) {
  static const auto call =
      reinterpret_cast<decltype(&curl_easy_getinfo)>(late_address(libcurl(), "curl_easy_getinfo"));
  long value = 0;
  call(of, what, &value);
  return value;
}

} // namespace pgbraid::http::curl
