// bzip2, one stream per file, and back.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/sequential.hpp"

#include <bzlib.h>

#include <algorithm>

namespace pgbraid::codec {

namespace {

/// Points the library at what it may read and write now. It counts in 32 bits.
struct bz2_window {
  bz2_window(bz_stream& z, byte_view& in, byte_span& out)
      : z_(z), in_(in), out_(out), offered_(std::min<size_t>(in.size(), 1u << 30)),
        room_(std::min<size_t>(out.size(), 1u << 30)) {
    z.next_in = const_cast<char*>(as_text(in).data());
    z.avail_in = static_cast<unsigned>(offered_);
    z.next_out = reinterpret_cast<char*>(out.data());
    z.avail_out = static_cast<unsigned>(room_);
  }
  /// Removes from input and output what the library did; true when it did anything.
  bool close() {
    const size_t used = offered_ - z_.avail_in;
    const size_t made = room_ - z_.avail_out;
    in_ = in_.subspan(used);
    out_ = out_.subspan(made);
    return used > 0 || made > 0;
  }

private:
  bz_stream& z_;
  byte_view& in_;
  byte_span& out_;
  size_t offered_;
  size_t room_;
};

class bz2_stream final : public sequential_stream {
public:
  explicit bz2_stream(int level) { ready_ = BZ2_bzCompressInit(&z_, level, 0, 0) == BZ_OK; }
  bz2_stream(const bz2_stream&) = delete;
  bz2_stream& operator=(const bz2_stream&) = delete;
  ~bz2_stream() override {
    if (ready_)
      BZ2_bzCompressEnd(&z_);
  }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    if (!ready_)
      return error{errc::memory, "unable to compress: bz2: out of memory"};
    while (!out.empty() && !ended_ && !(in.empty() && !last)) {
      bz2_window window(z_, in, out);
      const bool whole = z_.avail_in == in.size();
      const int code = BZ2_bzCompress(&z_, last && whole ? BZ_FINISH : BZ_RUN);
      window.close();
      if (code < 0)
        return error{errc::assertion, "unable to compress: bz2: wrong sequence"};
      ended_ = code == BZ_STREAM_END;
    }
    return ended_ || (in.empty() && !last);
  }

private:
  bz_stream z_{};
  bool ready_ = false;
  bool ended_ = false;
};

class unbz2_stream final : public sequential_stream {
public:
  unbz2_stream() { ready_ = BZ2_bzDecompressInit(&z_, 0, 0) == BZ_OK; }
  unbz2_stream(const unbz2_stream&) = delete;
  unbz2_stream& operator=(const unbz2_stream&) = delete;
  ~unbz2_stream() override {
    if (ready_)
      BZ2_bzDecompressEnd(&z_);
  }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    if (!ready_)
      return error{errc::memory, "unable to decompress: bz2: out of memory"};
    bool moved = true;
    while (moved && !out.empty() && !ended_) {
      bz2_window window(z_, in, out);
      const int code = BZ2_bzDecompress(&z_);
      moved = window.close();
      if (code == BZ_MEM_ERROR)
        return error{errc::memory, "unable to decompress: bz2: out of memory"};
      if (code < 0)
        return corrupt_input("bz2", name(code));
      ended_ = code == BZ_STREAM_END;
    }
    if (ended_ && !in.empty())
      return trailing_input();
    if (last && !ended_ && in.empty() && !out.empty())
      return truncated_input();
    return ended_;
  }

private:
  static std::string_view name(int code) {
    return code == BZ_DATA_ERROR_MAGIC ? "there is no bzip2 header" : "data integrity error";
  }

  bz_stream z_{};
  bool ready_ = false;
  bool ended_ = false;
};

class bz2_kernel final : public sequential_kernel {
public:
  explicit bz2_kernel(int level) : level_(level) {}
  std::unique_ptr<stream> open() override { return std::make_unique<bz2_stream>(level_); }

private:
  int level_;
};

class unbz2_kernel final : public sequential_kernel {
public:
  std::unique_ptr<stream> open() override { return std::make_unique<unbz2_stream>(); }
};

} // namespace

std::unique_ptr<kernel> make_bz2_compress(int level) {
  return std::make_unique<bz2_kernel>(level);
}

std::unique_ptr<kernel> make_bz2_decompress() {
  return std::make_unique<unbz2_kernel>();
}

} // namespace pgbraid::codec
