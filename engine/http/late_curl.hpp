// libcurl, loaded with the first request: its functions as they are, and those with a variable
// number of arguments with their types.
// SPDX-License-Identifier: MIT
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace pgbraid::http::curl {

void set(CURL* on, CURLoption what, long value);
void set(CURL* on, CURLoption what, const void* value);
void set(CURL* on, CURLoption what, curl_write_callback value);
void set(CURL* on, CURLoption what, curl_xferinfo_callback value);
void set(CURLM* on, CURLMoption what, long value);
long number(CURL* of, CURLINFO what);

} // namespace pgbraid::http::curl
