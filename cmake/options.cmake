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

# Most of what a source takes to compile are its headers, and what they have compiled again in each: several sources of
# a target at once take half the time. After a change of one file a group is compiled, and a compiler cache cannot take
# one build folder's groups for another's: preset `release` asks for it, the others do not.
# Sources of a target must not give two things in unnamed namespaces the same name. What has compile options of its own
# stays by itself.
option(STILE_UNITY "compile several sources at once" OFF)
set(CMAKE_UNITY_BUILD ${STILE_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)

# Linked by every host target of ours.
add_library(stile_options INTERFACE)
target_include_directories(stile_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(stile_options INTERFACE -Wall -Wextra -Wno-unused-parameter -Werror)
if(STILE_UNITY)
  # Told of types with members of unnamed namespaces, of any file that another one includes.
  target_compile_options(stile_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(STILE_SANITIZE)
  target_compile_options(stile_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=undefined)
  target_link_options(stile_options INTERFACE -fsanitize=address,undefined)
endif()
