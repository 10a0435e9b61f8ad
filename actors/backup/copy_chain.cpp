// Positions and kernels.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_chain.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/postgres/exclusion.hpp"

#include <bit>

namespace pgbraid {

copy_chain::copy_chain(remote::copy_rules rules) : rules_(std::move(rules)) {
  size_t position = 0;
  if (rules_.checksum_page)
    page_check_ = position++;
  checksum_ = position++;
  position += rules_.compression != compress_type::none ? 1 : 0;
  position += rules_.cipher_pass.empty() ? 0 : 1;
  if (position > checksum_ + 1)
    repo_checksum_ = position;
}

result<graph::chain> copy_chain::make() const {
  graph::chain out;
  if (rules_.checksum_page)
    out.push_back(std::make_unique<codec::page_check_kernel>(codec::page_check_settings{
        .page_bytes = rules_.page_bytes, .header_check = rules_.page_header_check}));
  out.push_back(std::make_unique<codec::digest_kernel>());
  if (rules_.compression != compress_type::none) {
    auto kernel = codec::make_compress(rules_.compression, static_cast<int>(rules_.compress_level),
                                       {.engine = rules_.gz});
    if (!kernel)
      return kernel.failure();
    out.push_back(std::move(*kernel));
  }
  if (!rules_.cipher_pass.empty())
    out.push_back(codec::make_encrypt(rules_.cipher_pass.view()));
  if (repo_checksum_)
    out.push_back(std::make_unique<codec::digest_kernel>());
  return out;
}

std::unique_ptr<codec::stream>
copy_chain::open_stream(codec::kernel& kernel, const remote::copied_file& of, reread read_again) {
  auto* checker = dynamic_cast<codec::page_check_kernel*>(&kernel);
  if (!checker)
    return kernel.open();
  if (!of.check_pages)
    return nullptr;
  return checker->open(
      {.segment = postgres::relation_segment(of.name), .read_again = std::move(read_again)});
}

void copy_chain::take_results(std::span<const std::unique_ptr<codec::stream>> streams,
                              copy_results& into) const {
  into.checksum = codec::digest_kernel::value(*streams[checksum_]);
  if (repo_checksum_)
    into.repo_checksum = codec::digest_kernel::value(*streams[*repo_checksum_]);
  if (page_check_ && streams[*page_check_])
    into.pages = codec::page_check_kernel::verdict(*streams[*page_check_]);
}

codec::compress_memory copy_chain::memory() const {
  return codec::memory_of(rules_.compression, static_cast<int>(rules_.compress_level));
}

graph::job_shape copy_chain::shape() const {
  return {.page_check = rules_.checksum_page,
          .compression = std::string(compress_type_name(rules_.compression)),
          .cipher = !rules_.cipher_pass.empty()};
}

result<void> validate(const remote::copy_rules& rules) {
  const auto levels = codec::levels_of(rules.compression);
  if (rules.compression != compress_type::none &&
      (rules.compress_level < levels.low || rules.compress_level > levels.high))
    return error{errc::protocol, "the other host asked for an unknown compression level"};
  if (rules.checksum_page && (!std::has_single_bit(rules.page_bytes) || rules.page_bytes < 1024 ||
                              rules.page_bytes > 32768))
    return error{errc::protocol, "the other host asked for an impossible page size"};
  return success();
}

} // namespace pgbraid
