# Debian's libcaf-dev ships no CMake package; this finds its core library as CAF::core.
# -DPGBRAID_CAF_CORE=<archive> links another build of the same version (the TSan job does).
find_path(CAF_INCLUDE caf/actor_system.hpp)
find_library(CAF_CORE caf_core)
if(PGBRAID_CAF_CORE)
  set(CAF_CORE ${PGBRAID_CAF_CORE})
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_CORE CAF_INCLUDE)
if(CAF_FOUND AND NOT TARGET CAF::core)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES IMPORTED_LOCATION ${CAF_CORE}
                                             INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE})
  set_property(TARGET CAF::core PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
