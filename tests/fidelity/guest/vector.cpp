// SPDX-License-Identifier: Apache-2.0
//
// SSE2 and x87 instructions. Operands are ordinary numbers: 1.0 and what becomes of it stays finite.
#include "tests/fidelity/guest/micro.h"

// Ones of double precision in xmm0..7, or of single precision.
#define ONES                                                                                          \
    "movabsq $0x3ff0000000000001, %%rax\n movq %%rax, %%xmm0\n punpcklqdq %%xmm0, %%xmm0\n"           \
    "movaps %%xmm0, %%xmm1\n movaps %%xmm0, %%xmm2\n movaps %%xmm0, %%xmm3\n movaps %%xmm0, %%xmm4\n" \
    "movaps %%xmm0, %%xmm5\n movaps %%xmm0, %%xmm6\n movaps %%xmm0, %%xmm7\n"
#define SINGLE_ONES                                                                                   \
    "movl $0x3f800001, %%eax\n movd %%eax, %%xmm0\n pshufd $0, %%xmm0, %%xmm0\n"                      \
    "movaps %%xmm0, %%xmm1\n movaps %%xmm0, %%xmm2\n movaps %%xmm0, %%xmm3\n movaps %%xmm0, %%xmm4\n" \
    "movaps %%xmm0, %%xmm5\n movaps %%xmm0, %%xmm6\n movaps %%xmm0, %%xmm7\n"
#define CHAIN(NAME, SETUP, INSTRUCTION) MICRO_REPEAT(NAME, SETUP, INSTRUCTION " %%xmm1, %%xmm0", 100, 1, 50)
#define RATE(NAME, SETUP, INSTRUCTION)                                                       \
    MICRO_REPEAT(NAME, SETUP,                                                                \
                 INSTRUCTION " %%xmm7, %%xmm0\n" INSTRUCTION " %%xmm7, %%xmm1\n" INSTRUCTION \
                             " %%xmm7, %%xmm2\n" INSTRUCTION " %%xmm7, %%xmm3\n" INSTRUCTION \
                             " %%xmm7, %%xmm4\n" INSTRUCTION " %%xmm7, %%xmm5\n",            \
                 16, 6, 50)

CHAIN(paddd_chain, "", "paddd");
RATE(paddd_rate, "", "paddd");
RATE(pand_rate, "", "pand");
CHAIN(pmullw_chain, "", "pmullw");
RATE(pmullw_rate, "", "pmullw");
RATE(pshufd_rate, "", "pshufd $0x1b,");
CHAIN(addpd_chain, ONES, "addpd");
RATE(addpd_rate, ONES, "addpd");
CHAIN(mulpd_chain, ONES, "mulpd");
RATE(mulpd_rate, ONES, "mulpd");
MICRO_REPEAT(mul_add_chain, ONES, "mulpd %%xmm1, %%xmm0\n addpd %%xmm1, %%xmm0", 50, 1, 50);
MICRO_REPEAT(mul_beside_add, ONES, "mulpd %%xmm7, %%xmm0\n addpd %%xmm7, %%xmm1", 50, 1, 50);
CHAIN(divpd_chain, ONES, "divpd");
RATE(divpd_rate, ONES, "divpd");
CHAIN(divps_chain, SINGLE_ONES, "divps");
RATE(divps_rate, SINGLE_ONES, "divps");
MICRO_REPEAT(sqrtpd_chain, ONES, "sqrtpd %%xmm0, %%xmm0", 100, 1, 50);
MICRO_REPEAT(convert_chain, "", "cvttsd2si %%xmm0, %%eax\n cvtsi2sdl %%eax, %%xmm0", 50, 1, 50);
MICRO_REPEAT(movd_chain, "", "movd %%xmm0, %%eax\n movd %%eax, %%xmm0", 50, 1, 50);
MICRO_REPEAT(fadd_chain, "fninit\n fld1\n fldz", "fadd %%st(1), %%st", 100, 1, 50);
MICRO_REPEAT(fmul_chain, "fninit\n fld1\n fld1", "fmul %%st(1), %%st", 100, 1, 50);
