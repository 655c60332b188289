// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

MachineConfig make_config(ProtectionKind protection, bool timed, MachineConfig c) {
    c.protection = protection;
    if (!timed) c.core.model = CoreModel::functional;
    return c;
}

}  // namespace

Rig::Rig(ProtectionKind protection, std::unique_ptr<Timing> timing, const MachineConfig& base)
    : config(make_config(protection, timing != nullptr, base)), memory(ram_size) {
    for (uint64_t a = 0; a < 0x500000; a += 0x1000) map(a, a, P | W);
    const uint64_t gdt[] = {0,
                            0x00af9a000000ffff,
                            0x00cf92000000ffff,
                            0,
                            0x00cff2000000ffff,
                            0x00affa000000ffff,
                            (tss_at & 0xffffff) << 16 | 0x890000000067,
                            0};
    std::memcpy(memory.host(gdt_at), gdt, sizeof gdt);
    std::memcpy(memory.host(tss_at + 4), &stack_top, 8);  // RSP0 and IST1 are not aligned
    std::memcpy(memory.host(tss_at + 36), &ist_top, 8);

    core = std::make_unique<Core>(config, memory, *this, this, std::move(timing));
    CpuState& s = core->state();
    s.cr0 = 0x80050033;
    s.cr3 = tables_at;
    s.cr4 = 0x20 | 0x80 | 0x600 | 1 << 16;
    s.efer = 0xd01;
    s.cs = 8;
    s.gdt = {gdt_at, sizeof gdt - 1};
    s.idt = {idt_at, 0xfff};
    s.tr = 0x30;
    s.tss_base = tss_at;
    s.star = 0x001b000800000000;  // sysret: cs 0x2b, ss 0x23
    s.rip = code_at;
    s.r[isa::RSP] = stack_top;
}

uint64_t& Rig::pte(uint64_t vaddr) {
    uint64_t table = tables_at;
    for (unsigned level = 3; level > 0; --level) {
        auto& entry = at<uint64_t>(table + (vaddr >> (12 + 9 * level) & 511) * 8);
        if (!(entry & P)) {
            entry = next_table_ | P | W | U;
            next_table_ += 0x1000;
        }
        table = entry & 0xfffffff000;
    }
    return at<uint64_t>(table + (vaddr >> 12 & 511) * 8);
}

void Rig::map(uint64_t vaddr, uint64_t paddr, uint64_t flags) { pte(vaddr) = paddr | flags; }

void Rig::user_pages() {
    for (uint64_t a = user_code; a < user_code + 0x10000; a += 0x1000) map(a, a, P | W | U);
    for (uint64_t a = user_data; a < 0x500000; a += 0x1000) map(a, a, P | W | U | NX);
}

void Rig::gate(unsigned vector, uint64_t handler, unsigned ist, unsigned dpl, unsigned type) {
    auto* g = &at<uint64_t>(idt_at + vector * 16);
    g[0] = (handler & 0xffff) | 8 << 16 | static_cast<uint64_t>(ist) << 32 |
           static_cast<uint64_t>(0x80 | dpl << 5 | type) << 40 | (handler >> 16 & 0xffff) << 48;
    g[1] = handler >> 32;
}

void Rig::enter_user(uint64_t rip) {
    CpuState& s = core->state();
    s.cpl = 3;
    s.cs = 0x2b;
    s.ss = 0x23;
    s.rip = rip;
    s.r[isa::RSP] = user_stack;
    core->set_rflags(0x202);
}

void Rig::write_code(uint64_t paddr, std::span<const uint8_t> code) {
    Mmu& mmu = core->mmu();
    mmu.on_code_store(mmu.on_code_store_arg, paddr, static_cast<unsigned>(code.size() + 1));
    load(paddr, code);
    at<uint8_t>(paddr + code.size()) = 0xf4;
}

Stop Rig::run(Cycles limit) { return core->run(core->now() + limit); }

}  // namespace stile::model::test
