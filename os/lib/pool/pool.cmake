# SPDX-License-Identifier: Apache-2.0
# os/lib for programs with several clients and server threads: STILE_GUEST_POOL, and for position-independent ones
# STILE_GUEST_POOL_PIE; STILE_GUEST_POOL_KEYS on top of the latter for those with a second domain.
set(folder ${CMAKE_CURRENT_LIST_DIR})
file(GLOB STILE_GUEST_POOL_PIE CONFIGURE_DEPENDS ${folder}/../*.c ${folder}/../*.S ${folder}/*.c)
set(STILE_GUEST_POOL ${STILE_GUEST_POOL_PIE})
list(FILTER STILE_GUEST_POOL EXCLUDE REGEX "/(dipc|codoms)[^/]*$")
set(STILE_GUEST_POOL_KEYS ${folder}/keys/mpk.c ${folder}/../keys/gates.S)
