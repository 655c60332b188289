// SPDX-License-Identifier: Apache-2.0
//
// Model-specific and control registers. What is not here raises #GP, as on any processor that lacks it.
#include <algorithm>

#include "model/core/core_impl.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

enum Msr : uint32_t {
    TSC = 0x10,
    APIC_BASE = 0x1b,
    PAT = 0x277,
    TSC_DEADLINE = 0x6e0,
    X2APIC_FIRST = 0x800,
    X2APIC_LAST = 0x8ff,
    EFER = 0xc0000080,
    STAR = 0xc0000081,
    LSTAR = 0xc0000082,
    CSTAR = 0xc0000083,
    SFMASK = 0xc0000084,
    FS_BASE = 0xc0000100,
    GS_BASE = 0xc0000101,
    KERNEL_GS_BASE = 0xc0000102,
    TSC_AUX = 0xc0000103
};

// Enabled, x2APIC, boot processor, at the address that it would have.
constexpr uint64_t apic_base = 0xfee00000 | 1 << 11 | 1 << 10 | 1 << 8;

enum : uint64_t { EFER_SCE = 1, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NX = 1 << 11 };

enum : uint64_t {
    CR0_PE = 1,
    CR0_MP = 2,
    CR0_EM = 4,
    CR0_TS = 8,
    CR0_ET = 16,
    CR0_NE = 32,
    CR0_WRITE_PROTECT = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30,
    CR0_PAGING = 1ull << 31,
    CR0_KNOWN = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WRITE_PROTECT | CR0_AM | CR0_NW |
                CR0_CD | CR0_PAGING,
    CR4_TSD = 4,
    CR4_DE = 8,
    CR4_PSE = 16,
    CR4_PAE = 32,
    CR4_GLOBAL = 128,
    CR4_OSFXSR = 512,
    CR4_OSXMMEXCPT = 1024,
    CR4_FSGSBASE = 1 << 16,
    CR4_PCID = 1 << 17,
    CR4_SMEP_BIT = 1 << 20,
    CR4_KNOWN = CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_GLOBAL | CR4_OSFXSR | CR4_OSXMMEXCPT |
                CR4_FSGSBASE | CR4_PCID | CR4_SMEP_BIT,
    CR4_PROTECTION_KEYS = 1 << 22
};

bool domain_register(uint32_t index) { return index >= STILE_MSR_CD_CTL && index <= STILE_MSR_CD_APL_ROOT; }

bool set_canonical(uint64_t& where, uint64_t value) {
    if (!canonical(value)) return false;
    where = value;
    return true;
}

bool memory_types_valid(uint64_t pat) {
    for (unsigned i = 0; i < 8; ++i) {
        const unsigned t = pat >> 8 * i & 0xff;
        if (t > 7 || t == 2 || t == 3) return false;
    }
    return true;
}

}  // namespace

bool Core::Impl::read_msr(uint32_t index, uint64_t& value) {
    settle();
    const CodomsState& cd = s.cd;
    if (domain_register(index) && !has_domains()) return false;
    if (index >= X2APIC_FIRST && index <= X2APIC_LAST)
        return apic.read(index, to_reference(counters.cycles), value);
    switch (index) {
        case TSC:
            return value = tsc(), true;
        case APIC_BASE:
            return value = apic_base & ~(id == 0 ? 0ull : 1ull << 8), true;
        case PAT:
            return value = s.pat, true;
        case TSC_DEADLINE:
            return value = apic.deadline() ? apic.deadline() + tsc_offset : 0, true;
        case EFER:
            return value = s.efer, true;
        case STAR:
            return value = s.star, true;
        case LSTAR:
            return value = s.lstar, true;
        case CSTAR:
            return value = s.cstar, true;
        case SFMASK:
            return value = s.sfmask, true;
        case FS_BASE:
            return value = s.fs.base, true;
        case GS_BASE:
            return value = s.gs.base, true;
        case KERNEL_GS_BASE:
            return value = s.kernel_gs_base, true;
        case TSC_AUX:
            return value = s.tsc_aux, true;
        case STILE_MSR_CD_CTL:
            return value = cd.control, true;
        case STILE_MSR_CD_FAULT_FROM:
            return value = cd.fault_from, true;
        case STILE_MSR_CD_FAULT_TO:
            return value = cd.fault_to, true;
        case STILE_MSR_CD_FAULT_RIGHT:
            return value = cd.fault_right, true;
        case STILE_MSR_CD_FAULT_RIP:
            return value = cd.fault_rip, true;
        case STILE_MSR_CD_LATCH:
            return value = cd.saved_latch.tag | uint64_t{cd.saved_latch.kind} << 16, true;
        case STILE_MSR_CD_LATCH_RET:
            return value = cd.saved_latch.return_address, true;
        case STILE_MSR_CD_APL_ROOT:
            return walks_apls() && (value = cd.apl_root, true);
        default:
            return false;
    }
}

