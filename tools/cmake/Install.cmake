# What `cmake --install` puts where: the program without its debug information, and the documents
# that README.md names. `cmake --install build/release --component debug` puts the debug information
# where gdb looks for it.
include(GNUInstallDirs)
find_program(PGBRAID_OBJCOPY objcopy REQUIRED)

set(debug_file pgbraid.debug)
install(CODE "
  execute_process(COMMAND \"${PGBRAID_OBJCOPY}\" --only-keep-debug pgbraid ${debug_file}
                  WORKING_DIRECTORY \"${CMAKE_BINARY_DIR}\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND \"${PGBRAID_OBJCOPY}\" --strip-unneeded
                          --add-gnu-debuglink=${debug_file} pgbraid pgbraid.stripped
                  WORKING_DIRECTORY \"${CMAKE_BINARY_DIR}\" COMMAND_ERROR_IS_FATAL ANY)
" ALL_COMPONENTS)
install(PROGRAMS ${CMAKE_BINARY_DIR}/pgbraid.stripped TYPE BIN RENAME pgbraid COMPONENT program)
install(FILES LICENSE README.md ARCHITECTURE.md CHANGELOG.md TYPE DOC COMPONENT program)
foreach(document bench/README.md cli/MIGRATION.md cli/command/README.md cli/server/README.md
                 engine/config/README.md engine/format/README.md storage/wire/README.md
                 storage/driver/sftp/README.md tests/README.md)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT program)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/${debug_file}
        DESTINATION lib/debug/${CMAKE_INSTALL_FULL_BINDIR} COMPONENT debug EXCLUDE_FROM_ALL)
