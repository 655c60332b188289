// SPDX-License-Identifier: Apache-2.0
//
// Caches, store buffer, string instructions, memory.
#include "tests/fidelity/guest/chains.h"
#include "tests/fidelity/guest/micro.h"

namespace micro {
namespace {

#define AT_DATA "movq $0x4000000, %%rdi\n"  // big_data

MICRO_REPEAT(load_rate, AT_DATA,
             "movq (%%rdi), %%rax\n movq 64(%%rdi), %%rbx\n movq 128(%%rdi), %%rdx\n movq 192(%%rdi), %%rsi",
             25, 4, 100);
MICRO_REPEAT(store_rate, AT_DATA,
             "movq %%rax, (%%rdi)\n movq %%rax, 8(%%rdi)\n movq %%rax, 16(%%rdi)\n movq %%rax, 24(%%rdi)", 25,
             4, 100);
MICRO_REPEAT(copy_rate, AT_DATA,
             "movq (%%rdi), %%rax\n movq %%rax, 512(%%rdi)\n movq 8(%%rdi), %%rbx\n movq %%rbx, 520(%%rdi)",
             25, 2, 100);
MICRO_REPEAT(modify_chain, AT_DATA, "addq %%rdx, (%%rdi)", 50, 1, 100);
MICRO_REPEAT(vector_forward_chain, AT_DATA "pxor %%xmm0, %%xmm0",
             "movaps %%xmm0, (%%rdi)\n movaps (%%rdi), %%xmm0", 50, 1, 100);
MICRO_REPEAT(push_pop_chain, "", "pushq %%rax\n popq %%rax", 50, 1, 100);
// Two stores of four bytes, then a load of both: no store holds all of it.
MICRO_REPEAT(blocked_forward_chain, AT_DATA "movl $0, 4(%%rdi)\n xorl %%eax, %%eax",
             "movl %%eax, (%%rdi)\n movl %%eax, 4(%%rdi)\n movq (%%rdi), %%rax", 20, 1, 100);
MICRO_REPEAT(split_load_chain, AT_DATA "addq $60, %%rdi\n movq %%rdi, (%%rdi)", "movq (%%rdi), %%rdi", 50, 1,
             100);

// Bytes in thousandths per cycle of a repeated string instruction over `bytes` bytes in the first level.
uint64_t rate(Loop loop, uint64_t n, uint64_t bytes) { return bytes * n * 1000 / difference(loop, n); }
#define STRING_LOOP(NAME, INSTRUCTION, COUNT)                                                            \
    MICRO_LOOP(loop_##NAME, "movq %%rcx, %%r8",                                                          \
               "movq $0x4000000, %%rsi\n movq $0x4002000, %%rdi\n movl $" #COUNT ", %%ecx\n" INSTRUCTION \
               "\n movq %%r8, %%rcx\n decq %%r8")
STRING_LOOP(rep_movs, "rep movsb", 8192)
STRING_LOOP(rep_stos, "rep stosb", 8192)
STRING_LOOP(rep_lods, "rep lodsq", 1024)
STRING_LOOP(rep_cmps, "cmpl %%eax, %%eax\n repe cmpsb", 2048)
STRING_LOOP(rep_scas, "movl $1, %%eax\n testl %%eax, %%eax\n repne scasb", 2048)
MICRO_ROW(rep_movs_rate, rate(loop_rep_movs, 20, 8192));
MICRO_ROW(rep_stos_rate, rate(loop_rep_stos, 20, 8192));
MICRO_ROW(rep_lods_element, per_operation(loop_rep_lods, 20, 1024));
MICRO_ROW(rep_cmps_element, per_operation(loop_rep_cmps, 20, 2048));
MICRO_ROW(rep_scas_element, per_operation(loop_rep_scas, 20, 2048));

uint64_t in_order(uint64_t base, uint64_t bytes, uint64_t step) {
    chain_in_order(base, bytes, step);
    return hop(base, 2 * (bytes / step), bytes / step);
}
uint64_t at_random(uint64_t base, uint64_t bytes, uint64_t step) {
    chain_at_random(base, bytes, step);
    return hop(base, 2 * (bytes / step), bytes / step);
}
constexpr uint64_t KiB = 1024, MiB = 1024 * KiB;

MICRO_ROW(load_l1, at_random(big_data, 16 * KiB, 64));
MICRO_ROW(load_l2, at_random(big_data, 192 * KiB, 64));
MICRO_ROW(load_l3, at_random(big_data, 2 * MiB, 64));

// Never the same line twice, so that no cache can have it: what building the chain left behind is pushed out.
uint64_t memory_latency() {
    constexpr uint64_t bytes = 32 * MiB, step = 512, hops = 8000;
    chain_at_random(big_data, bytes, step);
    uint64_t sum = 0;
    for (uint64_t o = bytes; o < bytes + 16 * MiB; o += 64) sum += *at(big_data + o);
    asm volatile("" : : "r"(sum));
    return hop(big_data, 100, hops);
}
MICRO_ROW(load_memory, memory_latency());

// Each load's address is random, and known only when the load before has its data (0, added to it).
uint64_t chase_mask, chase_state;
void chase_loop(uint64_t n) {
    asm volatile(
        "xorl %%eax, %%eax\n movq %1, %%r8\n movabsq $0x9e3779b97f4a7c15, %%r9\n movabsq "
        "$0xbf58476d1ce4e5b9, %%r10\n"
        ".balign 64\n"
        "1: addq %%r9, %%r8\n movq %%r8, %%rdx\n shrq $30, %%rdx\n xorq %%r8, %%rdx\n imulq %%r10, %%rdx\n"
        "shrq $28, %%rdx\n andq %%rbx, %%rdx\n movq 0x4000000(%%rdx,%%rax), %%rax\n"
        "decq %%rcx\n jnz 1b\n movq %%r8, %1"
        : "+c"(n), "+m"(chase_state)
        : "b"(chase_mask)
        : "rax", "rdx", "r8", "r9", "r10", "memory", "cc");
}
uint64_t chase(uint64_t bytes) {
    for (uint64_t o = 0; o < bytes; o += 64) *at(big_data + o) = 0;
    chase_mask = (bytes - 1) & ~63ul;
    chase_loop(bytes / 16);
    return per_operation(chase_loop, 10000, 1) - 1000;  // the index takes a cycle
}
MICRO_ROW(chase_32k, chase(32 * KiB));
MICRO_ROW(chase_64k, chase(64 * KiB));
MICRO_ROW(chase_128k, chase(128 * KiB));
MICRO_ROW(chase_256k, chase(256 * KiB));
MICRO_ROW(chase_512k, chase(512 * KiB));
MICRO_ROW(chase_1m, chase(1 * MiB));
MICRO_ROW(chase_2m, chase(2 * MiB));
MICRO_ROW(chase_4m, chase(4 * MiB));

// One load a page, more pages than the first-level TLB has entries, and more than the second.
MICRO_ROW(tlb_second_level, at_random(small_data, 1 * MiB, 4 * KiB));
MICRO_ROW(tlb_walk, at_random(small_data, 4 * MiB, 4 * KiB));

// In order, so that prefetchers see it coming.
MICRO_ROW(line_order_l3, in_order(small_data, 1 * MiB, 64));
MICRO_ROW(pair_order_l3, in_order(small_data, 1 * MiB, 128));
MICRO_ROW(far_order_l3, in_order(small_data, 1 * MiB, 256));
MICRO_ROW(line_order_memory, in_order(small_data, 32 * MiB, 64));

}  // namespace
}  // namespace micro
