// SPDX-License-Identifier: Apache-2.0
    .section .rodata
    .global stile_kernel_image, stile_kernel_image_end
    .balign 16
stile_kernel_image:
    .incbin STILE_KERNEL_IMAGE
stile_kernel_image_end:
    .section .note.GNU-stack, "", @progbits