bool Core::Impl::write_msr(uint32_t index, uint64_t value) {
    settle();
    CodomsState& cd = s.cd;
    if (domain_register(index) && !has_domains()) return false;
    if (index >= X2APIC_FIRST && index <= X2APIC_LAST) {
        self.synchronise();  // a message is seen by the others from here on
        return apic.write(index, value, to_reference(counters.cycles));
    }
    switch (index) {
        case TSC:
            return tsc_offset = value - to_reference(counters.cycles), true;
        case APIC_BASE:
            return value == (apic_base & ~(id == 0 ? 0ull : 1ull << 8));
        case PAT:
            return memory_types_valid(value) && (s.pat = value, true);
        case TSC_DEADLINE:
            if (value != 0)
                value =
                    value <= tsc() ? std::max<Cycles>(to_reference(counters.cycles), 1) : value - tsc_offset;
            return apic.write_deadline(value, to_reference(counters.cycles));
        case EFER:
            if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX)) return false;
            if ((value ^ s.efer) & EFER_LME) return false;  // paging is on: long mode stays
            s.efer = (value & ~EFER_LMA) | (s.efer & EFER_LMA);
            return true;
        case STAR:
            return s.star = value, true;
        case LSTAR:
            return set_canonical(s.lstar, value);
        case CSTAR:
            return set_canonical(s.cstar, value);
        case SFMASK:
            return value >> 32 == 0 && (s.sfmask = value, true);
        case FS_BASE:
            return set_canonical(s.fs.base, value);
        case GS_BASE:
            return set_canonical(s.gs.base, value);
        case KERNEL_GS_BASE:
            return set_canonical(s.kernel_gs_base, value);
        case TSC_AUX:
            return value >> 32 == 0 && (s.tsc_aux = value, true);
        case STILE_MSR_CD_CTL:
            return value <= 1 && (cd.control = value, true);
        case STILE_MSR_CD_FAULT_FROM:
            return value <= 0xffff && (cd.fault_from = static_cast<uint16_t>(value), true);
        case STILE_MSR_CD_FAULT_TO:
            return value <= 0xffff && (cd.fault_to = static_cast<uint16_t>(value), true);
        case STILE_MSR_CD_FAULT_RIGHT:
            return value <= 0xffff && (cd.fault_right = static_cast<uint32_t>(value), true);
        case STILE_MSR_CD_FAULT_RIP:
            return cd.fault_rip = value, true;
        case STILE_MSR_CD_LATCH:
            if (value >> 16 > STILE_XFER_PRIVILEGED_RET) return false;
            cd.saved_latch.tag = static_cast<uint16_t>(value);
            cd.saved_latch.kind = static_cast<uint8_t>(value >> 16);
            return true;
        case STILE_MSR_CD_LATCH_RET:
            return cd.saved_latch.return_address = value, true;
        case STILE_MSR_CD_APL_ROOT:
            if (!walks_apls() || (value & ~(pte::address | STILE_APL_ROOT_ON))) return false;
            return cd.apl_root = value, true;
        default:
            return false;
    }
}

// Leaving long mode or paging is not possible on this machine.
bool Core::Impl::write_cr(unsigned n, uint64_t value) {
    switch (n) {
        case 0:
            if (value & ~CR0_KNOWN || !(value & CR0_PE) || !(value & CR0_PAGING)) return false;
            if ((value & CR0_NW) && !(value & CR0_CD)) return false;
            s.cr0 = value | CR0_ET;
            return true;
        case 2:
            return s.cr2 = value, true;
        case 3: {
            if (value & ~(pte::address | 0xfff | cr::CR3_NO_FLUSH)) return false;
            if ((value & cr::CR3_NO_FLUSH) && !(s.cr4 & CR4_PCID)) return false;
            if ((value ^ s.cr3) & pte::address) ++counters.page_table_switches;
            mmu_unit.load_cr3(value);
            if (active) active->load_cr3(value);
            return true;
        }
        case 4:
            if (value & ~(CR4_KNOWN | (has_keys() ? uint64_t{CR4_PROTECTION_KEYS} : 0)) || !(value & CR4_PAE))
                return false;
            if ((value & ~s.cr4 & CR4_PCID) && (s.cr3 & 0xfff)) return false;
            if ((value ^ s.cr4) & (CR4_GLOBAL | CR4_PCID | CR4_SMEP_BIT) && active) active->flush_tlbs();
            s.cr4 = value;
            return true;
        case 8:
            if (value >> 4) return false;
            apic.set_task_priority(value << 4);
            return true;
        default:
            return false;
    }
}

}  // namespace stile::model
