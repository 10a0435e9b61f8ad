// What the files of a batch read together.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/shared_bytes.hpp"

#include <memory>

namespace pgbraid {

class far_blocks;

struct batch_bytes {
  /// Their stored bytes; null: each file is read on its own.
  std::shared_ptr<shared_bytes> near = {};
  /// Of earlier backups; null: nothing.
  std::shared_ptr<far_blocks> far = {};
};

} // namespace pgbraid
