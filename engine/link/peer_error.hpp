// Errors as they travel between hosts.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "engine/link/settings.hpp"

#include <string>
#include <string_view>

namespace pgbraid::link {

/// JSON text in ASCII: `{"code":55,"message":"...","hint":"...","transient":true}`, without what is
/// empty or false; long texts are cut.
std::string render_peer_error(const error& what);
/// What the other end said, made safe to show, with a message that says where it comes from. Never
/// fails: what cannot be understood is an error as well.
error parse_peer_error(std::string_view text, const settings& with);

} // namespace pgbraid::link
