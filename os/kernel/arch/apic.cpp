// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/arch/apic.h"

#include "os/kernel/arch/cpu.h"
#include "os/kernel/arch/trap.h"

namespace stile::os {
namespace {
enum X2Apic : uint32_t {
    x2_task_priority = 0x808,
    x2_eoi = 0x80b,
    x2_spurious = 0x80f,
    x2_interrupt_command = 0x830,
    x2_lvt_timer = 0x832,
    x2_initial = 0x838,
    x2_divide = 0x83e
};
}  // namespace

void apic_init() {
    write_msr(msr_apic_base, read_msr(msr_apic_base) | 1 << 11 | 1 << 10);  // enabled, x2APIC
    write_msr(x2_task_priority, 0);
    write_msr(x2_spurious, 0x100 | vec_spurious);
    write_msr(x2_divide, 0xb);           // divide by 1
    write_msr(x2_lvt_timer, vec_timer);  // one-shot
}

void apic_end_of_interrupt() { write_msr(x2_eoi, 0); }

void apic_arm_timer(uint64_t ticks) { write_msr(x2_initial, min<uint64_t>(ticks, 0xffffffff)); }

// SDM vol. 3, 11.6.1: delivery mode in [10:8], level assert in 14, shorthand in [19:18], destination in
// [63:32].
// Writing an x2APIC register serialises nothing (SDM vol. 3, 11.12.3): without this, whom the message reaches
// may not see yet what was stored before it.
static void finish_stores() { asm volatile("mfence; lfence" ::: "memory"); }

void apic_send(unsigned to, uint8_t vector) {
    finish_stores();
    write_msr(x2_interrupt_command, static_cast<uint64_t>(to) << 32 | vector);
}

void apic_send_to_others(uint8_t vector) {
    constexpr uint64_t all_but_self = 3 << 18;
    finish_stores();
    write_msr(x2_interrupt_command, all_but_self | vector);
}

// The vector of the start-up message means nothing on this machine (abi/platform.h), and nothing has to be
// waited for in between.
void apic_start_cpu(unsigned id) {
    constexpr uint64_t init = 5 << 8, start_up = 6 << 8, assert_level = 1 << 14;
    finish_stores();
    write_msr(x2_interrupt_command, static_cast<uint64_t>(id) << 32 | init | assert_level);
    write_msr(x2_interrupt_command, static_cast<uint64_t>(id) << 32 | start_up | assert_level);
}

}  // namespace stile::os
