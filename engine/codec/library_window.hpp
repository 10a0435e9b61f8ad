// What a compression library may read and write at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <algorithm>
#include <cstdint>

namespace pgbraid::codec {

/// Points a context of zlib, or of ISA-L's igzip, at what it may read and write now. Both count in
/// 32 bits, and name these fields alike.
template <class Context> class library_window {
public:
  library_window(Context& context, byte_view& in, byte_span& out)
      : context_(context), in_(in), out_(out), offered_(std::min(in.size(), most)),
        room_(std::min(out.size(), most)) {
    context.next_in = reinterpret_cast<uint8_t*>(const_cast<std::byte*>(in.data()));
    context.avail_in = static_cast<uint32_t>(offered_);
    context.next_out = reinterpret_cast<uint8_t*>(out.data());
    context.avail_out = static_cast<uint32_t>(room_);
  }
  /// Whether all of the input is in the window.
  bool is_whole() const { return offered_ == in_.size(); }
  /// Removes from input and output what the library did; true when it did anything.
  bool close() {
    const size_t used = offered_ - context_.avail_in;
    const size_t made = room_ - context_.avail_out;
    in_ = in_.subspan(used);
    out_ = out_.subspan(made);
    return used > 0 || made > 0;
  }

private:
  static constexpr size_t most = size_t{1} << 30;

  Context& context_;
  byte_view& in_;
  byte_span& out_;
  size_t offered_;
  size_t room_;
};

} // namespace pgbraid::codec
