// SPDX-License-Identifier: Apache-2.0
//
// Micro-benchmarks in ring 0 of a bare machine. A row runs a loop n times and 2n times, warm, and takes the
// difference, so that what surrounds the loop cancels out; the clock is the processor's own (lfence; rdtsc).
// A row's value is in thousandths of a cycle per operation, unless its name says otherwise.
#pragma once

using uint8_t = unsigned char;
using uint32_t = unsigned;
using uint64_t = unsigned long;

namespace micro {

using Loop = void (*)(uint64_t n);

inline uint64_t now() {
    uint32_t lo, hi;
    asm volatile("lfence\n rdtsc\n lfence" : "=a"(lo), "=d"(hi) : : "memory");
    return lo | static_cast<uint64_t>(hi) << 32;
}
inline uint64_t time_of(Loop loop, uint64_t n) {
    const uint64_t begin = now();
    loop(n);
    return now() - begin;
}
// What n more iterations take. The first round warms loop, stamps and predictors.
inline uint64_t difference(Loop loop, uint64_t n) {
    uint64_t once = 0, twice = 0;
    for (int round = 0; round < 2; ++round) {
        once = time_of(loop, n);
        twice = time_of(loop, 2 * n);
    }
    return twice - once;
}
inline uint64_t per_operation(Loop loop, uint64_t n, uint64_t operations) {
    return difference(loop, n) * 1000 / (n * operations);
}

struct Row {
    const char* name;
    uint64_t (*measure)();
};
#define MICRO_ROW(NAME, EXPRESSION)                         \
    static uint64_t measure_##NAME() { return EXPRESSION; } \
    __attribute__((section(".rows"), used)) static const micro::Row row_##NAME { #NAME, measure_##NAME }

#define MICRO_CLOBBERS \
    "rax", "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc"
// A loop of BODY, which may use every register but rcx, rsp and rbp.
#define MICRO_LOOP(NAME, SETUP, BODY)                                           \
    static void NAME(uint64_t n) {                                              \
        asm volatile(SETUP "\n .balign 64\n 1:\n" BODY "\n decq %%rcx\n jnz 1b" \
                     : "+c"(n)                                                  \
                     :                                                          \
                     : MICRO_CLOBBERS);                                         \
    }
// BODY repeated COUNT times in a loop, measured over N iterations; OPS operations in each BODY.
#define MICRO_REPEAT(NAME, SETUP, BODY, COUNT, OPS, N)                   \
    MICRO_LOOP(loop_##NAME, SETUP, ".rept " #COUNT "\n" BODY "\n .endr") \
    MICRO_ROW(NAME, micro::per_operation(loop_##NAME, N, (COUNT) * (OPS)))

// Memory that rows may use: identity-mapped with 2 MiB pages, and the same bytes with 4 KiB pages.
constexpr uint64_t big_data = 64ul << 20, big_bytes = 128ul << 20;
constexpr uint64_t small_page_alias = 1ul << 40;
constexpr uint64_t small_data = small_page_alias;  // of big_data
constexpr uint64_t user_alias_base = 0x8000000000ul, kernel_base = 0xffffffff80000000ul;

inline uint64_t user_address(void (*code)()) {
    return reinterpret_cast<uint64_t>(code) - kernel_base + user_alias_base;
}

void setup_paging();
void setup_rings();
void load_tables();  // GDT and IDT, on this core
void set_syscall_entry(void (*entry)());
extern "C" void enter_user(uint64_t address, uint64_t count);

inline void write_msr(uint32_t msr, uint64_t v) {
    asm volatile("wrmsr"
                 :
                 : "c"(msr), "a"(static_cast<uint32_t>(v)), "d"(static_cast<uint32_t>(v >> 32))
                 : "memory");
}

// A reproducible sequence of numbers (an LCG with Knuth's MMIX constants; the high bits are the good ones).
struct Random {
    uint64_t state = 1;
    uint64_t below(uint64_t n) {
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        return (state >> 33) % n;
    }
};

}  // namespace micro
