# SPDX-License-Identifier: Apache-2.0
#
# Guest programs: x86-64 code that runs on the simulated machine. They are built by commands of their own, so
# that no flag of the host build (sanitizers, build type) changes them: the same sources give the same bytes in
# every preset.
#
#   stile_guest_executable(NAME x KIND kernel|musl|musl-pie SOURCES a.c b.cpp c.S [LIBRARIES l...] [FLAGS ...]
#                          [LINK_FLAGS ...] [DEPENDS files...] [TARGET t])
# makes ${CMAKE_CURRENT_BINARY_DIR}/x (target t or guest_x, path in target property STILE_IMAGE).
#   kernel    freestanding; LINK_FLAGS must name the linker script
#   musl      static ELF at a fixed address
#   musl-pie  static position-independent ELF with the note that asks for the shared page table. Sources named
#             *_domain.c or *_domain.S make its second protection domain (os/lib/domain.h)
# FLAGS are those of SOURCES; what is in a library is the same in every program.
#
#   stile_guest_library(NAME l SOURCES a.c b.S [PIE_SOURCES c.c])
# names sources that programs have in common: compiled once for each kind of program that wants them, and linked
# whole, in this order, behind its own. PIE_SOURCES are left out of kind musl.
#   channel    os/lib and os/lib/channel: one client, one server
#   pool       os/lib and os/lib/pool in its place: several clients and server threads
#   keys, pool_keys   mechanism mpk besides, for programs with a second domain
#   domain     what that domain needs to serve (os/lib/domain/serve.h)
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

set(STILE_GUEST_SECTIONS ${CMAKE_CURRENT_LIST_DIR}/guest_sections.ld)
set(STILE_GUEST_DOMAIN ${CMAKE_CURRENT_LIST_DIR}/guest_domain.ld)
# musl's headers lack linux/*: the kernel's come after everything else.
set(STILE_GUEST_UAPI -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu)
find_path(STILE_MUSL_LIB rcrt1.o PATHS /usr/lib/x86_64-linux-musl /usr/lib/musl/lib NO_DEFAULT_PATH)
if(NOT STILE_MUSL_LIB)
  message(FATAL_ERROR "musl's rcrt1.o is missing; on Debian or Ubuntu: apt-get install musl-dev musl-tools")
endif()

function(stile_guest_library)
  cmake_parse_arguments(L "" "NAME" "SOURCES;PIE_SOURCES" ${ARGN})
  foreach(list SOURCES PIE_SOURCES)
    set(absolute "")
    foreach(source ${L_${list}})
      get_filename_component(source ${source} ABSOLUTE)
      list(APPEND absolute ${source})
    endforeach()
    set_property(GLOBAL PROPERTY STILE_GUEST_LIBRARY_${L_NAME}_${list} ${absolute})
  endforeach()
  set_property(GLOBAL PROPERTY STILE_GUEST_LIBRARY_${L_NAME} TRUE)
endfunction()

# A library of os/lib: the files in `folders`. What needs the shared page table is told by its name.
function(stile_guest_os_library name)
  list(TRANSFORM ARGN REPLACE "(.+)" "${STILE_SDK}/os/lib/\\1/*.c;${STILE_SDK}/os/lib/\\1/*.S" OUTPUT_VARIABLE globs)
  file(GLOB sources CONFIGURE_DEPENDS ${globs})
  set(pie_sources ${sources})
  list(FILTER sources EXCLUDE REGEX "/(dipc|codoms)[^/]*$")
  list(FILTER pie_sources INCLUDE REGEX "/(dipc|codoms)[^/]*$")
  stile_guest_library(NAME ${name} SOURCES ${sources} PIE_SOURCES ${pie_sources})
endfunction()
stile_guest_os_library(base .)
stile_guest_os_library(channel channel)
stile_guest_os_library(pool pool)
stile_guest_os_library(domain domain)
stile_guest_os_library(keys keys)
stile_guest_library(NAME pool_keys SOURCES ${STILE_SDK}/os/lib/pool/keys/mpk.c ${STILE_SDK}/os/lib/keys/gates.S)
stile_guest_library(NAME note SOURCES ${CMAKE_CURRENT_LIST_DIR}/guest_note.S)

# Rules for the objects of `sources` in `folder`; their list in `out`.
function(stile_guest_objects out kind folder sources flags)
  if(kind STREQUAL "kernel")
    set(command ${STILE_GUEST_CXX} ${STILE_GUEST_COMMON} ${STILE_GUEST_KERNEL})
  elseif(kind STREQUAL "musl")
    set(command ${STILE_MUSL_GCC} ${STILE_GUEST_COMMON} ${STILE_GUEST_UAPI})
  else()
    set(command ${STILE_MUSL_GCC} ${STILE_GUEST_COMMON} ${STILE_GUEST_UAPI} -fPIE)
  endif()
  file(MAKE_DIRECTORY ${folder})
  set(objects "")
  foreach(source ${sources})
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
    set(object ${folder}/${object}.o)
    set(own "")
    if(source MATCHES "\\.(cpp|cc)$")
      set(own ${STILE_GUEST_CXXONLY})
    endif()
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${command} ${own} ${flags} -MD -MF ${object}.d -MT ${object} -c
              ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Guest ${relative}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

