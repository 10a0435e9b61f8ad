// Who runs the copies that another host asks for.
// SPDX-License-Identifier: MIT
#include "cli/remote/copies.hpp"

namespace pgbraid::cli {

namespace {

class no_copies final : public serve::copy_service {
public:
  void take(std::unique_ptr<link::exchange> asked, const serve::grants&) override {
    asked->fail({errc::feature_not_supported, "copies on another host are not supported yet"});
  }
  void end() override {}
};

} // namespace

std::unique_ptr<serve::copy_service> make_copies() {
  return std::make_unique<no_copies>();
}

} // namespace pgbraid::cli
