// SPDX-License-Identifier: Apache-2.0
//
// Integer instructions: chains of dependent ones, and independent ones.
#include "tests/fidelity/guest/micro.h"

MICRO_REPEAT(add_chain, "", "addq %%rdx, %%rax", 100, 1, 100);
MICRO_REPEAT(
    add_rate, "",
    "addq %%rdx, %%rax\n addq %%rdx, %%rbx\n addq %%rdx, %%rsi\n addq %%rdx, %%rdi\n addq %%rdx, %%r8\n"
    "addq %%rdx, %%r9\n addq %%rdx, %%r10\n addq %%rdx, %%r11\n addq %%rdx, %%r12\n addq %%rdx, %%r13",
    12, 10, 100);
MICRO_REPEAT(nop_rate, "", "nop", 200, 1, 100);
MICRO_REPEAT(zero_rate, "", "xorl %%eax, %%eax\n xorl %%ebx, %%ebx", 100, 2, 100);
MICRO_REPEAT(adc_chain, "", "adcq %%rdx, %%rax", 100, 1, 100);
MICRO_REPEAT(cmov_chain, "", "cmovnzq %%rdx, %%rax", 100, 1, 100);
MICRO_REPEAT(imul_chain, "", "imulq %%rdx, %%rax", 100, 1, 100);
MICRO_REPEAT(
    imul_rate, "",
    "imulq %%rdx, %%rax\n imulq %%rdx, %%rbx\n imulq %%rdx, %%rsi\n imulq %%rdx, %%rdi\n imulq %%rdx, %%r8",
    20, 5, 100);
MICRO_REPEAT(shift_chain, "", "shlq $3, %%rax", 100, 1, 100);
MICRO_REPEAT(shift_rate, "", "shlq $3, %%rax\n shlq $3, %%rbx\n shlq $3, %%rsi\n shlq $3, %%rdi", 25, 4, 100);
MICRO_REPEAT(lea_chain, "", "leaq (%%rax,%%rdx), %%rax", 100, 1, 100);
MICRO_REPEAT(lea_rate, "",
             "leaq (%%rax,%%rdx), %%rax\n leaq (%%rbx,%%rdx), %%rbx\n leaq (%%rsi,%%rdx), %%rsi\n leaq "
             "(%%rdi,%%rdx), %%rdi",
             25, 4, 100);
MICRO_REPEAT(lea3_chain, "", "leaq 5(%%rax,%%rdx), %%rax", 100, 1, 100);
MICRO_REPEAT(bsf_chain, "movl $1, %%eax", "bsfq %%rax, %%rax\n incq %%rax", 50, 2, 100);
MICRO_REPEAT(bswap_chain, "", "bswapq %%rax", 100, 1, 100);
// The quotient is the next dividend's only difference: `and` and `or` cost two cycles more, taken off below.
MICRO_LOOP(loop_div32, "movl $0x87654321, %%esi\n movl %%esi, %%eax\n movl $0x80000001, %%ebx",
           ".rept 20\n xorl %%edx, %%edx\n divl %%ebx\n andl $0, %%eax\n orl %%esi, %%eax\n .endr")
MICRO_ROW(div32_chain, micro::per_operation(loop_div32, 50, 20) - 2000);
MICRO_LOOP(loop_idiv64,
           "movabsq $0x7654321076543210, %%rsi\n movq %%rsi, %%rax\n movabsq $0x4000000000000001, %%rbx",
           ".rept 20\n xorl %%edx, %%edx\n idivq %%rbx\n andq $0, %%rax\n orq %%rsi, %%rax\n .endr")
MICRO_ROW(idiv64_chain, micro::per_operation(loop_idiv64, 50, 20) - 2000);
