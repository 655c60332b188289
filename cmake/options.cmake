# SPDX-License-Identifier: Apache-2.0
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON) # long double literals and computed offsets of the GNU dialect
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")

option(STILE_SANITIZE "build the host side with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

# A compiler cache and a faster linker where the machine has them; nothing depends on either.
find_program(STILE_CCACHE ccache)
if(STILE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${STILE_CCACHE})
  # Without this it leaves everything alone that has a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${STILE_CCACHE})
endif()

# Linked by every host target of ours.
add_library(stile_options INTERFACE)
target_include_directories(stile_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(stile_options INTERFACE -Wall -Wextra -Wno-unused-parameter -Werror)
if(STILE_SANITIZE)
  target_compile_options(stile_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=undefined)
  target_link_options(stile_options INTERFACE -fsanitize=address,undefined)
endif()
