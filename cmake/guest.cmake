# SPDX-License-Identifier: Apache-2.0
#
# Guest programs: x86-64 code that runs on the simulated machine. They are built by commands of their own, so
# that no flag of the host build (sanitizers, build type) changes them: the same sources give the same bytes in
# every preset.
#
#   stile_guest_executable(NAME x KIND kernel|musl|musl-pie SOURCES a.c b.cpp c.S [FLAGS ...] [LINK_FLAGS ...]
#                          [DEPENDS files...] [TARGET t])
# makes ${CMAKE_CURRENT_BINARY_DIR}/x (target t or guest_x, path in target property STILE_IMAGE).
#   kernel    freestanding; LINK_FLAGS must name the linker script
#   musl      static ELF at a fixed address
#   musl-pie  static position-independent ELF with the note that asks for the shared page table
#
# Part of installations too: STILE_SDK is the folder with abi/, os/lib/ and cmake/, which is the source tree or a
# copy of these parts of it (cmake/install.cmake).
set(STILE_GUEST_COMMON -O2 -g0 -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
    -fno-unwind-tables -ffile-prefix-map=${STILE_SDK}/= -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
    -ffile-prefix-map=${CMAKE_BINARY_DIR}/= -I${STILE_SDK} -I${CMAKE_SOURCE_DIR} -DSTILE_GUEST -Wall -Wextra
    -Wno-unused-parameter ${STILE_GUEST_WERROR} -march=x86-64 -mtune=generic)
set(STILE_GUEST_KERNEL -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only
    -fno-strict-aliasing -fno-delete-null-pointer-checks)
set(STILE_GUEST_CXXONLY -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit)

# os/lib by kind of program; the second has what needs the shared page table as well, the third is for programs
# with a second domain that try protection keys too.
file(GLOB STILE_GUEST_LIB_PIE CONFIGURE_DEPENDS ${STILE_SDK}/os/lib/*.c ${STILE_SDK}/os/lib/*.S
     ${STILE_SDK}/os/lib/channel/*.c)
file(GLOB STILE_GUEST_LIB_KEYS CONFIGURE_DEPENDS ${STILE_SDK}/os/lib/keys/*.c ${STILE_SDK}/os/lib/keys/*.S)
set(STILE_GUEST_LIB ${STILE_GUEST_LIB_PIE})
list(FILTER STILE_GUEST_LIB EXCLUDE REGEX "/(dipc|codoms)[^/]*$")

set(STILE_GUEST_SECTIONS ${CMAKE_CURRENT_LIST_DIR}/guest_sections.ld)
# Link option of programs with a second protection domain (os/lib/domain.h), and what they then depend on.
set(STILE_GUEST_DOMAIN_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/guest_domain.ld)
set(STILE_GUEST_DOMAIN -Wl,-T,${STILE_GUEST_DOMAIN_SCRIPT})
set(STILE_GUEST_NOTE ${CMAKE_CURRENT_LIST_DIR}/guest_note.S)
# musl's headers lack linux/*: the kernel's come after everything else.
set(STILE_GUEST_UAPI -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu)
find_path(STILE_MUSL_LIB rcrt1.o PATHS /usr/lib/x86_64-linux-musl /usr/lib/musl/lib NO_DEFAULT_PATH)
if(NOT STILE_MUSL_LIB)
  message(FATAL_ERROR "musl's rcrt1.o is missing; on Debian or Ubuntu: apt-get install musl-dev musl-tools")
endif()

function(stile_guest_executable)
  cmake_parse_arguments(G "" "NAME;KIND;TARGET" "SOURCES;FLAGS;LINK_FLAGS;DEPENDS" ${ARGN})
  if(NOT G_TARGET)
    set(G_TARGET guest_${G_NAME})
  endif()
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/guest_${G_NAME}.dir)
  file(MAKE_DIRECTORY ${dir})
  set(image ${CMAKE_CURRENT_BINARY_DIR}/${G_NAME})
  set(link_tail "")
  if(G_KIND STREQUAL "kernel")
    set(compiler ${STILE_GUEST_CXX})
    set(flags ${STILE_GUEST_COMMON} ${STILE_GUEST_KERNEL})
    set(link ${STILE_GUEST_CXX} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096)
  else()
    set(compiler ${STILE_MUSL_GCC})
    set(flags ${STILE_GUEST_COMMON} ${STILE_GUEST_UAPI})
    set(link ${STILE_MUSL_GCC} -static -Wl,--build-id=none -Wl,-T,${STILE_GUEST_SECTIONS})
    list(APPEND G_DEPENDS ${STILE_GUEST_SECTIONS})
    if(G_KIND STREQUAL "musl-pie")
      # Debian's musl-gcc knows no -static-pie: we name musl's self-relocating start file and the libraries.
      list(APPEND flags -fPIE)
      set(link ${STILE_GUEST_CXX} -static-pie -nostdlib -Wl,--build-id=none -Wl,-T,${STILE_GUEST_SECTIONS}
          ${STILE_MUSL_LIB}/rcrt1.o ${STILE_MUSL_LIB}/crti.o)
      set(link_tail -Wl,--start-group ${STILE_MUSL_LIB}/libc.a -lgcc -Wl,--end-group ${STILE_MUSL_LIB}/crtn.o)
      list(APPEND G_SOURCES ${STILE_GUEST_NOTE})
    elseif(NOT G_KIND STREQUAL "musl")
      message(FATAL_ERROR "stile_guest_executable(${G_NAME}): KIND is '${G_KIND}'; kernel, musl or musl-pie is right")
    endif()
  endif()
  set(objects "")
  foreach(source ${G_SOURCES})
    get_filename_component(source ${source} ABSOLUTE)
    # A name that is the same wherever the sources lie.
    set(relative ${source})
    foreach(root ${STILE_SDK} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
      cmake_path(IS_PREFIX root ${source} inside)
      if(inside)
        file(RELATIVE_PATH relative ${root} ${source})
        break()
      endif()
    endforeach()
    string(REPLACE "/" "." object ${relative})
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
    COMMAND ${link} ${objects} ${G_LINK_FLAGS} ${link_tail} -o ${image}
    DEPENDS ${objects} ${G_DEPENDS}
    COMMENT "Guest image ${G_NAME}"
    VERBATIM)
  add_custom_target(${G_TARGET} ALL DEPENDS ${image})
  set_target_properties(${G_TARGET} PROPERTIES STILE_IMAGE ${image})
endfunction()
