# One precompiled header for everything that g++ compiles: reading the standard library and fmt is
# about half of the work. Every file still includes what it uses.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The header holds fmt, which looks at this: all targets must agree about it.
  add_compile_definitions(FMT_SHARED)
  # ccache asks for it.
  add_compile_options(-fpch-preprocess)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "")
  add_library(pgbraid_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_compile_options(pgbraid_precompiled PRIVATE ${PGBRAID_WARNINGS})
  target_link_libraries(pgbraid_precompiled PRIVATE fmt::fmt)
  target_precompile_headers(pgbraid_precompiled PRIVATE
    <algorithm> <array> <atomic> <cassert> <charconv> <chrono> <condition_variable> <cstdint>
    <cstring> <deque> <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span>
    <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>)
endif()

# pgbraid_precompile(<target>): lets a target begin with that header.
function(pgbraid_precompile target)
  if(TARGET pgbraid_precompiled)
    target_precompile_headers(${target} REUSE_FROM pgbraid_precompiled)
  endif()
endfunction()
