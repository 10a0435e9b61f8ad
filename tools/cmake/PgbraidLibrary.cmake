# PGBRAID_UNITY: sources of a folder are compiled several at a time, which costs less than half of the work when everything is built from
# nothing, and more when one file was changed: for presets that build once. The sources named here, of the program and of tests, hold names
# of their own that others of their folder have, too, and are compiled by themselves.
option(PGBRAID_UNITY "compile several sources of a folder as one" OFF)
set(PGBRAID_ALONE aes_blocks archive_get archive_info archive_push backup_preview block_pack check cluster_walk exit_locks
    expire_history file_writer info_file log log_sink manifest_parse manifest_render manifest_scalars option_name option_pages push
    repositories restore restore_clean restore_databases restore_preview served_roots toml_cure value wal_header zst
    archiver_start_test ask_archiver_test backup_batches_test besides_batch_test besides_test block_delta_test block_notes_test
    block_size_test block_unpack_test claim_orders_test confined_property_test confined_test container_test cut_off_restore_test
    cut_off_test environment_test expire_history_test expire_property_test expire_test file_pair_test hostile_server_test
    lent_credentials_test lock_model_test manifest_proof_test manifest_test metered_storage_test name_model_test names_test owner_model_test
    recovery_stop_test remote_backup_test repository_test request_test restore_access_test restore_job_test restore_tree_test
    retrying_storage_test roots_test rules_property_test s3_answer_test spool_get_test states_test streams_test target_guard_test target_location_test
    throttled_storage_test wal_contest_test wal_header_test walk_property_test wire_test)

function(pgbraid_unite target)
  if(NOT PGBRAID_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    if(stem IN_LIST PGBRAID_ALONE)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

# pgbraid_library(<name> SOURCES ... [USES ...] [HIDES ...]): one folder, one library.
# USES: what our headers need; HIDES: what only our sources need.
function(pgbraid_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;HIDES" ${ARGN})
  if(arg_SOURCES)
    add_library(pgbraid_${name} STATIC ${arg_SOURCES})
    target_include_directories(pgbraid_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_compile_options(pgbraid_${name} PRIVATE ${PGBRAID_WARNINGS})
    target_link_libraries(pgbraid_${name} PUBLIC ${arg_USES} PRIVATE ${arg_HIDES})
    pgbraid_precompile(pgbraid_${name})
    pgbraid_unite(pgbraid_${name})
  else()
    add_library(pgbraid_${name} INTERFACE)
    target_include_directories(pgbraid_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(pgbraid_${name} INTERFACE ${arg_USES} ${arg_HIDES})
  endif()
  add_library(pgbraid::${name} ALIAS pgbraid_${name})
endfunction()

# pgbraid_unit(<folder> SOURCES ... USES ...): one doctest program per folder, run by ctest.
function(pgbraid_unit name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  add_executable(unit_${name} ${arg_SOURCES})
  target_include_directories(unit_${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(unit_${name} PRIVATE pgbraid_unit_main ${arg_USES})
  pgbraid_test_options(unit_${name})
  pgbraid_unite(unit_${name})
  add_test(NAME unit_${name} COMMAND unit_${name})
  set_tests_properties(unit_${name} PROPERTIES LABELS unit)
endfunction()
