// The HTTP/2 half of a session: what its thread asks of nghttp2 and hears from it.
// SPDX-License-Identifier: MIT
#include "engine/base/printable.hpp"
#include "engine/link/session.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace pgbraid::link {

namespace {

/// Largest frame in either direction: larger ones cost fewer calls, smaller ones let streams take
/// turns more often.
constexpr uint32_t frame_bytes = uint32_t{256} << 10;
/// Frames up to this size travel together.
constexpr size_t small_frame_bytes = size_t{16} << 10;
constexpr size_t small_frames_bytes = size_t{64} << 10;
/// The least that HTTP/2 lets the window of a connection be.
constexpr uint32_t least_window_bytes = 65535;
/// Answers to the other end's own frames that may wait because it does not read.
constexpr size_t queue_frames = 4096;
constexpr size_t complaint_bytes = 300;

nghttp2_nv header_of(std::string_view name, std::string_view value) {
  // Every head differs, so none is worth a place in the compressor's table.
  return {.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = name.starts_with("pgbraid-") ? uint8_t{NGHTTP2_NV_FLAG_NO_INDEX}
                                                : uint8_t{NGHTTP2_NV_FLAG_NONE}};
}

session& self(void* user_data) {
  return *static_cast<session*>(user_data);
}

stream* stream_of(nghttp2_session* h2, int32_t id) {
  return static_cast<stream*>(nghttp2_session_get_stream_user_data(h2, id));
}

std::string_view text(const uint8_t* bytes, size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

/// Frames that move nothing by themselves. Those that nghttp2 passes over are counted in `feed`.
bool is_overhead(const nghttp2_frame_hd& frame) {
  return frame.type != NGHTTP2_HEADERS && frame.type != NGHTTP2_DATA &&
         frame.type <= NGHTTP2_CONTINUATION;
}

/// A frame of padding only, or of nothing.
bool moves_nothing(const nghttp2_frame& frame) {
  return frame.hd.type == NGHTTP2_DATA && frame.hd.length <= frame.data.padlen &&
         (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0;
}

} // namespace

/// What nghttp2 calls; the mutex is held, because it is whenever nghttp2 runs.
struct frames {
  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
    auto& s = self(user);
    if (!is_overhead(*frame) || s.guard_.spend(s.now_))
      return 0;
    s.flooded_ = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int begin_headers(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
    auto* on = stream_of(h2, frame->hd.stream_id);
    if (on == nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      on = self(user).accept_stream(frame->hd.stream_id);
    if (on == nullptr)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    on->block_bytes = 0;
    return 0;
  }

  static int header(nghttp2_session* h2, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_bytes, const uint8_t* value, size_t value_bytes, uint8_t,
                    void* user) {
    auto* on = stream_of(h2, frame->hd.stream_id);
    return on == nullptr ? 0
                         : self(user).header(*on, text(name, name_bytes), text(value, value_bytes));
  }

  static int frame_received(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
    auto& s = self(user);
    s.data_frames_seen_ += frame->hd.type == NGHTTP2_DATA ? 1 : 0;
    if (moves_nothing(*frame) && !s.guard_.spend(s.now_))
      s.flooded_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY)
      s.goaway_came(frame->goaway.error_code, frame->goaway.last_stream_id);
    else
      s.frame_came(frame->hd.type, frame->hd.flags,
                   frame->hd.stream_id == 0 ? nullptr : stream_of(h2, frame->hd.stream_id));
    return 0;
  }

  static int data(nghttp2_session* h2, uint8_t, int32_t id, const uint8_t* bytes, size_t count,
                  void* user) {
    auto* to = stream_of(h2, id);
    const auto in = std::as_bytes(std::span(bytes, count));
    auto& s = self(user);
    if (to != nullptr && !to->released) {
      s.guard_.earn(count);
      s.deliver(*to, in);
    } else
      s.give_link_credit(count);
    if (s.side_ == session::side::client)
      s.link_credit_bytes_ += count;
    return 0;
  }

  static int frame_sent(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
    auto& s = self(user);
    const auto type = frame->hd.type;
    if (type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
        frame->rst_stream.error_code != NGHTTP2_CANCEL && !s.guard_.spend(s.now_))
      s.flooded_ = true;
    if ((type != NGHTTP2_DATA && type != NGHTTP2_HEADERS) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
      return 0;
    if (auto* of = stream_of(h2, frame->hd.stream_id))
      of->out_closed = true;
    // The answer is complete: no need for the rest of the request.
    if (s.side_ == session::side::server &&
        nghttp2_session_get_stream_remote_close(h2, frame->hd.stream_id) == 0)
      nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }

  static int stream_closed(nghttp2_session* h2, int32_t id, uint32_t code, void* user) {
    if (auto* which = stream_of(h2, id)) {
      nghttp2_session_set_stream_user_data(h2, id, nullptr);
      self(user).closed(*which, code);
    }
    return 0;
  }

  static ssize_t data_length(nghttp2_session*, uint8_t, int32_t, int32_t link_window,
                             int32_t stream_window, uint32_t peer_frame_bytes, void*) {
    return std::min({static_cast<ssize_t>(link_window), static_cast<ssize_t>(stream_window),
                     static_cast<ssize_t>(peer_frame_bytes), static_cast<ssize_t>(frame_bytes)});
  }

  static ssize_t supply(nghttp2_session*, int32_t, uint8_t* room, size_t length, uint32_t* flags,
                        nghttp2_data_source* source, void* user) {
    return self(user).supply(*static_cast<stream*>(source->ptr),
                             std::as_writable_bytes(std::span(room, length)), *flags);
  }

  static int complain(nghttp2_session*, int, const char* message, size_t length, void* user) {
    auto& s = self(user);
    if (s.complaint_.empty())
      s.complaint_ = printable({message, std::min(length, complaint_bytes)});
    return 0;
  }

  static nghttp2_session_callbacks* callbacks() {
    nghttp2_session_callbacks* out = nullptr;
    if (nghttp2_session_callbacks_new(&out) != 0)
      return nullptr;
    nghttp2_session_callbacks_set_on_begin_frame_callback(out, begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(out, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(out, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(out, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(out, data);
    nghttp2_session_callbacks_set_on_frame_send_callback(out, frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(out, stream_closed);
    nghttp2_session_callbacks_set_data_source_read_length_callback(out, data_length);
    nghttp2_session_callbacks_set_error_callback2(out, complain);
    return out;
  }
};

void session::h2_deleter::operator()(nghttp2_session* of) const {
  nghttp2_session_del(of);
}

bool session::open_h2() {
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)>
      callbacks(frames::callbacks(), nghttp2_session_callbacks_del);
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0 || !callbacks)
    return false;
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> option(made,
                                                                              nghttp2_option_del);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  nghttp2_option_set_peer_max_concurrent_streams(made, static_cast<uint32_t>(streams_allowed_));
  // Our own guard counts resets too; readers that stop early make honest ones.
  nghttp2_option_set_stream_reset_rate_limit(made, 20000, 2000);
  nghttp2_session* h2 = nullptr;
  const auto rv = side_ == side::server
                      ? nghttp2_session_server_new2(&h2, callbacks.get(), this, made)
                      : nghttp2_session_client_new2(&h2, callbacks.get(), this, made);
  if (rv != 0)
    return false;
  const std::lock_guard held(mutex_);
  h2_.reset(h2);
  begin_h2();
  return true;
}

void session::begin_h2() {
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, with_.streams_max},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, with_.stream_window_bytes},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, frame_bytes},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, with_.head_bytes},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  // The last one is a client's only.
  nghttp2_submit_settings(h2_.get(), NGHTTP2_FLAG_NONE, settings.data(),
                          side_ == side::server ? settings.size() - 1 : settings.size());
  nghttp2_session_set_local_window_size(
      h2_.get(), NGHTTP2_FLAG_NONE, 0,
      static_cast<int32_t>(std::max(with_.link_window_bytes, least_window_bytes)));
}

bool session::feed(byte_view in) {
  const std::lock_guard held(mutex_);
  const auto frames = scanner_.scan(in);
  data_frames_seen_ = 0;
  const auto rv =
      nghttp2_session_mem_recv(h2_.get(), reinterpret_cast<const uint8_t*>(in.data()), in.size());
  // Bodies of streams that are closed, and types of frames that nobody knows.
  const auto passed_over =
      frames.unknown + (frames.data - std::min(frames.data, data_frames_seen_));
  for (size_t i = 0; i < passed_over && !flooded_; ++i)
    flooded_ = !guard_.spend(now_);
  flooded_ = flooded_ || rv == NGHTTP2_ERR_FLOODED ||
             nghttp2_session_get_outbound_queue_size(h2_.get()) > queue_frames;
  return rv >= 0 && !flooded_;
}

int session::header(stream& on, std::string_view name, std::string_view value) {
  on.block_bytes += name.size() + value.size() + 32;
  if (on.block_bytes > with_.head_bytes) {
    if (!on.failed)
      on.failed = broken(fmt::format("headers larger than {} bytes came", with_.head_bytes));
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  const auto once = [value](std::optional<std::string>& to) -> int {
    if (to)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    to = value;
    return 0;
  };
  if (name == "pgbraid-head")
    return once(on.head);
  if (name == "pgbraid-trailer")
    return once(on.trailer);
  if (name == "pgbraid-error")
    return once(on.peer_error);
  if (name == ":path")
    on.path = value;
  else if (name == ":method")
    on.method = value;
  else if (name == ":status")
    on.status = value;
  return 0;
}

void session::deliver(stream& to, byte_view in) {
  to.moved_at = now_;
  if (!to.target.empty()) {
    const auto count = std::min(in.size(), to.target.size());
    std::copy_n(in.data(), count, to.target.data());
    to.target = to.target.subspan(count);
    in = in.subspan(count);
    to.taken_bytes += count;
    give_link_credit(count);
    if (to.taken_bytes > with_.stream_window_bytes / 2)
      grant_taken(to);
    if (to.target.empty())
      to.changed.notify_all();
  }
  if (in.empty())
    return;
  to.in.append(in);
  if (to.wanted_bytes > 0 && to.in.size() >= to.wanted_bytes) {
    to.wanted_bytes = 0;
    to.changed.notify_all();
    news_ = true;
  }
}

void session::frame_came(uint8_t type, uint8_t flags, stream* on) {
  if (type == NGHTTP2_SETTINGS && (flags & NGHTTP2_FLAG_ACK) == 0) {
    settings_came_ = true;
    streams_allowed_ =
        nghttp2_session_get_remote_settings(h2_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    session_changed();
  }
  if (on == nullptr || (type != NGHTTP2_DATA && type != NGHTTP2_HEADERS))
    return;
  on->moved_at = now_;
  if ((flags & NGHTTP2_FLAG_END_STREAM) != 0)
    on->input_ended = true;
  if (type == NGHTTP2_HEADERS)
    headers_came(*on);
  if (type == NGHTTP2_HEADERS || on->input_ended) {
    on->changed.notify_all();
    news_ = true;
  }
}

void session::goaway_came(uint32_t code, int32_t last_id) {
  sent_away_ = true;
  if (code == NGHTTP2_NO_ERROR)
    said_goodbye_ = true;
  else if (!failure_)
    failure_ = broken(
        fmt::format("the other host ended the connection: {}", nghttp2_http2_strerror(code)));
  for (auto& [number, s] : streams_)
    if (side_ == side::client && s->id > last_id && !s->closed)
      fail_stream(*s, broken("the other host takes no more requests"));
  session_changed();
}

void session::closed(stream& which, uint32_t code) {
  which.closed = true;
  --streams_open_;
  stream_closed(which, code);
  which.changed.notify_all();
  news_ = true;
  session_changed();
  if (which.released)
    erase(which);
}

stream* session::accept_stream(int32_t id) {
  // Those that callers still hold although they were cancelled count as well.
  if (stopping_ || streams_.size() >= size_t{2} * with_.streams_max)
    return nullptr;
  auto& made = add_stream(with_.stream_limit);
  made.id = id;
  nghttp2_session_set_stream_user_data(h2_.get(), id, &made);
  return &made;
}

int64_t session::supply(stream& from, byte_span out, uint32_t& flags) {
  const auto count = from.out.take(out);
  if (count > 0) {
    from.moved_at = now_;
    guard_.earn(count);
  }
  if (from.wanted_room > 0 && room(from) >= from.wanted_room) {
    from.wanted_room = 0;
    from.changed.notify_all();
    news_ = true;
  }
  if (!from.out_ended || !from.out.empty()) {
    from.out_deferred = count == 0;
    return from.out_deferred ? int64_t{NGHTTP2_ERR_DEFERRED} : static_cast<int64_t>(count);
  }
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (from.end_name != nullptr) {
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const auto end = header_of(from.end_name, from.end_value);
    nghttp2_submit_trailer(h2_.get(), from.id, &end, 1);
  }
  return static_cast<int64_t>(count);
}

void session::submit_request(stream& of) {
  const std::array headers = {header_of(":method", "POST"), header_of(":scheme", "https"),
                              header_of(":authority", "pgbraid"), header_of(":path", of.path),
                              header_of("pgbraid-head", of.out_head)};
  const nghttp2_data_provider body = {.source = {.ptr = &of}, .read_callback = frames::supply};
  const bool no_body = of.out_ended && of.out.empty();
  of.out_submitted = true;
  of.id = nghttp2_submit_request(h2_.get(), nullptr, headers.data(), headers.size(),
                                 no_body ? nullptr : &body, &of);
  if (of.id < 0) {
    fail_stream(of, broken("unable to begin a request"));
    of.closed = true;
    --streams_open_;
  }
}

void session::submit_answer(stream& to, const char* status) {
  std::vector<nghttp2_nv> headers = {header_of(":status", status)};
  if (status != std::string_view("200"))
    headers.push_back(header_of("allow", "POST"));
  else if (to.out_begun)
    headers.push_back(header_of("pgbraid-head", to.out_head));
  const bool no_body = to.out_ended && to.out.empty();
  if (no_body && to.end_name != nullptr)
    headers.push_back(header_of(to.end_name, to.end_value));
  const nghttp2_data_provider body = {.source = {.ptr = &to}, .read_callback = frames::supply};
  to.out_submitted = true;
  nghttp2_submit_response(h2_.get(), to.id, headers.data(), headers.size(),
                          no_body ? nullptr : &body);
}

/// Does what its caller left word of.
void session::apply(stream& what) {
  if (what.closed)
    return;
  if (!what.out_submitted)
    submit(what);
  if (what.closed || what.id < 0)
    return;
  if (std::exchange(what.cancel, false))
    nghttp2_submit_rst_stream(h2_.get(), NGHTTP2_FLAG_NONE, what.id, NGHTTP2_CANCEL);
  if (what.credit_bytes > 0 && !what.input_ended)
    nghttp2_submit_window_update(h2_.get(), NGHTTP2_FLAG_NONE, what.id,
                                 static_cast<int32_t>(std::exchange(what.credit_bytes, 0)));
  if (what.out_deferred && (!what.out.empty() || what.out_ended)) {
    what.out_deferred = false;
    nghttp2_session_resume_data(h2_.get(), what.id);
  }
}

/// What arrived and does not wait here any more. Not our own sum: data of streams that were
/// cancelled passes by us, and nghttp2 forgets what it noted of it when a window is updated by
/// hand.
int32_t session::link_debt() const {
  auto debt = nghttp2_session_get_effective_recv_data_length(h2_.get());
  if (side_ == side::server)
    for (const auto& [number, s] : streams_)
      debt -= static_cast<int32_t>(s->in.size());
  return std::max(debt, 0);
}

void session::apply_link() {
  if (link_credit_bytes_ >= link_credit_step()) {
    link_credit_bytes_ = 0;
    nghttp2_submit_window_update(h2_.get(), NGHTTP2_FLAG_NONE, 0, link_debt());
  }
  if (refuse_more_ && !std::exchange(goaway_sent_, true))
    nghttp2_submit_goaway(h2_.get(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(h2_.get()), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  if (now_ - arrived_at_ >= with_.ping_every && now_ - pinged_at_ >= with_.ping_every) {
    pinged_at_ = now_;
    nghttp2_submit_ping(h2_.get(), NGHTTP2_FLAG_NONE, nullptr);
  }
  if (stop_by_ && !terminated_ && (!answers_unsent() || now_ >= *stop_by_)) {
    terminated_ = true;
    nghttp2_session_terminate_session(h2_.get(), NGHTTP2_NO_ERROR);
  }
}

void session::end_h2() {
  const std::lock_guard held(mutex_);
  const bool in_peace = said_goodbye_ && complaint_.empty();
  nghttp2_session_terminate_session(h2_.get(), flooded_   ? NGHTTP2_ENHANCE_YOUR_CALM
                                               : in_peace ? NGHTTP2_NO_ERROR
                                                          : NGHTTP2_PROTOCOL_ERROR);
}

bool session::h2_has_ended() {
  const std::lock_guard held(mutex_);
  if (flooded_)
    return true;
  return pending_.empty() && after_.empty() && nghttp2_session_want_write(h2_.get()) == 0 &&
         (terminated_ || nghttp2_session_want_read(h2_.get()) == 0);
}

/// Fills `pending_` with what HTTP/2 wants to send next; false when there is nothing.
bool session::refill() {
  if (!after_.empty()) {
    pending_ = std::exchange(after_, {});
    return true;
  }
  const std::lock_guard held(mutex_);
  small_.clear();
  while (small_.size() < small_frames_bytes) {
    const uint8_t* bytes = nullptr;
    const auto count = nghttp2_session_mem_send(h2_.get(), &bytes);
    if (count < 0)
      flooded_ = true;
    if (count <= 0)
      break;
    const byte_view frame = std::as_bytes(std::span(bytes, static_cast<size_t>(count)));
    if (frame.size() > small_frame_bytes) {
      after_ = frame;
      break;
    }
    small_ += as_text(frame);
  }
  pending_ = small_.empty() ? std::exchange(after_, {}) : as_bytes(small_);
  return !pending_.empty();
}

} // namespace pgbraid::link
