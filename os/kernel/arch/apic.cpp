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

}  // namespace stile::os
