// LZ4 frames of one piece each, and back.
// Format: the LZ4 frame format, version 1.6.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/framed.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/spares.hpp"

#include <lz4frame.h>

namespace pgbraid::codec {

namespace {

struct free_compressor {
  void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
};

class lz4_frames final : public frame_maker {
public:
  lz4_frames(int level, bool raw) {
    preferences_.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences_.frameInfo.blockMode = LZ4F_blockLinked;
    preferences_.frameInfo.contentChecksumFlag =
        raw ? LZ4F_noContentChecksum : LZ4F_contentChecksumEnabled;
    preferences_.compressionLevel = level;
    // A frame gets its piece at once, so nothing is gained by holding input back.
    preferences_.autoFlush = 1;
    LZ4F_cctx* made = nullptr;
    LZ4F_createCompressionContext(&made, LZ4F_VERSION);
    context_.reset(made);
  }
  size_t bound(size_t plain_bytes) const override {
    return LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(plain_bytes, &preferences_);
  }
  result<size_t> make(byte_view piece, byte_span into) override {
    // Sources stay where they are until the frame ends: linked blocks need no copy.
    const LZ4F_compressOptions_t in_place{1, {0, 0, 0}};
    size_t filled = 0;
    const auto add = [&](size_t made) {
      if (LZ4F_isError(made) != 0)
        return made;
      filled += made;
      return size_t{0};
    };
    auto* const context = context_.get();
    auto broken = add(LZ4F_compressBegin(context, into.data(), into.size(), &preferences_));
    if (broken == 0 && !piece.empty())
      broken = add(LZ4F_compressUpdate(context, into.data() + filled, into.size() - filled,
                                       piece.data(), piece.size(), &in_place));
    if (broken == 0)
      broken =
          add(LZ4F_compressEnd(context, into.data() + filled, into.size() - filled, &in_place));
    if (broken != 0)
      return error{errc::memory,
                   std::string("unable to compress: lz4: ") + LZ4F_getErrorName(broken)};
    return filled;
  }

private:
  LZ4F_preferences_t preferences_ = LZ4F_INIT_PREFERENCES;
  std::unique_ptr<LZ4F_cctx, free_compressor> context_;
};

/// A library context that frees itself.
struct lz4_reader {
  lz4_reader() { LZ4F_createDecompressionContext(&context, LZ4F_VERSION); }
  lz4_reader(const lz4_reader&) = delete;
  lz4_reader& operator=(const lz4_reader&) = delete;
  ~lz4_reader() { LZ4F_freeDecompressionContext(context); }
  LZ4F_dctx* context = nullptr;
};

class unlz4_stream final : public sequential_stream {
public:
  explicit unlz4_stream(std::shared_ptr<spares<lz4_reader>> spare)
      : spare_(std::move(spare)), reader_(spare_->take()) {
    if (!reader_)
      reader_ = std::make_unique<lz4_reader>();
    LZ4F_resetDecompressionContext(reader_->context);
  }
  ~unlz4_stream() override { spare_->give(std::move(reader_)); }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    while (!out.empty() && !(in.empty() && between_frames_)) {
      size_t used = in.size();
      size_t made = out.size();
      const size_t hint =
          LZ4F_decompress(reader_->context, out.data(), &made, in.data(), &used, nullptr);
      if (LZ4F_isError(hint) != 0)
        return corrupt_input("lz4", LZ4F_getErrorName(hint));
      in = in.subspan(used);
      out = out.subspan(made);
      any_frame_ = true;
      between_frames_ = hint == 0;
      if (used == 0 && made == 0 && !between_frames_)
        break;
    }
    if (last && in.empty() && !out.empty() && !(any_frame_ && between_frames_))
      return truncated_input();
    return last && in.empty() && any_frame_ && between_frames_;
  }

private:
  std::shared_ptr<spares<lz4_reader>> spare_;
  std::unique_ptr<lz4_reader> reader_;
  /// All frames begun so far are decoded and delivered.
  bool between_frames_ = true;
  bool any_frame_ = false;
};

class unlz4_kernel final : public sequential_kernel {
public:
  std::unique_ptr<stream> open() override { return std::make_unique<unlz4_stream>(spare_); }

private:
  std::shared_ptr<spares<lz4_reader>> spare_ = std::make_shared<spares<lz4_reader>>();
};

} // namespace

std::unique_ptr<kernel> make_lz4_compress(int level, bool raw) {
  return make_framed(std::make_unique<lz4_frames>(level, raw));
}

std::unique_ptr<kernel> make_lz4_decompress() {
  return std::make_unique<unlz4_kernel>();
}

} // namespace pgbraid::codec
