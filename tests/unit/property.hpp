// Properties of many generated inputs (rapidcheck) inside a doctest case.
// SPDX-License-Identifier: MIT
#pragma once

#include <rapidcheck.h>

#include <optional>
#include <string>
#include <utility>

namespace pgbraid::test {

/// How many inputs a property is tried with where its test does not say.
inline constexpr int property_cases = 100;

/// The smallest input found for which a property does not hold, with what failed and the seed;
/// nothing where it holds for all. Inputs are the same at each run: the seed is fixed, or
/// PGBRAID_SEED.
std::optional<std::string> counterexample(const rc::detail::Property& property,
                                          int cases = property_cases);

/// Fails the running test with the counterexample, if there is one. What begins small grows with
/// the number of cases. Cheap cases and few of them: all of a unit program take seconds, sanitized,
/// too.
void check_property(const rc::detail::Property& property, int cases = property_cases);

/// Checks a function of generated arguments, or one that takes them by `*generator`, which states
/// with RC_ASSERT what must hold. Doctest's own checks would tell of each step to the smallest
/// input.
template <class Function> void for_all(Function&& property, int cases = property_cases) {
  check_property(rc::detail::toProperty(std::forward<Function>(property)), cases);
}

} // namespace pgbraid::test
