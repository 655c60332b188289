// SPDX-License-Identifier: Apache-2.0
#include "model/protection/codoms.h"

#include <algorithm>

namespace stile::model {

namespace {

bool covers(const stile_cap& c, uint64_t vaddr, uint64_t bytes) {
    return c.right != STILE_RIGHT_NIL && vaddr >= c.base && vaddr - c.base < c.length &&
           bytes <= c.length - (vaddr - c.base);
}

bool aligned_entry(uint64_t vaddr) { return vaddr % STILE_ENTRY_ALIGN == 0; }

}  // namespace

Codoms::Codoms(const AplCacheConfig& config, Counters& counters)
    : apl_(config.entries, config.ways), counters_(counters) {}

void Codoms::refuse(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
                    uint32_t needed, uint32_t had) {
    ++counters_.domain_faults;
    domain_fault(s, fault, error, address, from, to, needed, had);
}

void Codoms::miss(CpuState& s, Fault& fault, uint32_t flags, uint64_t address, uint16_t from, int missing,
                  uint32_t needed) {
    ++counters_.apl_misses;
    missed_ = missing;
    missed_from_ = from;
    domain_fault(s, fault, STILE_CD_APL_MISS | flags, address, from, static_cast<uint16_t>(missing), needed,
                 0);
}

Codoms::Looked Codoms::look_up(uint16_t from, uint16_t to) {
    ++counters_.apl_lookups;
    const int f = apl_.find(from), t = apl_.find(to);
    if (f < 0) return {STILE_RIGHT_NIL, from};
    if (t < 0) return {STILE_RIGHT_NIL, to};
    return {apl_.right(static_cast<unsigned>(f), static_cast<unsigned>(t)), -1};
}

Verdict Codoms::data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                     Access access, Fault& fault) {
    if (!(s.cd.control & 1)) return Verdict::allow_page;
    const bool write = access == Access::write || access == Access::cap_write;
    const bool capability = access == Access::cap_read || access == Access::cap_write;
    const uint32_t needed = write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ;
    const uint32_t flags = (write ? STILE_CD_WRITE : 0) | (s.cpl == 0 ? STILE_CD_RING0 : 0);
    if (checks.cap_page && capability != page.cap_storage) {
        refuse(s, fault, STILE_CD_CAP_PAGE | flags, vaddr, from, page.tag, needed, STILE_RIGHT_NIL);
        return Verdict::refuse;
    }
    if (from == page.tag || !checks.data) return Verdict::allow_page;

    // Capability registers are matched beside the APL cache; a hit there makes the APL's answer, or its
    // absence, irrelevant.
    const uint64_t first = vaddr & ~uint64_t{4095};
    bool once = false;
    uint32_t had = STILE_RIGHT_NIL;
    for (const stile_cap& c : s.cd.caps) {
        if (!covers(c, vaddr, bytes)) continue;
        had = std::max(had, c.right);
        if (c.right < needed) continue;
        if (covers(c, first, 4096)) return Verdict::allow_page_by_cap;
        once = true;
    }
    const Looked apl = look_up(from, page.tag);
    if (apl.missing < 0 && apl.right >= needed) return Verdict::allow_page;
    if (once) return Verdict::allow_once;
    if (apl.missing >= 0) {
        miss(s, fault, flags, vaddr, from, apl.missing, needed);
    } else {
        refuse(s, fault, STILE_CD_RIGHT | flags, vaddr, from, page.tag, needed, std::max(had, apl.right));
    }
    return Verdict::refuse;
}

// Jump, call or fall-through from latch.tag to vaddr in `to`.
bool Codoms::enter(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, Fault& fault) {
    if (!checks.transfer) return true;
    const uint16_t from = s.cd.latch.tag;
    uint32_t had = STILE_RIGHT_NIL;
    for (const stile_cap& c : s.cd.caps)
        if (covers(c, vaddr, 1)) had = std::max(had, c.right);
    const auto enough = [&](uint32_t right) {
        return right >= STILE_RIGHT_READ ||
               (right == STILE_RIGHT_CALL && (aligned_entry(vaddr) || !checks.align));
    };
    if (enough(had)) return true;
    const Looked apl = look_up(from, to);
    if (apl.missing < 0 && enough(apl.right)) return true;
    s.cd.fault_rip = from_rip;
    if (apl.missing >= 0) {
        miss(s, fault, STILE_CD_FETCH, vaddr, from, apl.missing, STILE_RIGHT_CALL);
        return false;
    }
    had = std::max(had, apl.right);
    if (had == STILE_RIGHT_CALL)
        refuse(s, fault, STILE_CD_ALIGN | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_READ, had);
    else
        refuse(s, fault, STILE_CD_RIGHT | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_CALL, had);
    return false;
}

