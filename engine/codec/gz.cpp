// gzip and zlib containers, one member per file, made by zlib.
// Formats: RFC 1950, RFC 1952.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/library_window.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/spares.hpp"

#include <zlib.h>

namespace pgbraid::codec {

namespace {

/// zlib's windowBits: the largest window, and 16 more for the gzip container.
int window_bits(bool raw) {
  return raw ? MAX_WBITS : MAX_WBITS + 16;
}

/// A library context that frees itself.
struct deflater {
  deflater(int level, bool raw) {
    constexpr int most_memory = 9;
    ready = deflateInit2(&z, level, Z_DEFLATED, window_bits(raw), most_memory,
                         Z_DEFAULT_STRATEGY) == Z_OK;
  }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;
  ~deflater() {
    if (ready)
      deflateEnd(&z);
  }
  z_stream z{};
  bool ready = false;
};

class gz_stream final : public sequential_stream {
public:
  gz_stream(int level, bool raw, std::shared_ptr<spares<deflater>> spare)
      : spare_(std::move(spare)), library_(spare_->take()) {
    if (library_)
      deflateReset(&library_->z);
    else
      library_ = std::make_unique<deflater>(level, raw);
  }
  ~gz_stream() override {
    if (library_->ready)
      spare_->give(std::move(library_));
  }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    if (!library_->ready)
      return error{errc::memory, "unable to compress: gz: out of memory"};
    auto& z = library_->z;
    while (!out.empty() && !ended_ && !(in.empty() && !last)) {
      library_window window(z, in, out);
      const int code = deflate(&z, last && window.is_whole() ? Z_FINISH : Z_NO_FLUSH);
      window.close();
      if (code == Z_STREAM_ERROR)
        return error{errc::assertion, "unable to compress: gz: stream error"};
      ended_ = code == Z_STREAM_END;
    }
    return ended_;
  }

private:
  std::shared_ptr<spares<deflater>> spare_;
  std::unique_ptr<deflater> library_;
  bool ended_ = false;
};

class gz_kernel final : public sequential_kernel {
public:
  gz_kernel(int level, bool raw) : level_(level), raw_(raw) {}
  std::unique_ptr<stream> open() override {
    return std::make_unique<gz_stream>(level_, raw_, spare_);
  }

private:
  int level_;
  bool raw_;
  std::shared_ptr<spares<deflater>> spare_ = std::make_shared<spares<deflater>>();
};

} // namespace

std::unique_ptr<kernel> make_gz_compress_zlib(int level, bool raw) {
  return std::make_unique<gz_kernel>(level, raw);
}

} // namespace pgbraid::codec
