/* SPDX-License-Identifier: Apache-2.0
 *
 * The ELF note that asks the kernel for a place in the shared page table (abi/syscall.h). Linux ignores it.
 */
#include "abi/syscall.h"

    .section .note.stile, "a", @note
    .balign 4
    .long 2f - 1f
    .long 0
    .long STILE_NOTE_DIPC
1:  .asciz STILE_NOTE_NAME
2:  .balign 4
    .section .note.GNU-stack, "", @progbits
