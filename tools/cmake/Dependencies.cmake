# Finds every library we build with; tools/packages.txt names the Debian packages.
set(PGBRAID_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                     -Wnon-virtual-dtor -Woverloaded-virtual
                     # g++ 12 cries wolf over std::string at -O2 and above (GCC bug 105651).
                     -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
                     -Wno-array-bounds -Wno-stringop-overread)
option(PGBRAID_WERROR "Warnings are errors" ON)
if(PGBRAID_WERROR)
  list(APPEND PGBRAID_WARNINGS -Werror)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(fmt REQUIRED)
# Its headers are Debian's, its functions are compiled here: see the source.
add_library(pgbraid_fmt STATIC ${CMAKE_SOURCE_DIR}/engine/base/fmt_library.cpp)
target_include_directories(pgbraid_fmt SYSTEM INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
add_library(pgbraid::fmt ALIAS pgbraid_fmt)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(uring REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(ssh2 REQUIRED IMPORTED_TARGET libssh2)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
# Only their headers: both are loaded when they are needed first.
foreach(library libcurl expat)
  pkg_check_modules(${library} REQUIRED IMPORTED_TARGET ${library})
endforeach()
find_path(TOMLPP_INCLUDE toml++/toml.h REQUIRED)
find_package(CAF REQUIRED)
