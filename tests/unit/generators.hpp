// Generators that the properties of several folders share.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/property.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::test {

/// Any number from `first` to `last` (below the largest of 63 bits), each as likely as the others;
/// rapidcheck's own ranges begin narrow. The smallest counterexample is the first.
template <class Int> rc::Gen<Int> between(Int first, Int last) {
  return rc::gen::resize(rc::kNominalSize,
                         rc::gen::cast<Int>(rc::gen::inRange<int64_t>(
                             static_cast<int64_t>(first), static_cast<int64_t>(last) + 1)));
}

/// Numbers of all sizes, the limits of the type among them.
inline rc::Gen<uint64_t> any_number() {
  return rc::gen::oneOf(rc::gen::arbitrary<uint64_t>(),
                        rc::gen::element<uint64_t>(0, 1, 255, 1024, UINT32_MAX, INT64_MAX,
                                                   uint64_t{1} << 63, UINT64_MAX),
                        rc::gen::apply([](uint64_t bits, int by) { return bits >> by; },
                                       rc::gen::arbitrary<uint64_t>(), between(0, 63)));
}

/// Up to `most` of the given characters, each of which may come again.
inline rc::Gen<std::string> text_of(const std::string& letters, int most) {
  const auto one = rc::gen::elementOf(letters);
  return rc::gen::mapcat(between(0, most), [one](int length) {
    return rc::gen::container<std::string>(static_cast<size_t>(length), one);
  });
}

/// A number as so many hexadecimal digits.
inline std::string hex_digits(uint64_t number, size_t count,
                              const char* digits = "0123456789ABCDEF") {
  std::string out(count, '0');
  for (auto at = out.rbegin(); at != out.rend(); ++at, number /= 16)
    *at = digits[number % 16];
  return out;
}

} // namespace pgbraid::test