# Objects of a library for this kind of program: rules and target guest_LIBRARY_KIND when the first one asks.
function(stile_guest_library_objects out library kind)
  get_property(known GLOBAL PROPERTY STILE_GUEST_LIBRARY_${library})
  if(NOT known)
    message(FATAL_ERROR "LIBRARIES ${library}: there is no stile_guest_library(NAME ${library} ...) before it")
  endif()
  set(target guest_library_${library}_${kind})
  if(NOT TARGET ${target})
    get_property(sources GLOBAL PROPERTY STILE_GUEST_LIBRARY_${library}_SOURCES)
    if(kind STREQUAL "musl-pie")
      get_property(pie_sources GLOBAL PROPERTY STILE_GUEST_LIBRARY_${library}_PIE_SOURCES)
      list(APPEND sources ${pie_sources})
    endif()
    stile_guest_objects(objects ${kind} ${CMAKE_BINARY_DIR}/guest_libraries/${library}_${kind} "${sources}" "")
    add_custom_target(${target} DEPENDS ${objects})
    set_target_properties(${target} PROPERTIES STILE_OBJECTS "${objects}")
  endif()
  get_target_property(objects ${target} STILE_OBJECTS)
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

function(stile_guest_executable)
  cmake_parse_arguments(G "" "NAME;KIND;TARGET" "SOURCES;LIBRARIES;FLAGS;LINK_FLAGS;DEPENDS" ${ARGN})
  if(NOT G_KIND MATCHES "^(kernel|musl|musl-pie)$")
    message(FATAL_ERROR "stile_guest_executable(${G_NAME}): KIND is '${G_KIND}'; kernel, musl or musl-pie is right")
  endif()
  if(NOT G_TARGET)
    set(G_TARGET guest_${G_NAME})
  endif()
  list(TRANSFORM G_LIBRARIES REPLACE "^(channel|pool)$" "base;\\1")
  if(G_KIND STREQUAL "musl-pie")
    list(APPEND G_LIBRARIES note)
  endif()
  set(image ${CMAKE_CURRENT_BINARY_DIR}/${G_NAME})
  stile_guest_objects(objects ${G_KIND} ${CMAKE_CURRENT_BINARY_DIR}/guest_${G_NAME}.dir "${G_SOURCES}" "${G_FLAGS}")
  foreach(library ${G_LIBRARIES})
    stile_guest_library_objects(more ${library} ${G_KIND})
    list(APPEND objects ${more})
    list(APPEND G_DEPENDS guest_library_${library}_${G_KIND})
  endforeach()

  set(link_tail "")
  if(G_KIND STREQUAL "kernel")
    set(link ${STILE_GUEST_CXX} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096)
  else()
    list(APPEND G_DEPENDS ${STILE_GUEST_SECTIONS})
    set(link_options -Wl,--build-id=none -Wl,-T,${STILE_GUEST_SECTIONS})
    set(link ${STILE_MUSL_GCC} -static ${link_options})
  endif()
  if(G_KIND STREQUAL "musl-pie")
    # Debian's musl-gcc knows no -static-pie: we name musl's self-relocating start file and the libraries.
    set(link ${STILE_GUEST_CXX} -static-pie -nostdlib ${link_options} ${STILE_MUSL_LIB}/rcrt1.o ${STILE_MUSL_LIB}/crti.o)
    set(link_tail -Wl,--start-group ${STILE_MUSL_LIB}/libc.a -lgcc -Wl,--end-group ${STILE_MUSL_LIB}/crtn.o)
    if(objects MATCHES "_domain\\.[cS]\\.o(;|$)")
      list(PREPEND G_LINK_FLAGS -Wl,-T,${STILE_GUEST_DOMAIN})
      list(APPEND G_DEPENDS ${STILE_GUEST_DOMAIN})
    endif()
  endif()
  add_custom_command(
    OUTPUT ${image}
    COMMAND ${link} ${objects} ${G_LINK_FLAGS} ${link_tail} -o ${image}
    DEPENDS ${objects} ${G_DEPENDS}
    COMMENT "Guest image ${G_NAME}"
    VERBATIM)
  add_custom_target(${G_TARGET} ALL DEPENDS ${image})
  set_target_properties(${G_TARGET} PROPERTIES STILE_IMAGE ${image})
endfunction()