bool Codoms::push_return(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault) {
    auto& cd = s.cd;
    const uint64_t top = cd.dcs_ptr, size = sizeof(stile_dcs_entry);
    const bool inside =
        top >= cd.dcs_base && top <= cd.dcs_limit && cd.dcs_limit - top >= size && top % size == 0;
    if (!inside) {
        if (!checks.dcs && top % size != 0) return true;  // nowhere to put it
        if (checks.dcs) {
            refuse(s, fault, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
                   STILE_RIGHT_CALL);
            return false;
        }
    }
    const stile_dcs_entry entry{cd.latch.return_address, cd.latch.tag};
    if (!dcs.push(top, entry, !checks.cap_page, fault)) {
        if (fault.vector == STILE_VEC_DOMAIN) ++counters_.domain_faults;
        return false;
    }
    cd.dcs_ptr = top + size;
    return true;
}

// A return into `to`: only where the newest return capability points, whatever the APL says.
bool Codoms::leave(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                   Fault& fault) {
    auto& cd = s.cd;
    const uint64_t size = sizeof(stile_dcs_entry);
    const bool inside = cd.dcs_ptr >= cd.dcs_base && cd.dcs_ptr <= cd.dcs_limit &&
                        cd.dcs_ptr - cd.dcs_base >= size && cd.dcs_ptr % size == 0;
    if (!inside && checks.dcs && checks.ret) {
        cd.fault_rip = from_rip;
        refuse(s, fault, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
               STILE_RIGHT_NIL);
        return false;
    }
    if (!inside && !checks.ret) return true;  // nothing to pop
    stile_dcs_entry entry{};
    if (!dcs.read(cd.dcs_ptr - size, entry, !checks.cap_page, fault)) {
        if (fault.vector == STILE_VEC_DOMAIN) ++counters_.domain_faults;
        cd.fault_rip = from_rip;
        return false;
    }
    const bool match = entry.return_address == vaddr && entry.tag == to;
    if (!match) {
        if (!checks.ret) return true;
        cd.fault_rip = from_rip;
        refuse(s, fault, STILE_CD_RETURN | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
               STILE_RIGHT_NIL);
        return false;
    }
    cd.dcs_ptr -= size;
    return true;
}

bool Codoms::arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip,
                    DcsMemory& dcs, Fault& fault) {
    auto& latch = s.cd.latch;
    if (s.cpl == 0) return true;
    if ((s.cd.control & 1) && latch.tag != page.tag) {
        if (latch.kind == STILE_XFER_RET) {
            if (!leave(s, page.tag, vaddr, from_rip, dcs, fault)) return false;
        } else {
            if (!enter(s, page.tag, vaddr, from_rip, fault)) return false;
            if (latch.kind == STILE_XFER_CALL && !push_return(s, page.tag, vaddr, dcs, fault)) {
                s.cd.fault_rip = from_rip;
                return false;
            }
        }
    }
    if (latch.tag != page.tag) {
        ++counters_.domain_crossings;
        // Recency moves here and at fills only: a data access would need a write port of its own for it
        // (ours).
        for (const uint16_t tag : {latch.tag, page.tag})
            if (const int slot = apl_.find(tag); slot >= 0) apl_.touch(static_cast<unsigned>(slot));
    }
    latch = {page.tag, STILE_XFER_SEQ, 0};
    return true;
}

bool Codoms::straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last, uint64_t vaddr,
                      Fault& fault) {
    if (s.cpl == 0 || !(s.cd.control & 1) || first.tag == last.tag || !checks.straddle) return true;
    s.cd.fault_rip = vaddr;
    refuse(s, fault, STILE_CD_STRADDLE | STILE_CD_FETCH, (vaddr | 4095) + 1, first.tag, last.tag,
           STILE_RIGHT_READ, STILE_RIGHT_NIL);
    return false;
}

void Codoms::apl_fill(const stile_apl_record& record) {
    if (apl_.fill(record)) stale = true;
}

void Codoms::apl_invalidate(int64_t tag) {
    if (tag < 0)
        apl_.invalidate_all();
    else if (tag > 0xffff || !apl_.invalidate(static_cast<uint16_t>(tag)))
        return;
    stale = true;
}

// The domain that missed is kept: without it the retried access would miss again.
int64_t Codoms::apl_victim() { return apl_.victim(static_cast<uint16_t>(missed_), missed_from_, -1); }

}  // namespace stile::model
