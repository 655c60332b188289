// SPDX-License-Identifier: Apache-2.0
//
// What a wrong prediction costs.
#include "tests/fidelity/guest/micro.h"

namespace micro {
namespace {

// Words whose bits decide, one after the other: the outcome of a branch is known a cycle after it has begun
// to execute, so that what is measured is the way from there back to the front end, and nothing beside.
constexpr uint64_t words = 4096, bits = 32;

MICRO_LOOP(loop_decide, "movq $0x4000000, %%rdi",
           "movq (%%rdi), %%rax\n addq $8, %%rdi\n .rept 32\n shrq $1, %%rax\n jnc 2f\n nop\n 2:\n .endr")

uint64_t decide(bool random) {
    Random r;
    auto* const p = reinterpret_cast<uint64_t*>(big_data);
    for (uint64_t i = 0; i < 2 * words; ++i) p[i] = random ? r.below(1ul << 31) * 2 + r.below(2) : 0;
    return per_operation(loop_decide, words, bits);
}
// Half of the random ones are predicted wrongly. What the loop takes without that is taken off.
MICRO_ROW(mispredict, 2 * (decide(true) - decide(false)));

// Calls nested `depth` deep, each from a place of its own: call sites 16 bytes apart, the last one returns at
// once.
uint64_t depth;
void nest(uint64_t n) {
    asm volatile(
        "leaq 4f(%%rip), %%rdx\n movq %1, %%rax\n shlq $4, %%rax\n subq %%rax, %%rdx\n"
        "1: call *%%rdx\n decq %%rcx\n jnz 1b\n jmp 3f\n"
        ".balign 16\n .rept 63\n call . + 16\n ret\n .balign 16\n .endr\n ret\n .balign 16\n 4:\n"
        "3:"
        : "+c"(n)
        : "m"(depth)
        : "rax", "rdx", "memory", "cc");
}
uint64_t nested(uint64_t d) {
    depth = d;
    return per_operation(nest, 200, d);
}
// The depth from which on returns are predicted wrongly.
uint64_t return_stack() {
    const uint64_t shallow = nested(4);
    uint64_t d = 5;
    while (d < 64 && nested(d) < shallow + 500) ++d;
    return (d - 1) * 1000;
}
MICRO_ROW(return_stack_depth, return_stack());

}  // namespace
}  // namespace micro
