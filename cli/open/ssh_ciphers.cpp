// Asking the ssh client for its ciphers, and putting them in order.
// SPDX-License-Identifier: MIT
#include "cli/open/ssh_ciphers.hpp"

#include "engine/base/clock.hpp"
#include "engine/net/child_process.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace pgbraid::cli {

namespace {

constexpr size_t answer_limit_bytes = size_t{64} << 10;
constexpr auto answer_limit = std::chrono::seconds(5);

bool has_aes_instructions() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  return (::getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
  return false;
#endif
}

/// The value of the line `ciphers ...`.
std::string_view ciphers_line(std::string_view answer) {
  constexpr std::string_view name = "ciphers ";
  while (!answer.empty()) {
    const auto line = answer.substr(0, answer.find('\n'));
    if (line.starts_with(name))
      return line.substr(name.size());
    answer.remove_prefix(std::min(line.size() + 1, answer.size()));
  }
  return {};
}

std::vector<std::string_view> names_in(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    out.push_back(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(out.back().size() + 1, list.size()));
  }
  return out;
}

bool is_aes_gcm(std::string_view cipher) {
  return cipher.starts_with("aes") && cipher.find("-gcm@") != std::string_view::npos;
}

/// What a client prints; empty when it fails, says too much or takes too long.
std::string answer_of(const std::vector<std::string>& argv) {
  using clock = monotonic;
  auto client = net::child_process::start(argv);
  if (!client)
    return {};
  client->to_child.reset();
  const auto until = clock::now() + answer_limit;
  std::string out;
  std::array<char, 4096> part;
  while (out.size() < answer_limit_bytes) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd ready{client->from_child.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0)
      return {};
    const auto got = ::read(client->from_child.get(), part.data(), part.size());
    if (got < 0)
      return {};
    if (got == 0)
      return out;
    out.append(part.data(), static_cast<size_t>(got));
  }
  return {};
}

} // namespace

std::string ciphers_to_ask_for(std::string_view configured, std::string_view built_in) {
  if (configured.empty() || configured != built_in)
    return {};
  auto names = names_in(configured);
  const auto others = std::ranges::stable_partition(names, is_aes_gcm);
  if (others.begin() == names.begin() || is_aes_gcm(names_in(configured).front()))
    return {};
  std::string out;
  for (const auto name : names)
    out.append(out.empty() ? "" : ",").append(name);
  return out;
}

std::vector<std::string> cipher_words(const config::options& opts,
                                      const std::vector<std::string>& words) {
  const auto& client = words.front();
  const bool carries_much =
      opts.command() == config::command_id::backup || opts.command() == config::command_id::restore;
  // Another program than OpenSSH's may do anything when it is called with -G.
  const bool known = client == "ssh" || client.ends_with("/ssh");
  if (!carries_much || !known || !has_aes_instructions())
    return {};
  // All but the command for the other host.
  std::vector<std::string> ask(words.begin(), words.end() - 1);
  ask.insert(ask.begin() + 1, "-G");
  const auto configured = answer_of(ask);
  ask.insert(ask.begin() + 1, {"-F", "/dev/null"});
  const auto wanted = ciphers_to_ask_for(ciphers_line(configured), ciphers_line(answer_of(ask)));
  if (wanted.empty())
    return {};
  return {"-o", "Ciphers=" + wanted};
}

} // namespace pgbraid::cli
