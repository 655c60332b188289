# SPDX-License-Identifier: Apache-2.0
#
# Guest programs: x86-64 code that runs on the simulated machine. They are built by commands of their own, so
# that no flag of the host build (sanitizers, build type) changes them: the same sources give the same bytes in
# every preset.
#
#   stile_guest_executable(NAME x KIND kernel|musl|musl-pie SOURCES a.c b.cpp c.S [FLAGS ...] [LINK_FLAGS ...]
#                          [DEPENDS files...])
# makes ${CMAKE_CURRENT_BINARY_DIR}/x (target guest_x, path in target property STILE_IMAGE).
#   kernel    freestanding; LINK_FLAGS must name the linker script
#   musl      static ELF at a fixed address
#   musl-pie  static position-independent ELF with the note that asks for the shared page table
set(STILE_GUEST_COMMON -O2 -g0 -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
    -fno-unwind-tables -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}/=
    -I${CMAKE_SOURCE_DIR} -DSTILE_GUEST -Wall -Wextra -Wno-unused-parameter -Werror -march=x86-64 -mtune=generic)
set(STILE_GUEST_KERNEL -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
    -fno-strict-aliasing -fno-delete-null-pointer-checks)
set(STILE_GUEST_CXXONLY -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit)

function(stile_guest_executable)
  cmake_parse_arguments(G "" "NAME;KIND" "SOURCES;FLAGS;LINK_FLAGS;DEPENDS" ${ARGN})
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/guest_${G_NAME}.dir)
  file(MAKE_DIRECTORY ${dir})
  set(image ${CMAKE_CURRENT_BINARY_DIR}/${G_NAME})
  if(G_KIND STREQUAL "kernel")
    set(compiler ${STILE_GUEST_CXX})
    set(flags ${STILE_GUEST_COMMON} ${STILE_GUEST_KERNEL})
    set(link ${STILE_GUEST_CXX} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096)
  else()
    set(compiler ${STILE_MUSL_GCC})
    set(flags ${STILE_GUEST_COMMON})
    set(link ${STILE_MUSL_GCC} -static -Wl,--build-id=none)
    if(G_KIND STREQUAL "musl-pie")
      list(APPEND flags -fPIE)
      # Debian's musl-gcc knows no -static-pie: name musl's self-relocating start file and the link mode ourselves.
      execute_process(COMMAND ${STILE_MUSL_GCC} -print-file-name=rcrt1.o OUTPUT_VARIABLE unused
                      OUTPUT_STRIP_TRAILING_WHITESPACE)
    endif()
  endif()
  set(objects "")
  foreach(source ${G_SOURCES})
    get_filename_component(source ${source} ABSOLUTE)
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
    string(REPLACE "/" "_" object ${relative})
    set(object ${dir}/${object}.o)
    set(own ${flags})
    if(source MATCHES "\\.(cpp|cc)$")
      list(APPEND own ${STILE_GUEST_CXXONLY})
    endif()
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${compiler} ${own} ${G_FLAGS} -MD -MF ${object}.d -MT ${object} -c
              ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Guest ${relative}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_command(
    OUTPUT ${image}
    COMMAND ${link} ${objects} ${G_LINK_FLAGS} -o ${image}
    DEPENDS ${objects} ${G_DEPENDS}
    COMMENT "Guest image ${G_NAME}"
    VERBATIM)
  add_custom_target(guest_${G_NAME} ALL DEPENDS ${image})
  set_target_properties(guest_${G_NAME} PROPERTIES STILE_IMAGE ${image})
endfunction()
