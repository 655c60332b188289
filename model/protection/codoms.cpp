// SPDX-License-Identifier: Apache-2.0
#include "model/protection/codoms.h"

#include <algorithm>

#include "model/protection/capability.h"

namespace stile::model {

namespace {

bool aligned_entry(uint64_t vaddr) { return vaddr % STILE_ENTRY_ALIGN == 0; }

}  // namespace

Codoms::Codoms(const AplCacheConfig& config, Counters& counters)
    : apl_(config.entries, config.ways), counters_(counters) {}

void Codoms::refuse(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
                    uint32_t needed, uint32_t had) {
    ++counters_.domain_faults;
    domain_fault(s, fault, error, address, from, to, needed, had);
}

void Codoms::miss(CpuState& s, Fault& fault, uint32_t flags, uint64_t address, uint16_t from,
                  const Rights& r, uint32_t needed) {
    ++counters_.apl_misses;
    missed_ = r.missing;
    missed_from_ = r.partner;
    domain_fault(s, fault, STILE_CD_APL_MISS | flags, address, from, static_cast<uint16_t>(r.missing), needed,
                 0);
}

Codoms::Looked Codoms::look_up(uint16_t from, uint16_t to) {
    ++counters_.apl_lookups;
    const int f = apl_.find(from), t = apl_.find(to);
    if (f < 0) return {STILE_RIGHT_NIL, from};
    if (t < 0) return {STILE_RIGHT_NIL, to};
    return {apl_.right(static_cast<unsigned>(f), static_cast<unsigned>(t)), -1};
}

// Capability registers are matched beside the APL cache. A capability lends what its origin may do, so that
// its right may miss, too.
Codoms::Rights Codoms::rights(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes) {
    Rights r;
    const Looked own = look_up(from, to);
    r.apl = own.right;
    if (own.missing >= 0) {
        r.missing = own.missing;
        r.partner = own.missing == from ? to : from;
    }
    const uint64_t page = vaddr & ~uint64_t{4095};
    for (const stile_cap& c : s.cd.caps) {
        if (type_of(c) == STILE_CAP_EMPTY || !covers(c, vaddr, bytes)) continue;
        uint32_t right = right_of(c);
        if (const uint16_t origin = origin_of(c); origin != to) {
            const Looked lent = look_up(origin, to);
            if (lent.missing >= 0) {
                if (r.missing < 0) {
                    r.missing = lent.missing;
                    r.partner = lent.missing == origin ? to : origin;
                }
                continue;
            }
            right = std::min(right, lent.right);
        }
        r.part = std::max(r.part, right);
        if (covers(c, page, 4096)) r.whole = std::max(r.whole, right);
    }
    return r;
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
    const Rights r = rights(s, from, page.tag, vaddr, bytes);
    if (r.apl >= needed) return Verdict::allow_page;
    if (r.whole >= needed) return Verdict::allow_page_by_cap;
    if (r.part >= needed) return Verdict::allow_once;
    if (r.missing >= 0)
        miss(s, fault, flags, vaddr, from, r, needed);
    else
        refuse(s, fault, STILE_CD_RIGHT | flags, vaddr, from, page.tag, needed, r.best());
    return Verdict::refuse;
}

// Jump, call or fall-through from latch.tag to vaddr in `to`.
bool Codoms::enter(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, Fault& fault) {
    if (!checks.transfer) return true;
    const uint16_t from = s.cd.latch.tag;
    const Rights r = rights(s, from, to, vaddr, 1);
    const uint32_t had = r.best();
    if (had >= STILE_RIGHT_READ || (had == STILE_RIGHT_CALL && (aligned_entry(vaddr) || !checks.align)))
        return true;
    s.cd.fault_rip = from_rip;
    if (r.missing >= 0)
        miss(s, fault, STILE_CD_FETCH, vaddr, from, r, STILE_RIGHT_CALL);
    else if (had == STILE_RIGHT_CALL)
        refuse(s, fault, STILE_CD_ALIGN | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_READ, had);
    else
        refuse(s, fault, STILE_CD_RIGHT | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_CALL, had);
    return false;
}

bool Codoms::push_return(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault) {
    auto& cd = s.cd;
    const uint64_t top = cd.dcs_ptr, size = STILE_DCS_ENTRY;
    const bool inside = top >= cd.dcs_base && top <= cd.dcs_limit && cd.dcs_limit - top >= size &&
                        top % size == 0 && cd.depth < STILE_MAX_DEPTH;
    if (!inside) {
        if (!checks.dcs && (top % size != 0 || cd.depth >= STILE_MAX_DEPTH)) return true;  // nowhere to put it
        if (checks.dcs) {
            refuse(s, fault, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
                   STILE_RIGHT_CALL);
            return false;
        }
    }
    const stile_cap entry = return_capability(cd.latch.return_address, cd.latch.tag, cd.depth);
    if (!dcs.push(top, entry, !checks.cap_page, fault)) {
        if (fault.vector == STILE_VEC_DOMAIN) ++counters_.domain_faults;
        return false;
    }
    cd.dcs_ptr = top + size;
    ++cd.depth;
    return true;
}

// A return into `to`: only where the newest return capability points, whatever the APL says.
bool Codoms::leave(CpuState& s, uint16_t to, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                   Fault& fault) {
    auto& cd = s.cd;
    const uint64_t size = STILE_DCS_ENTRY;
    const bool inside = cd.dcs_ptr >= cd.dcs_base && cd.dcs_ptr <= cd.dcs_limit &&
                        cd.dcs_ptr - cd.dcs_base >= size && cd.dcs_ptr % size == 0;
    if (!inside && checks.dcs && checks.ret) {
        cd.fault_rip = from_rip;
        refuse(s, fault, STILE_CD_DCS_BOUNDS | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
               STILE_RIGHT_NIL);
        return false;
    }
    if (!inside && !checks.ret) return true;  // nothing to pop
    stile_cap entry{};
    if (!dcs.read(cd.dcs_ptr - size, entry, !checks.cap_page, fault)) {
        if (fault.vector == STILE_VEC_DOMAIN) ++counters_.domain_faults;
        cd.fault_rip = from_rip;
        return false;
    }
    const bool match = type_of(entry) == STILE_CAP_RETURN && entry.base == vaddr && origin_of(entry) == to;
    if (!match) {
        if (!checks.ret) return true;
        cd.fault_rip = from_rip;
        refuse(s, fault, STILE_CD_RETURN | STILE_CD_FETCH, vaddr, cd.latch.tag, to, STILE_RIGHT_CALL,
               STILE_RIGHT_NIL);
        return false;
    }
    cd.dcs_ptr -= size;
    end_activation(s, depth_of(entry));
    return true;
}

// What an activation made for itself, or was lent by those it called, dies with it.
void Codoms::end_activation(CpuState& s, uint64_t depth) {
    s.cd.depth = depth;
    for (stile_cap& c : s.cd.caps) {
        if (type_of(c) != STILE_CAP_SYNC || depth_of(c) <= depth) continue;
        c = {};
        capabilities_stale = true;
    }
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

// The other tag of the pair that missed is kept: without it the retried access would miss again.
int64_t Codoms::apl_victim() { return apl_.victim(static_cast<uint16_t>(missed_), missed_from_, -1); }

}  // namespace stile::model
