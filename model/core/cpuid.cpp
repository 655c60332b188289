// SPDX-License-Identifier: Apache-2.0
//
// What the processor says of itself: what is implemented and nothing else, caches and TLBs as configured.
#include "model/core/cpuid.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/core/core_impl.h"
#include "model/core/page_walker.h"

namespace stile::model {

namespace {

constexpr char vendor[] = "StileStileSt";
constexpr char brand[48] = "Stile x86-64 processor";
constexpr uint32_t max_basic = 0x15, max_extended = 0x80000008;
constexpr uint32_t signature = 0x000306a9;  // family 6, model 58: the Ivy Bridge whose sizes are the default

constexpr uint32_t bit(unsigned n) { return 1u << n; }

// Leaf 4: one sub-leaf per cache.
bool cache_leaf(const CacheConfig& c, unsigned type, unsigned level, uint32_t out[4]) {
    if (c.size == 0) return false;
    const uint64_t sets = c.size / (static_cast<uint64_t>(c.ways) * c.line);
    out[0] = type | level << 5 | bit(8);
    out[1] = (c.line - 1) | (c.ways - 1) << 22;
    out[2] = static_cast<uint32_t>(sets - 1);
    out[3] = 0;
    return true;
}

// Leaf 0xB: threads of a core (one), cores of the package (all).
void topology_leaf(unsigned cores, unsigned id, uint32_t subleaf, uint32_t out[4]) {
    out[2] = subleaf & 0xff;
    out[3] = id;
    if (subleaf > 1) return;
    out[0] = subleaf == 0 ? 0 : static_cast<uint32_t>(std::bit_width(cores - 1));
    out[1] = subleaf == 0 ? 1 : cores;
    out[2] |= (subleaf + 1) << 8;
}

void words(uint32_t out[4], const char* text, unsigned order[3]) {
    for (unsigned i = 0; i < 3; ++i) std::memcpy(&out[order[i]], text + 4 * i, 4);
}

bool has_domains(const MachineConfig& config) {
    return config.protection == ProtectionKind::codoms || config.protection == ProtectionKind::none;
}

bool walks_apls(const MachineConfig& config) {
    return config.protection == ProtectionKind::codoms && config.apl_cache.refill == AplRefill::hardware;
}

}  // namespace

CpuidQuestion plain_question(const MachineConfig& config, uint32_t leaf, uint32_t subleaf) {
    if (leaf >= 0x80000000 && leaf > max_extended) leaf = max_basic;
    if (leaf > max_basic && leaf < 0x80000000 && !(leaf == STILE_CPUID_LEAF && has_domains(config)))
        leaf = max_basic;
    switch (leaf) {
        case 4:
        case STILE_CPUID_LEAF:
            return {leaf, std::min(subleaf, 4u)};  // the first that is empty
        case 7:
            return {leaf, std::min(subleaf, 1u)};
        case 0xb:
            return {leaf, std::min(subleaf, 2u)};
        default:
            return {leaf, 0};
    }
}

void cpuid_answer(const MachineConfig& config, unsigned id, bool keys_on, uint32_t leaf, uint32_t subleaf,
                  uint32_t out[4]) {
    std::memset(out, 0, 16);
    const bool has_keys = config.protection == ProtectionKind::mpk;
    leaf = plain_question(config, leaf, subleaf).leaf;
    switch (leaf) {
        case 0: {
            unsigned order[3] = {1, 3, 2};
            out[0] = max_basic;
            words(out, vendor, order);
            break;
        }
        case 1:
            out[0] = signature;
            out[1] = id << 24 | config.cores << 16 | 8u << 8;  // CLFLUSH line: 8 quadwords
            out[2] = bit(13) /*CX16*/ | bit(17) /*PCID*/ | bit(21) /*x2APIC*/ | bit(24) /*TSC deadline*/;
            out[3] = bit(0) /*FPU*/ | bit(2) /*DE*/ | bit(3) /*PSE*/ | bit(4) /*TSC*/ | bit(5) /*MSR*/ |
                     bit(6) /*PAE*/ | bit(8) /*CX8*/ | bit(9) /*APIC*/ | bit(13) /*PGE*/ | bit(15) /*CMOV*/ |
                     bit(16) /*PAT*/ | bit(19) /*CLFLUSH*/ | bit(23) /*MMX*/ | bit(24) /*FXSR*/ |
                     bit(25) /*SSE*/ | bit(26) /*SSE2*/;
            break;
        case 4: {
            const CacheConfig* caches[4] = {&config.l1d, &config.l1i, &config.l2, &config.llc};
            static constexpr unsigned types[4] = {1, 2, 3, 3}, levels[4] = {1, 1, 2, 3};
            unsigned seen = 0;
            for (unsigned i = 0; i < 4; ++i)
                if (caches[i]->size != 0 && seen++ == subleaf) {
                    cache_leaf(*caches[i], types[i], levels[i], out);
                    break;
                }
            break;
        }
        case 7:
            if (subleaf != 0) break;
            out[1] = bit(0) /*FSGSBASE*/ | bit(7) /*SMEP*/ | bit(9) /*fast rep movs and stos*/;
            if (has_keys) out[2] = bit(3) /*PKU*/ | (keys_on ? bit(4) /*OSPKE*/ : 0);
            break;
        case 0xb:
            topology_leaf(config.cores, id, subleaf, out);
            break;
        case 0x15:  // TSC runs at n/1 of a crystal whose frequency fits the register
            out[0] = 1;
            out[1] = static_cast<uint32_t>((config.reference_frequency() >> 32) + 1);
            out[2] = static_cast<uint32_t>(config.reference_frequency() / out[1]);
            break;
        case STILE_CPUID_LEAF:
            if (subleaf == 0) {
                unsigned order[3] = {1, 2, 3};
                out[0] = 1;
                words(out, "STILECODOMS1", order);
            } else if (subleaf == 1) {
                out[0] = config.apl_cache.entries;
                out[1] = STILE_CAP_REGS;
                out[2] = STILE_ENTRY_ALIGN;
                out[3] = 16 | (walks_apls(config) ? STILE_CPUID_APL_WALK : 0);
            }
            break;
        case 0x80000000:
            out[0] = max_extended;
            break;
        case 0x80000001:
            out[2] = bit(0) /*LAHF*/;
            out[3] = bit(11) /*syscall*/ | bit(20) /*NX*/ | bit(27) /*RDTSCP*/ | bit(29) /*long mode*/;
            break;
        case 0x80000002:
        case 0x80000003:
        case 0x80000004:
            std::memcpy(out, brand + (leaf - 0x80000002) * 16, 16);
            break;
        case 0x80000007:
            out[3] = bit(8) /*invariant TSC*/;
            break;
        case 0x80000008:
            out[0] = 40 | 48 << 8;
            break;
        default:
            break;
    }
}

void Core::Impl::cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]) {
    cpuid_asked.insert(plain_question(config, leaf, subleaf));
    cpuid_answer(config, id, s.cr4 & cr::CR4_PKE, leaf, subleaf, out);
}

}  // namespace stile::model
