// How the options say that files are compressed.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/codec/compress.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

struct compression {
  compress_type type = compress_type::none;
  int level = 0;
  codec::gz_engine gz = codec::gz_engine::automatic;
};

/// For commands that know `compress-type`: archive-push and backup.
compression compression_of(const config::options& opts);

} // namespace pgbraid::cli
