# SPDX-License-Identifier: Apache-2.0
#
# `cmake --install BUILD --prefix DIR`:
#   bin/stile
#   lib/stile/plugins/        the built-in workloads
#   lib/cmake/Stile/          find_package(Stile)
#   share/stile/configs/      what `stile:machines/default.yaml` names
#   share/stile/sdk/          what workloads are built with: abi/, os/lib/, the headers of workloads/, cmake/
#   share/doc/stile/
# Nothing in it names a folder outside it, so that it can be moved. Folder names are fixed, whatever the system
# calls its libraries' folder, because the program looks for its own from where it stands.
include(CMakePackageConfigHelpers)

install(TARGETS stile RUNTIME DESTINATION bin)
install(TARGETS ${STILE_BUILT_IN_WORKLOADS} LIBRARY DESTINATION lib/stile/plugins)
install(DIRECTORY configs/ DESTINATION share/stile/configs PATTERN hello.yaml EXCLUDE)
install(DIRECTORY docs/ DESTINATION share/doc/stile)
install(FILES README.md LICENSE DESTINATION share/doc/stile)

# The first example runs a program that is part of the build, or of the installation.
get_target_property(hello guest_hello STILE_IMAGE)
install(PROGRAMS ${hello} DESTINATION share/stile/examples)
install(FILES examples/hello.c DESTINATION share/stile/examples)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS configs/runs/hello.yaml)
file(READ configs/runs/hello.yaml text)
string(REPLACE "../../build/release/sim/hello" "../../examples/hello" installed "${text}")
if(installed STREQUAL text)
  message(FATAL_ERROR "configs/runs/hello.yaml does not name ../../build/release/sim/hello, which installing replaces")
endif()
file(WRITE ${CMAKE_BINARY_DIR}/install/hello.yaml "${installed}")
install(FILES ${CMAKE_BINARY_DIR}/install/hello.yaml DESTINATION share/stile/configs/runs)

set(sdk share/stile/sdk)
install(DIRECTORY abi DESTINATION ${sdk})
install(DIRECTORY os/lib DESTINATION ${sdk}/os)
install(FILES workloads/workload.h workloads/mechanisms.h workloads/policies.h DESTINATION ${sdk}/workloads)
install(FILES cmake/guest.cmake cmake/workload.cmake cmake/guest_sections.ld cmake/guest_domain.ld cmake/guest_note.S
        DESTINATION ${sdk}/cmake)

# The package twice: for installations, and for those who name this build folder as Stile_DIR.
function(stile_package folder destination prefix program sdk configs plugins)
  configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/StileConfig.cmake.in ${folder}/StileConfig.cmake
      INSTALL_DESTINATION ${destination} INSTALL_PREFIX ${prefix}
      PATH_VARS program sdk configs plugins NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
  # Before 1.0 any minor version may change what plugins see.
  write_basic_package_version_file(${folder}/StileConfigVersion.cmake COMPATIBILITY SameMinorVersion)
endfunction()
stile_package(${CMAKE_BINARY_DIR}/install lib/cmake/Stile /usr bin/stile ${sdk} share/stile/configs lib/stile/plugins)
stile_package(${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR}/stile ${CMAKE_SOURCE_DIR}
              ${CMAKE_SOURCE_DIR}/configs ${CMAKE_BINARY_DIR}/plugins)
install(FILES ${CMAKE_BINARY_DIR}/install/StileConfig.cmake ${CMAKE_BINARY_DIR}/install/StileConfigVersion.cmake
        DESTINATION lib/cmake/Stile)
