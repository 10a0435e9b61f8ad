// Runs a fuzz target where there is no libFuzzer: over a corpus, then over changed copies of it.
// SPDX-License-Identifier: MIT
//
// usage: fuzz_<target> [--rounds N] [--seconds N] [--seed N] FILE|FOLDER...
// An input that ends the process is left in fuzz-input.<process>; give it as FILE to see it again.
#include "tests/fuzz/target.hpp"
#include "tests/hostile.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" {
// In programs that are built with a sanitizer.
void __sanitizer_set_death_callback(void (*call)()) __attribute__((weak));
}

namespace {

using clock_type = std::chrono::steady_clock;

constexpr size_t input_limit_bytes = size_t{64} << 10;
constexpr unsigned input_limit_s = 30;

struct wishes {
  size_t rounds = 0;
  std::chrono::seconds longest = std::chrono::hours(24);
  unsigned seed = 1;
  std::vector<std::string> files = {};
};

std::string present;

void keep_input() {
  const auto name = "fuzz-input." + std::to_string(::getpid());
  std::ofstream(name, std::ios::binary) << present;
  std::fprintf(stderr, "the input is in %s (%zu bytes)\n", name.c_str(), present.size());
}

extern "C" void on_end(int signal) {
  keep_input();
  std::fprintf(stderr, signal == SIGALRM ? "the input took too long\n" : "the input aborts\n");
  ::_exit(1);
}

void run(std::string input) {
  present = std::move(input);
  pgbraid::test::note_hostile("tried", "random damage and noise", 1);
  ::alarm(input_limit_s);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(present.data()), present.size());
  ::alarm(0);
  pgbraid::test::note_hostile("held", "random damage and noise", 1);
}

/// Changes one place, with other inputs to take parts from.
class mutator {
public:
  mutator(unsigned seed, const std::vector<std::string>& parts) : from_(seed), parts_(parts) {}

  std::string next() {
    auto out = any_part();
    for (size_t changes = 1 + below(5); changes > 0; --changes)
      change(out);
    out.resize(std::min(out.size(), input_limit_bytes));
    return out;
  }

private:
  size_t below(size_t limit) { return limit == 0 ? 0 : from_() % limit; }
  const std::string& any_part() { return parts_[below(parts_.size())]; }
  std::string piece(const std::string& of) { return of.substr(below(of.size() + 1), below(80)); }

  void change(std::string& in) {
    const auto at = below(in.size() + 1);
    const auto count = std::min(below(60), in.size() - at);
    switch (below(9)) {
    case 0:
      return set(in, at, static_cast<char>(from_()));
    case 1:
      return set(in, at, static_cast<char>((at < in.size() ? in[at] : 0) ^ (1 << below(8))));
    case 2:
      in.erase(at, count);
      return;
    case 3:
      in.insert(at, piece(in));
      return;
    case 4:
      in.insert(at, piece(any_part()));
      return;
    case 5:
      in.replace(at, count, piece(any_part()));
      return;
    case 6:
      in.resize(at);
      return;
    case 7:
      return set_number(in, at);
    default: // the order of two parts
      std::rotate(in.begin() + static_cast<std::ptrdiff_t>(at),
                  in.begin() + static_cast<std::ptrdiff_t>(at + count), in.end());
    }
  }
  static void set(std::string& in, size_t at, char value) {
    if (at < in.size())
      in[at] = value;
  }
  /// Numbers at which things turn: in bytes, or in digits where there are some.
  void set_number(std::string& in, size_t at) {
    static const std::vector<std::string> digits = {
        "0",    "-1", "2147483648", "4294967296", "9223372036854775808", "18446744073709551615",
        "1e400"};
    static const std::vector<std::string> bytes = {
        {"\0\0\0\0", 4}, {"\0\0\0\1", 4}, "\x7f\xff\xff\xff", "\xff\xff\xff\xff", {"\0\1\0\0", 4}};
    const auto digit = in.find_first_of("0123456789", at);
    if (digit != in.npos && below(2) == 0) {
      const auto end = std::min(in.find_first_not_of("0123456789", digit), in.size());
      in.replace(digit, end - digit, digits[below(digits.size())]);
    } else if (at < in.size()) {
      const auto& value = bytes[below(bytes.size())];
      in.replace(at, value.size(), value);
    }
  }

  std::mt19937 from_;
  const std::vector<std::string>& parts_;
};

void add_files(const std::string& place, std::vector<std::string>& to) {
  if (!std::filesystem::is_directory(place)) {
    to.push_back(place);
    return;
  }
  for (const auto& one : std::filesystem::directory_iterator(place))
    to.push_back(one.path());
}

wishes wishes_of(int count, char** words) {
  wishes out;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const bool is_option = word.starts_with("--") && i + 1 < count;
    if (!is_option)
      add_files(word, out.files);
    else if (const auto value = std::strtoul(words[++i], nullptr, 10); word == "--rounds")
      out.rounds = value;
    else if (word == "--seconds")
      out.longest = std::chrono::seconds(value);
    else if (word == "--seed")
      out.seed = static_cast<unsigned>(value);
  }
  std::sort(out.files.begin(), out.files.end());
  return out;
}

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

int main(int count, char** words) {
  const auto wished = wishes_of(count, words);
  if (wished.files.empty()) {
    std::fprintf(stderr, "no inputs\n");
    return 2;
  }
  ::signal(SIGABRT, on_end);
  ::signal(SIGALRM, on_end);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(keep_input);
  std::vector<std::string> seeds;
  for (const auto& file : wished.files) {
    seeds.push_back(content(file));
    run(seeds.back());
  }
  mutator more(wished.seed, seeds);
  const auto until = clock_type::now() + wished.longest;
  size_t done = 0;
  for (; done < wished.rounds && clock_type::now() < until; ++done)
    run(more.next());
  std::printf("%zu inputs and %zu changed ones\n", seeds.size(), done);
  return 0;
}
