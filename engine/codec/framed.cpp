// Compression by independent frames: each piece of input becomes a frame of its own.
// SPDX-License-Identifier: MIT
#include "engine/codec/framed.hpp"

#include "engine/codec/sequential.hpp"

#include <algorithm>
#include <vector>

namespace pgbraid::codec {

namespace {

class framed_stream final : public sequential_stream {
public:
  explicit framed_stream(std::shared_ptr<frame_maker> maker) : maker_(std::move(maker)) {}

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    while (drain(out)) {
      if (in.empty() && !(last && frame_count_ == 0))
        return last;
      if (out.empty())
        return false;
      const auto piece = in.first(std::min(in.size(), frame_piece_bytes));
      if (auto made = add_frame(piece, out); !made)
        return made.failure();
      in = in.subspan(piece.size());
    }
    return false;
  }

private:
  /// Moves what waits to `out`; true when nothing waits now.
  bool drain(byte_span& out) {
    const auto now = byte_view(waiting_).subspan(drained_);
    const auto part = now.first(std::min(now.size(), out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    drained_ += part.size();
    out = out.subspan(part.size());
    return drained_ == waiting_.size();
  }

  result<void> add_frame(byte_view piece, byte_span& out) {
    ++frame_count_;
    const size_t bound = maker_->bound(piece.size());
    if (out.size() >= bound) {
      auto length = maker_->make(piece, out);
      if (!length)
        return length.failure();
      out = out.subspan(*length);
      return {};
    }
    waiting_.resize(bound);
    drained_ = 0;
    auto length = maker_->make(piece, waiting_);
    if (!length)
      return length.failure();
    waiting_.resize(*length);
    return {};
  }

  std::shared_ptr<frame_maker> maker_;
  uint64_t frame_count_ = 0;
  std::vector<std::byte> waiting_;
  size_t drained_ = 0;
};

class framed_kernel final : public sequential_kernel {
public:
  explicit framed_kernel(std::unique_ptr<frame_maker> maker) : maker_(std::move(maker)) {}
  std::unique_ptr<stream> open() override { return std::make_unique<framed_stream>(maker_); }

private:
  std::shared_ptr<frame_maker> maker_;
};

} // namespace

std::unique_ptr<kernel> make_framed(std::unique_ptr<frame_maker> maker) {
  return std::make_unique<framed_kernel>(std::move(maker));
}

} // namespace pgbraid::codec
