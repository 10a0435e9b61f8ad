// gzip and zlib containers, one member per file, read by ISA-L's igzip.
// Formats: RFC 1950, RFC 1952.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/library_window.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/spares.hpp"

#include <isa-l/igzip_lib.h>

namespace pgbraid::codec {

namespace {

const char* why_not(int code) {
  switch (code) {
  case ISAL_INVALID_BLOCK:
    return "invalid block";
  case ISAL_INVALID_SYMBOL:
    return "invalid symbol";
  case ISAL_INVALID_LOOKBACK:
    return "invalid distance";
  case ISAL_INVALID_WRAPPER:
    return "invalid header";
  case ISAL_UNSUPPORTED_METHOD:
    return "unknown compression method";
  case ISAL_INCORRECT_CHECKSUM:
    return "incorrect checksum";
  case ISAL_NEED_DICT:
    return "a dictionary is needed";
  default:
    return "invalid data";
  }
}

class ungz_stream final : public sequential_stream {
public:
  ungz_stream(bool raw, std::shared_ptr<spares<inflate_state>> spare)
      : spare_(std::move(spare)), library_(spare_->take()) {
    if (library_) {
      isal_inflate_reset(library_.get());
    } else {
      // It makes ready what it needs of its 80 KB.
      library_ = std::make_unique_for_overwrite<inflate_state>();
      isal_inflate_init(library_.get());
    }
    library_->crc_flag = raw ? ISAL_ZLIB : ISAL_GZIP;
  }
  ~ungz_stream() override { spare_->give(std::move(library_)); }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    while (!out.empty() && !ended_) {
      auto moved = step(in, out);
      if (!moved)
        return moved.failure();
      if (!*moved)
        break;
    }
    if (ended_ && (!in.empty() || holds_input()))
      return trailing_input();
    if (last && !ended_ && in.empty() && !out.empty())
      return truncated_input();
    return ended_;
  }

private:
  /// Whole bytes behind the end that the library took before it knew.
  bool holds_input() const { return library_->read_in_length >= 8; }

  /// Whether anything moved.
  result<bool> step(byte_view& in, byte_span& out) {
    library_window window(*library_, in, out);
    const int code = isal_inflate(library_.get());
    const bool moved = window.close();
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW)
      return corrupt_input("gz", why_not(code));
    ended_ = library_->block_state == ISAL_BLOCK_FINISH;
    return moved;
  }

  std::shared_ptr<spares<inflate_state>> spare_;
  std::unique_ptr<inflate_state> library_;
  bool ended_ = false;
};

class ungz_kernel final : public sequential_kernel {
public:
  explicit ungz_kernel(bool raw) : raw_(raw) {}
  std::unique_ptr<stream> open() override { return std::make_unique<ungz_stream>(raw_, spare_); }

private:
  bool raw_;
  std::shared_ptr<spares<inflate_state>> spare_ = std::make_shared<spares<inflate_state>>();
};

} // namespace

std::unique_ptr<kernel> make_gz_decompress(bool raw) {
  return std::make_unique<ungz_kernel>(raw);
}

} // namespace pgbraid::codec
