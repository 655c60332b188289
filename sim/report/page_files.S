// SPDX-License-Identifier: Apache-2.0
    // The paths are strings: a checkout may lie below a folder with a space in its name.
    .macro file name, path
    .global stile_page_\name, stile_page_\name\()_end
stile_page_\name:
    .incbin "\path"
stile_page_\name\()_end:
    .byte 0
    .endm
    .section .rodata
    file style, STILE_PAGE_STYLE
    file front, STILE_PAGE_FRONT
    file rows, STILE_PAGE_ROWS
    file script, STILE_PAGE_SCRIPT
    file d3, STILE_PAGE_D3
    file licence, STILE_PAGE_LICENCE
    .section .note.GNU-stack, "", @progbits
