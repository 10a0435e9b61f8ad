// Zstandard, in frames of one piece each, and back.
// Format: RFC 8878.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/framed.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/spares.hpp"

#include <zstd.h>

namespace pgbraid::codec {

namespace {

struct free_compressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class zst_frames final : public frame_maker {
public:
  explicit zst_frames(int level) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  }
  size_t bound(size_t plain_bytes) const override { return ZSTD_compressBound(plain_bytes); }
  result<size_t> make(byte_view piece, byte_span into) override {
    const size_t made =
        ZSTD_compress2(context_.get(), into.data(), into.size(), piece.data(), piece.size());
    if (ZSTD_isError(made) != 0)
      return error{errc::memory,
                   std::string("unable to compress: zst: ") + ZSTD_getErrorName(made)};
    return made;
  }

private:
  std::unique_ptr<ZSTD_CCtx, free_compressor> context_{ZSTD_createCCtx()};
};

/// A library context that frees itself.
struct zst_reader {
  zst_reader() {
    // The library's own limit, said aloud: windows above 128 MiB are refused.
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27);
  }
  zst_reader(const zst_reader&) = delete;
  zst_reader& operator=(const zst_reader&) = delete;
  ~zst_reader() { ZSTD_freeDCtx(context); }
  ZSTD_DCtx* context = ZSTD_createDCtx();
};

class unzst_stream final : public sequential_stream {
public:
  explicit unzst_stream(std::shared_ptr<spares<zst_reader>> spare)
      : spare_(std::move(spare)), reader_(spare_->take()) {
    if (!reader_)
      reader_ = std::make_unique<zst_reader>();
    ZSTD_DCtx_reset(reader_->context, ZSTD_reset_session_only);
  }
  ~unzst_stream() override { spare_->give(std::move(reader_)); }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    // The library takes calls that cannot move anything for a sign of a broken loop.
    while (!out.empty() && (!in.empty() || holds_output_)) {
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      const size_t hint = ZSTD_decompressStream(reader_->context, &to, &from);
      if (ZSTD_isError(hint) != 0)
        return corrupt_input("zst", ZSTD_getErrorName(hint));
      in = in.subspan(from.pos);
      out = out.subspan(to.pos);
      any_frame_ = true;
      between_frames_ = hint == 0;
      holds_output_ = out.empty() && !between_frames_;
    }
    if (last && in.empty() && !out.empty() && !(any_frame_ && between_frames_))
      return truncated_input();
    return last && in.empty() && any_frame_ && between_frames_;
  }

private:
  std::shared_ptr<spares<zst_reader>> spare_;
  std::unique_ptr<zst_reader> reader_;
  /// All frames begun so far are decoded and delivered.
  bool between_frames_ = true;
  bool any_frame_ = false;
  /// The last step filled all room, so more may be waiting inside.
  bool holds_output_ = false;
};

class unzst_kernel final : public sequential_kernel {
public:
  std::unique_ptr<stream> open() override { return std::make_unique<unzst_stream>(spare_); }

private:
  std::shared_ptr<spares<zst_reader>> spare_ = std::make_shared<spares<zst_reader>>();
};

} // namespace

std::unique_ptr<kernel> make_zst_compress(int level) {
  return make_framed(std::make_unique<zst_frames>(level));
}

std::unique_ptr<kernel> make_zst_decompress() {
  return std::make_unique<unzst_kernel>();
}

} // namespace pgbraid::codec
