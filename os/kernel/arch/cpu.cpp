// SPDX-License-Identifier: Apache-2.0
//
// Descriptor tables, the entry points' registers, and what CPUID says we may use.
#include "os/kernel/arch/cpu.h"

#include <new>

#include "os/kernel/arch/keys.h"
#include "os/kernel/arch/trap.h"
#include "os/kernel/mm/page.h"

extern "C" {
void syscall_entry();
void syscall_entry_smp();
extern char trap_stubs[];
}

namespace stile::os {

namespace {

struct [[gnu::packed]] Tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
};
struct [[gnu::packed]] Gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
struct [[gnu::packed]] TablePointer {
    uint16_t limit;
    uint64_t base;
};

constinit Gate idt[256]{};  // the same for all

// SDM vol. 3, 3.4.5: type, S, DPL, P, L and G of flat 64-bit segments.
constexpr uint64_t kernel_code = 0x00af9b000000ffff, kernel_data = 0x00cf93000000ffff;
constexpr uint64_t user_data = 0x00cff3000000ffff, user_code = 0x00affb000000ffff;

}  // namespace

struct CpuTables {
    Tss tss;
    alignas(8) uint64_t gdt[7];
    alignas(16) uint8_t double_fault_stack[8192];
};

namespace {

constinit CpuTables tables0{};

void load_gdt(CpuTables& own) {
    auto& [tss, gdt, double_fault_stack] = own;
    const auto t = reinterpret_cast<uint64_t>(&tss);
    gdt[1] = kernel_code;
    gdt[2] = kernel_data;
    gdt[3] = user_data;
    gdt[4] = user_code;
    gdt[5] = (sizeof(Tss) - 1) | (t & 0xffffff) << 16 | 0x89ull << 40 | (t >> 24 & 0xff) << 56;
    gdt[6] = t >> 32;
    tss.io_map = sizeof(Tss);
    tss.ist[0] = reinterpret_cast<uint64_t>(double_fault_stack) + sizeof double_fault_stack;
    const TablePointer p{sizeof gdt - 1, reinterpret_cast<uint64_t>(gdt)};
    asm volatile(
        "lgdt %0\n"
        "pushq %1\n"
        "leaq 1f(%%rip), %%rax\n"
        "pushq %%rax\n"
        "lretq\n"
        "1: movl %2, %%eax\n"
        "movl %%eax, %%ds\n movl %%eax, %%es\n movl %%eax, %%ss\n"
        "xorl %%eax, %%eax\n movl %%eax, %%fs\n movl %%eax, %%gs\n"
        "movl %3, %%eax\n ltr %%ax\n"
        :
        : "m"(p), "i"(sel_kernel_code), "i"(sel_kernel_data), "i"(sel_tss)
        : "rax", "memory");
}

void make_idt() {
    for (unsigned v = 0; v < 256; v++) {
        const auto at = reinterpret_cast<uint64_t>(trap_stubs) + 16 * v;
        const bool from_user = v == vec_breakpoint || v == vec_overflow;
        idt[v] = {static_cast<uint16_t>(at),
                  sel_kernel_code,
                  static_cast<uint8_t>(v == vec_double_fault ? 1 : 0),
                  static_cast<uint8_t>(from_user ? 0xee : 0x8e),
                  static_cast<uint16_t>(at >> 16),
                  static_cast<uint32_t>(at >> 32),
                  0};
    }
}

void load_idt() {
    const TablePointer p{sizeof idt - 1, reinterpret_cast<uint64_t>(idt)};
    asm volatile("lidt %0" : : "m"(p));
}

}  // namespace

constinit Cpu cpu0(0, &tables0);
constinit Cpu* cpus[max_cpus]{&cpu0};
constinit unsigned cpu_count = 1;
constinit bool several_cpus = false;

Cpu* cpu_create(unsigned id) {
    static_assert(sizeof(CpuTables) + sizeof(Cpu) + 64 <= 4 * page_size);
    Page* pages = alloc_pages(2);
    if (!pages) return nullptr;
    auto* tables = new (static_cast<char*>(page_address(pages)) + sizeof(Cpu)) CpuTables{};
    return new (page_address(pages)) Cpu(id, tables);
}

void cpu_init(Cpu& c) {
    load_gdt(*c.tables);
    if (!c.id) make_idt();
    load_idt();
    write_msr(msr_gs_base, reinterpret_cast<uint64_t>(&c));
    write_msr(msr_kernel_gs_base, 0);
    write_msr(msr_star,
              static_cast<uint64_t>(sel_kernel_code) << 32 | static_cast<uint64_t>(sel_user_data - 8) << 48);
    write_msr(msr_lstar, reinterpret_cast<uint64_t>(smp() ? &syscall_entry_smp : &syscall_entry));
    write_msr(msr_fmask, flag_if | flag_tf | flag_df | flag_iopl | flag_nt | flag_ac);

    constexpr uint64_t cr4_keys = 1 << 22, cr4_smep = 1 << 20, cr4_pcid = 1 << 17, cr4_fsgsbase = 1 << 16, cr4_global = 1 << 7;
    const CpuidResult features = cpuid(1);
    const CpuidResult more = cpuid(0).eax >= 7 ? cpuid(7) : CpuidResult{};
    uint64_t cr4 = read_cr4() | cr4_global;
    if (more.ebx & 1) {
        cr4 |= cr4_fsgsbase;
        c.has_fsgsbase = true;
    }
    if (more.ebx & 1 << 7) cr4 |= cr4_smep;
    if (features.ecx & 1 << 17) {
        cr4 |= cr4_pcid;
        c.has_pcid = true;
    }
    c.has_keys = more.ecx & 1 << 3;
    if (c.has_keys) cr4 |= cr4_keys;
    write_cr4(cr4);
    if (c.has_keys) write_pkru(pkru_default);
}

void set_kernel_stack(Cpu& c, uint64_t top) {
    c.tables->tss.rsp[0] = top;
    c.kernel_stack = top;
}

}  // namespace stile::os
