# SPDX-License-Identifier: Apache-2.0
# What programs with several clients have in common: how they are started, kept in step and reported; the service.
include_guard(GLOBAL)
stile_guest_library(NAME load SOURCES ${CMAKE_CURRENT_LIST_DIR}/load.c ${CMAKE_CURRENT_LIST_DIR}/service.c)
