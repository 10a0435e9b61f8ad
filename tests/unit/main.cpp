// The main function of every unit test program.
// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace {

/// What the present test has tried, by class.
std::map<std::string, size_t> tried;

/// Says of what a test tried that it did no harm, once the test has passed.
class hostile_listener final : public doctest::IReporter {
public:
  explicit hostile_listener(const doctest::ContextOptions&) {}
  void test_case_end(const doctest::CurrentTestCaseStats& test) override {
    if (test.testCaseSuccess)
      for (const auto& [kind, count] : tried)
        pgbraid::test::note_hostile("held", kind.c_str(), count);
    tried.clear();
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("hostile", 1, hostile_listener);

} // namespace

void pgbraid::test::hostile(const char* kind, size_t count) {
  tried[kind] += count;
  note_hostile("tried", kind, count);
}
