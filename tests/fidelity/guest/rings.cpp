// SPDX-License-Identifier: Apache-2.0
//
// Descriptor tables and page tables: ring 3, and memory in 4 KiB pages.
#include "tests/fidelity/guest/micro.h"

extern "C" {
void leave_user();
void bare_interrupt_entry();
void bare_syscall_entry();
void message_entry();
}

namespace micro {
namespace {

struct [[gnu::packed]] Tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved[10];
    uint32_t io_map;
};
struct [[gnu::packed]] Gate {
    unsigned short offset_low, selector;
    uint8_t ist, type;
    unsigned short offset_middle;
    uint32_t offset_high, reserved;
};
struct [[gnu::packed]] TablePointer {
    unsigned short limit;
    uint64_t base;
};

Tss tss;
Gate idt[256];
alignas(16) uint64_t gdt[7];
alignas(64) uint8_t door_stack[4096];
alignas(64) uint64_t scratch[8];

constexpr uint64_t present = 1, writable = 2, user = 4, large = 0x80;
alignas(4096) uint64_t user_pdpt[512], user_pd[512], small_pdpt[512], small_pd[512];
constexpr uint64_t small_tables = 32;  // of 2 MiB each
alignas(4096) uint64_t small_pt[small_tables][512];

void gate(unsigned vector, void (*handler)(), uint8_t type) {
    const auto at = reinterpret_cast<uint64_t>(handler);
    idt[vector] = {static_cast<unsigned short>(at), 8, 0, type, static_cast<unsigned short>(at >> 16),
                   static_cast<uint32_t>(at >> 32), 0};
}

uint64_t physical(const void* p) { return reinterpret_cast<uint64_t>(p) - kernel_base; }

}  // namespace

void setup_rings() {
    // SDM vol. 3, 3.4.5: flat 64-bit segments, in the order that sysret wants.
    gdt[1] = 0x00af9b000000ffff;
    gdt[2] = 0x00cf93000000ffff;
    gdt[3] = 0x00cff3000000ffff;
    gdt[4] = 0x00affb000000ffff;
    const auto t = reinterpret_cast<uint64_t>(&tss);
    gdt[5] = (sizeof(Tss) - 1) | (t & 0xffffff) << 16 | 0x89ul << 40 | (t >> 24 & 0xff) << 56;
    gdt[6] = t >> 32;
    tss.rsp[0] = reinterpret_cast<uint64_t>(door_stack + sizeof door_stack);
    tss.io_map = sizeof(Tss) << 16;
    gate(0x80, bare_interrupt_entry, 0xee);
    gate(0x81, leave_user, 0xee);
    gate(0x82, message_entry, 0x8e);
    load_tables();
    asm volatile("movl $0x28, %%eax\n ltr %%ax\n" : : : "rax");
    write_msr(0xc0000081, 8ul << 32 | 0x10ul << 48);             // STAR
    write_msr(0xc0000084, 0x200);                                // FMASK
    write_msr(0xc0000101, reinterpret_cast<uint64_t>(scratch));  // GS base, in ring 3 too
    write_msr(0xc0000102, reinterpret_cast<uint64_t>(scratch));
    set_syscall_entry(bare_syscall_entry);
}

void load_tables() {
    const TablePointer g{sizeof gdt - 1, reinterpret_cast<uint64_t>(gdt)};
    const TablePointer i{sizeof idt - 1, reinterpret_cast<uint64_t>(idt)};
    asm volatile(
        "lgdt %0\n lidt %1\n"
        "pushq $8\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n"
        "1: movl $0x10, %%eax\n movl %%eax, %%ds\n movl %%eax, %%es\n movl %%eax, %%ss\n"
        :
        : "m"(g), "m"(i)
        : "rax", "memory");
}

void set_syscall_entry(void (*entry)()) { write_msr(0xc0000082, reinterpret_cast<uint64_t>(entry)); }

void setup_paging() {
    uint64_t cr3;
    asm volatile("movq %%cr3, %0" : "=r"(cr3));
    auto* const pml4 = reinterpret_cast<uint64_t*>(cr3 & ~0xffful);
    // The image again, for ring 3.
    pml4[user_alias_base >> 39 & 511] = physical(user_pdpt) | present | writable | user;
    user_pdpt[0] = physical(user_pd) | present | writable | user;
    for (uint64_t i = 0; i < 2; ++i) user_pd[i] = i << 21 | present | writable | user | large;
    // big_data again, in small pages.
    pml4[small_page_alias >> 39 & 511] = physical(small_pdpt) | present | writable;
    small_pdpt[0] = physical(small_pd) | present | writable;
    for (uint64_t i = 0; i < small_tables; ++i) {
        small_pd[i] = physical(small_pt[i]) | present | writable;
        for (uint64_t j = 0; j < 512; ++j)
            small_pt[i][j] = (big_data + (i << 21) + (j << 12)) | present | writable;
    }
    asm volatile("movq %0, %%cr3" : : "r"(cr3) : "memory");
}

}  // namespace micro
