// From options to the settings of whichever store it is.
// Source: storage/driver/object/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/open/location.hpp"

namespace pgbraid::cli {

/// What the options say about the bucket of a repository. Each fails with `option_invalid_value`
/// (32) for what makes no sense, with `option_invalid` (31) or `option_required` (37) for what is
/// missing.
result<s3::settings> s3_bucket_of(const config::options& opts, size_t position);
result<gcs::settings> gcs_bucket_of(const config::options& opts, size_t position);
result<azure::settings> azure_container_of(const config::options& opts, size_t position);

} // namespace pgbraid::cli
