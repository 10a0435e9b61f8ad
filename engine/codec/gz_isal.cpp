// gzip and zlib containers, one member per file, made by ISA-L's igzip.
// SPDX-License-Identifier: MIT
#include "engine/codec/codecs.hpp"
#include "engine/codec/library_window.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/spares.hpp"

#include <isa-l/igzip_lib.h>

#include <vector>

namespace pgbraid::codec {

namespace {

/// A library context with its working memory.
struct igzip {
  isal_zstream z{};
  std::vector<uint8_t> memory;

  /// Makes the context ready for a new stream.
  void start(int level, bool raw) {
    memory.resize(level == 1 ? ISAL_DEF_LVL1_DEFAULT : ISAL_DEF_LVL2_DEFAULT);
    isal_deflate_init(&z);
    z.level = static_cast<uint32_t>(level);
    z.level_buf = memory.data();
    z.level_buf_size = static_cast<uint32_t>(memory.size());
    z.gzip_flag = raw ? IGZIP_ZLIB : IGZIP_GZIP;
  }
};

class igzip_stream final : public sequential_stream {
public:
  igzip_stream(int level, bool raw, std::shared_ptr<spares<igzip>> spare)
      : spare_(std::move(spare)), library_(spare_->take()) {
    if (!library_)
      library_ = std::make_unique<igzip>();
    library_->start(level, raw);
  }
  ~igzip_stream() override { spare_->give(std::move(library_)); }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override {
    auto& z = library_->z;
    while (!out.empty() && !ended_ && !(in.empty() && !last)) {
      if (auto done = step(in, out, last); !done)
        return done.failure();
      ended_ = z.internal_state.state == ZSTATE_END;
    }
    return ended_;
  }

private:
  result<void> step(byte_view& in, byte_span& out, bool last) {
    auto& z = library_->z;
    library_window window(z, in, out);
    z.end_of_stream = last && window.is_whole() ? 1 : 0;
    z.flush = NO_FLUSH;
    if (const int code = isal_deflate(&z); code != COMP_OK)
      return error{errc::assertion, "unable to compress: gz: error " + std::to_string(code)};
    window.close();
    return {};
  }

  std::shared_ptr<spares<igzip>> spare_;
  std::unique_ptr<igzip> library_;
  bool ended_ = false;
};

class igzip_kernel final : public sequential_kernel {
public:
  igzip_kernel(int level, bool raw) : level_(level), raw_(raw) {}
  std::unique_ptr<stream> open() override {
    return std::make_unique<igzip_stream>(level_, raw_, spare_);
  }

private:
  int level_;
  bool raw_;
  std::shared_ptr<spares<igzip>> spare_ = std::make_shared<spares<igzip>>();
};

} // namespace

std::unique_ptr<kernel> make_gz_compress_isal(int level, bool raw) {
  return std::make_unique<igzip_kernel>(level, raw);
}

} // namespace pgbraid::codec
