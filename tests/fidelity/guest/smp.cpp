// SPDX-License-Identifier: Apache-2.0
//
// Two cores: lines that another core has, and interrupts that it sends.
#include "tests/fidelity/guest/chains.h"
#include "tests/fidelity/guest/micro.h"

extern "C" volatile uint64_t message_arrived;

namespace micro {
namespace {

// What the first core asks the second to do, and how many times it has asked.
using Job = void (*)();
volatile Job job;
volatile uint64_t asked, done;

constexpr uint32_t command_register = 0x830, spurious_register = 0x80f, apic_base = 0x1b;
// SDM vol. 3, 11.6.1: delivery mode in [10:8], level assert in 14, destination in [63:32].
constexpr uint64_t second = 1ul << 32, init = 5ul << 8 | 1ul << 14, start_up = 6ul << 8 | 1ul << 14;

void enable_apic() {
    uint32_t lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(apic_base));
    write_msr(apic_base, (lo | static_cast<uint64_t>(hi) << 32) | 3ul << 10);  // enabled, x2APIC
    write_msr(spurious_register, 0x1ff);
}

void on_second(Job what) {
    static bool started = false;
    if (!started) {
        enable_apic();
        write_msr(command_register, second | init);
        write_msr(command_register, second | start_up);
        started = true;
    }
    job = what;
    asked = asked + 1;
    while (done != asked) asm volatile("pause");
}

// Lines that no prefetcher guesses, few enough for a second level, and for both measurements.
constexpr uint64_t lines = 192, apart = 4096 + 64;

void write_lines() { chain_at_random(big_data, lines * apart, apart); }
void read_lines() { follow(big_data, lines); }
void nothing() {}

uint64_t modified_line() {
    on_second(nothing);
    hop(big_data + big_bytes / 2, 0, 1);  // stamps and loop are warm
    on_second(write_lines);
    return hop(big_data, 0, 60);
}

// Brought in by the second core from the third level, where the first core has let it fall.
uint64_t clean_line() {
    write_lines();
    for (uint64_t o = 4ul << 20; o < 6ul << 20; o += 64) *at(big_data + o) = 0;
    on_second(read_lines);
    return hop(big_data, 0, 60);
}

volatile bool waiting;
void wait_for_message() {
    enable_apic();
    message_arrived = 0;
    waiting = true;
    asm volatile("sti");
    while (message_arrived == 0) asm volatile("pause");
    asm volatile("cli");
}

// From the write of the command register to the handler's first instruction; the second time, all being warm.
uint64_t message() {
    uint64_t taken = 0;
    for (int round = 0; round < 3; ++round) {
        if (round == 0) on_second(nothing);
        waiting = false;
        job = wait_for_message;
        asked = asked + 1;
        while (!waiting) asm volatile("pause");
        for (int i = 0; i < 200; ++i) asm volatile("pause");
        const uint64_t sent = now();
        write_msr(command_register, second | 1ul << 14 | 0x82);
        while (done != asked) asm volatile("pause");
        taken = message_arrived - sent;
    }
    return taken * 1000;
}

MICRO_ROW(modified_elsewhere, modified_line());
MICRO_ROW(clean_elsewhere, clean_line());
MICRO_ROW(interrupt_message, message());

}  // namespace

void serve() {
    for (uint64_t seen = 0;;) {
        while (asked == seen) asm volatile("pause");
        seen = asked;
        job();
        done = seen;
    }
}

}  // namespace micro

extern "C" void second_core() {
    micro::load_tables();
    micro::serve();
}
