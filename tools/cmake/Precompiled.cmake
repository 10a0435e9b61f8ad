# Precompiled headers for everything that g++ compiles: reading the standard library and fmt is about
# half of the work. Every file still includes what it uses.
set(PGBRAID_PRECOMPILED
  <algorithm> <array> <atomic> <cassert> <charconv> <chrono> <condition_variable> <cstdint> <cstring>
  <deque> <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span> <string>
  <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>)
# Tests are compiled far more often than they run. With UBSan theirs would be a third more work, and half of the time of CI is
# this; the program and its libraries have it.
set(PGBRAID_TEST_OPTIONS -O0 -fno-sanitize=undefined)

# pgbraid_precompiled_header(<name> OPTIONS ... HEADERS ...): targets that share it have these options.
function(pgbraid_precompiled_header name)
  cmake_parse_arguments(arg "" "" "OPTIONS;HEADERS" ${ARGN})
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cpp CONTENT "")
  add_library(pgbraid_${name} STATIC EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/${name}.cpp)
  target_compile_options(pgbraid_${name} PRIVATE ${PGBRAID_WARNINGS} ${arg_OPTIONS})
  target_link_libraries(pgbraid_${name} PRIVATE pgbraid::fmt)
  target_precompile_headers(pgbraid_${name} PRIVATE ${arg_HEADERS})
endfunction()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The headers hold fmt, which looks at this: all targets must agree about it.
  add_compile_definitions(FMT_SHARED)
  # ccache asks for it.
  add_compile_options(-fpch-preprocess)
  pgbraid_precompiled_header(precompiled HEADERS ${PGBRAID_PRECOMPILED})
  pgbraid_precompiled_header(precompiled_test OPTIONS ${PGBRAID_TEST_OPTIONS}
    HEADERS ${PGBRAID_PRECOMPILED} <doctest/doctest.h>)
endif()

# pgbraid_precompile(<target>): lets a target begin with the first.
function(pgbraid_precompile target)
  if(TARGET pgbraid_precompiled)
    target_precompile_headers(${target} REUSE_FROM pgbraid_precompiled)
  endif()
endfunction()

# pgbraid_test_options(<target>): how code of tests is compiled, with the second.
function(pgbraid_test_options target)
  target_compile_options(${target} PRIVATE ${PGBRAID_WARNINGS} ${PGBRAID_TEST_OPTIONS})
  if(TARGET pgbraid_precompiled_test)
    target_precompile_headers(${target} REUSE_FROM pgbraid_precompiled_test)
  endif()
endfunction()
