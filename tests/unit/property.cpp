// Properties of many generated inputs (rapidcheck) inside a doctest case.
// SPDX-License-Identifier: MIT
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

#include <cstdlib>
#include <sstream>

namespace pgbraid::test {

namespace {

uint64_t seed() {
  const auto* const wanted = std::getenv("PGBRAID_SEED");
  return wanted == nullptr ? 1 : std::strtoull(wanted, nullptr, 10);
}

} // namespace

std::optional<std::string> counterexample(const rc::detail::Property& property, int cases) {
  rc::detail::TestParams wanted;
  wanted.seed = seed();
  wanted.maxSuccess = cases;
  // Rapidcheck's own listener would announce its configuration.
  rc::detail::TestListenerAdapter quiet;
  const auto found =
      rc::detail::checkProperty(property, rc::detail::TestMetadata(), wanted, quiet, {});
  if (found.is<rc::detail::SuccessResult>())
    return std::nullopt;
  std::ostringstream text;
  rc::detail::printResultMessage(found, text);
  text << "\nPGBRAID_SEED=" << wanted.seed;
  return text.str();
}

void check_property(const rc::detail::Property& property, int cases) {
  const auto found = counterexample(property, cases);
  CHECK_MESSAGE(!found, found.value_or(""));
}

} // namespace pgbraid::test
