// The functions of nghttp2 that we call, each passed on to the library.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <nghttp2/nghttp2.h>

namespace {

/// The interface has had this number since nghttp2 1.0.
pgbraid::late_library& libnghttp2() {
  static pgbraid::late_library one("libnghttp2.so.14");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_1(libnghttp2(), nghttp2_http2_strerror)
PGBRAID_LATE_1(libnghttp2(), nghttp2_option_del)
PGBRAID_LATE_1(libnghttp2(), nghttp2_option_new)
PGBRAID_LATE_2(libnghttp2(), nghttp2_option_set_no_auto_window_update)
PGBRAID_LATE_2(libnghttp2(), nghttp2_option_set_no_closed_streams)
PGBRAID_LATE_2(libnghttp2(), nghttp2_option_set_peer_max_concurrent_streams)
PGBRAID_LATE_3(libnghttp2(), nghttp2_option_set_stream_reset_rate_limit)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_callbacks_del)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_callbacks_new)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_data_source_read_length_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_error_callback2)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_begin_frame_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_begin_headers_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_data_chunk_recv_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_frame_recv_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_frame_send_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_header_callback)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_callbacks_set_on_stream_close_callback)
PGBRAID_LATE_4(libnghttp2(), nghttp2_session_client_new2)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_del)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_get_effective_recv_data_length)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_get_last_proc_stream_id)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_get_outbound_queue_size)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_get_remote_settings)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_get_stream_remote_close)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_get_stream_user_data)
PGBRAID_LATE_3(libnghttp2(), nghttp2_session_mem_recv)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_mem_send)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_resume_data)
PGBRAID_LATE_4(libnghttp2(), nghttp2_session_server_new2)
PGBRAID_LATE_4(libnghttp2(), nghttp2_session_set_local_window_size)
PGBRAID_LATE_3(libnghttp2(), nghttp2_session_set_stream_user_data)
PGBRAID_LATE_2(libnghttp2(), nghttp2_session_terminate_session)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_want_read)
PGBRAID_LATE_1(libnghttp2(), nghttp2_session_want_write)
PGBRAID_LATE_6(libnghttp2(), nghttp2_submit_goaway)
PGBRAID_LATE_3(libnghttp2(), nghttp2_submit_ping)
PGBRAID_LATE_6(libnghttp2(), nghttp2_submit_request)
PGBRAID_LATE_5(libnghttp2(), nghttp2_submit_response)
PGBRAID_LATE_4(libnghttp2(), nghttp2_submit_rst_stream)
PGBRAID_LATE_4(libnghttp2(), nghttp2_submit_settings)
PGBRAID_LATE_4(libnghttp2(), nghttp2_submit_trailer)
PGBRAID_LATE_4(libnghttp2(), nghttp2_submit_window_update)
// clang-format on

} // extern "C"
