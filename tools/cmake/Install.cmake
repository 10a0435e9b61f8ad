# What `cmake --install` puts where: the program, in its two parts (ARCHITECTURE.md, "Decisions"),
# without its debug information, and the documents that README.md names.
# `cmake --install build/release --component debug` puts the debug information where gdb looks for it.
include(GNUInstallDirs)
find_program(PGBRAID_OBJCOPY objcopy REQUIRED)
# What is stripped lies in the build folder: of two installations of one folder the second one waits.
install(CODE "file(LOCK \"${CMAKE_BINARY_DIR}/install.lock\" TIMEOUT 600)" ALL_COMPONENTS)

# pgbraid_install_program(<name in the build folder> <folder>): installed there as `pgbraid`.
function(pgbraid_install_program name folder)
  install(CODE "
    execute_process(COMMAND \"${PGBRAID_OBJCOPY}\" --only-keep-debug ${name} ${name}.debug
                    WORKING_DIRECTORY \"${CMAKE_BINARY_DIR}\" COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND \"${PGBRAID_OBJCOPY}\" --strip-unneeded
                            --add-gnu-debuglink=${name}.debug ${name} ${name}.stripped
                    WORKING_DIRECTORY \"${CMAKE_BINARY_DIR}\" COMMAND_ERROR_IS_FATAL ANY)
  " ALL_COMPONENTS)
  install(PROGRAMS ${CMAKE_BINARY_DIR}/${name}.stripped DESTINATION ${folder} RENAME pgbraid COMPONENT program)
  cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE whole)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.debug DESTINATION lib/debug/${whole} COMPONENT debug EXCLUDE_FROM_ALL)
endfunction()

pgbraid_install_program(pgbraid_front ${CMAKE_INSTALL_BINDIR})
pgbraid_install_program(pgbraid ${CMAKE_INSTALL_LIBEXECDIR}/pgbraid)
# What the program says of itself: its manual page, and what bash completes.
function(pgbraid_install_page topic file folder)
  install(CODE "
    execute_process(COMMAND \"${CMAKE_BINARY_DIR}/pgbraid\" --no-config help ${topic}
                    OUTPUT_FILE \"${CMAKE_BINARY_DIR}/${file}\" COMMAND_ERROR_IS_FATAL ANY)
  " COMPONENT program)
  install(FILES ${CMAKE_BINARY_DIR}/${file} DESTINATION ${folder} COMPONENT program)
endfunction()
pgbraid_install_page(man-page pgbraid.1 ${CMAKE_INSTALL_MANDIR}/man1)
pgbraid_install_page(completion pgbraid.bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
configure_file(cli/server/systemd/pgbraid-archive@.service.in pgbraid-archive@.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/pgbraid-archive@.service cli/server/systemd/pgbraid-archive@.socket
        DESTINATION lib/systemd/system COMPONENT program)
install(FILES LICENSE README.md ARCHITECTURE.md CHANGELOG.md TYPE DOC COMPONENT program)
foreach(document bench/README.md cli/ARCHIVING.md cli/MIGRATION.md cli/command/README.md cli/server/README.md
                 engine/config/README.md engine/format/README.md storage/wire/README.md
                 storage/driver/object/README.md storage/driver/sftp/README.md tests/README.md)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT program)
endforeach()
