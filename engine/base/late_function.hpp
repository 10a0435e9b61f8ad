// Functions of a library that is loaded with the first call of one of them. The compiler takes
// their types from the library's own headers.
//
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/late_library.hpp"

#include <cstddef>
#include <tuple>

namespace pgbraid {

template <class Function> struct late_signature;
template <class Result, class... Arguments> struct late_signature<Result(Arguments...)> {
  using result = Result;
  template <size_t I> using argument = std::tuple_element_t<I, std::tuple<Arguments...>>;
  static constexpr size_t count = sizeof...(Arguments);
};

/// What the dynamic linker ends a program with that lacks a library; PostgreSQL takes it for an
/// error of restore_command, never for the end of the archive.
inline constexpr int no_library_status = 127;

/// The address of a function; loads the library. Where that cannot be done it says so and ends the
/// process with `no_library_status`, as if the program had been linked to the library.
void* late_address(late_library& of, const char* name);

} // namespace pgbraid

/// Defines the function `name` of the library that the expression `of` gives, with its number of
/// arguments at the end of the macro's name.
#define PGBRAID_LATE_CALL(of, name, number, arguments)                                             \
  static_assert(pgbraid::late_signature<decltype(name)>::count == (number));                       \
  static const auto call = reinterpret_cast<decltype(name)*>(pgbraid::late_address((of), #name));  \
  return call arguments
#define PGBRAID_LATE_RESULT(name) pgbraid::late_signature<decltype(name)>::result
#define PGBRAID_LATE_ARGUMENT(name, i) pgbraid::late_signature<decltype(name)>::argument<i>

#define PGBRAID_LATE_0(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name) name() {                                                               \
    PGBRAID_LATE_CALL(of, name, 0, ());                                                            \
  }
#define PGBRAID_LATE_1(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name) name(PGBRAID_LATE_ARGUMENT(name, 0) a) {                               \
    PGBRAID_LATE_CALL(of, name, 1, (a));                                                           \
  }
#define PGBRAID_LATE_2(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b) {                       \
    PGBRAID_LATE_CALL(of, name, 2, (a, b));                                                        \
  }
#define PGBRAID_LATE_3(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c) {                                                         \
    PGBRAID_LATE_CALL(of, name, 3, (a, b, c));                                                     \
  }
#define PGBRAID_LATE_4(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c, PGBRAID_LATE_ARGUMENT(name, 3) d) {                       \
    PGBRAID_LATE_CALL(of, name, 4, (a, b, c, d));                                                  \
  }
#define PGBRAID_LATE_5(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c, PGBRAID_LATE_ARGUMENT(name, 3) d,                         \
       PGBRAID_LATE_ARGUMENT(name, 4) e) {                                                         \
    PGBRAID_LATE_CALL(of, name, 5, (a, b, c, d, e));                                               \
  }
#define PGBRAID_LATE_6(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c, PGBRAID_LATE_ARGUMENT(name, 3) d,                         \
       PGBRAID_LATE_ARGUMENT(name, 4) e, PGBRAID_LATE_ARGUMENT(name, 5) f) {                       \
    PGBRAID_LATE_CALL(of, name, 6, (a, b, c, d, e, f));                                            \
  }
#define PGBRAID_LATE_7(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c, PGBRAID_LATE_ARGUMENT(name, 3) d,                         \
       PGBRAID_LATE_ARGUMENT(name, 4) e, PGBRAID_LATE_ARGUMENT(name, 5) f,                         \
       PGBRAID_LATE_ARGUMENT(name, 6) g) {                                                         \
    PGBRAID_LATE_CALL(of, name, 7, (a, b, c, d, e, f, g));                                         \
  }
#define PGBRAID_LATE_8(of, name)                                                                   \
  PGBRAID_LATE_RESULT(name)                                                                        \
  name(PGBRAID_LATE_ARGUMENT(name, 0) a, PGBRAID_LATE_ARGUMENT(name, 1) b,                         \
       PGBRAID_LATE_ARGUMENT(name, 2) c, PGBRAID_LATE_ARGUMENT(name, 3) d,                         \
       PGBRAID_LATE_ARGUMENT(name, 4) e, PGBRAID_LATE_ARGUMENT(name, 5) f,                         \
       PGBRAID_LATE_ARGUMENT(name, 6) g, PGBRAID_LATE_ARGUMENT(name, 7) h) {                       \
    PGBRAID_LATE_CALL(of, name, 8, (a, b, c, d, e, f, g, h));                                      \
  }
