// SPDX-License-Identifier: Apache-2.0
#include "model/protection/codoms.h"

#include <algorithm>

#include "model/checkpoint/archive.h"
#include "model/protection/capability.h"

namespace stile::model {

namespace {

bool aligned_entry(uint64_t vaddr) { return vaddr % STILE_ENTRY_ALIGN == 0; }

}  // namespace

Codoms::Codoms(const AplCacheConfig& config, const CodomsChecks& checks, Counters& counters)
    : checks(checks),
      apl_(config.entries, config.ways, config.replacement),
      can_walk_(config.refill == AplRefill::hardware),
      counters_(counters) {}

void Codoms::refuse(CpuState& s, Fault& fault, uint32_t error, uint64_t address, uint16_t from, uint16_t to,
                    uint32_t needed, uint32_t had) {
    ++counters_.domain_faults;
    domain_fault(s, fault, error, address, from, to, needed, had);
}

void Codoms::miss(CpuState& s, Fault& fault, uint32_t flags, uint64_t address, uint16_t from, const Rights& r,
                  uint32_t needed) {
    count_miss(flags & STILE_CD_FETCH, r.lent);
    missed_ = r.missing;
    missed_from_ = r.partner;
    domain_fault(s, fault, STILE_CD_APL_MISS | flags, address, from, static_cast<uint16_t>(r.missing), needed,
                 0);
}

void Codoms::count_miss(bool transfer, bool lent) {
    ++counters_.apl_misses;
    ++(transfer ? counters_.apl_transfer_misses : counters_.apl_data_misses);
    counters_.apl_capability_misses += lent;
}

Codoms::Looked Codoms::look_up(uint16_t from, uint16_t to) const {
    const int f = apl_.find(from), t = apl_.find(to);
    if (f < 0) return {STILE_RIGHT_NIL, from};
    if (t < 0) return {STILE_RIGHT_NIL, to};
    const uint32_t right = apl_.right(static_cast<unsigned>(f), static_cast<unsigned>(t));
    if (right == AplCache::unknown) return {STILE_RIGHT_NIL, from};
    return {right, -1};
}

// What is known comes first, and only if that does not suffice is anything fetched.
Codoms::Rights Codoms::rights(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes,
                              uint32_t needed, bool transfer) {
    const auto known = [this](uint16_t a, uint16_t b, bool) { return look_up(a, b); };
    const Rights r = collect(s, from, to, vaddr, bytes, known);
    if (transfer) counters_.apl_transfer_lookups += r.lookups;
    if (r.best() >= needed || r.missing < 0 || !(can_walk_ && (s.cd.apl_root & STILE_APL_ROOT_ON))) return r;
    // One by one until it suffices. Each answer is used at once: a small cache may not hold it until the end.
    const auto fetched = [&](uint16_t a, uint16_t b, bool lent) {
        const Looked found = look_up(a, b);
        if (found.missing < 0) return found;
        count_miss(transfer, lent);
        return Looked{fetch_right(s, a, b, vaddr), -1};
    };
    return collect(s, from, to, vaddr, bytes, fetched, needed);
}

// Capability registers are matched beside the APL cache. A capability lends what its origin may do, so that
// its right may miss, too. `look(a, b, lent)` gives the right of a over b; no more is asked than is `enough`.
template <class Look>
Codoms::Rights Codoms::collect(const CpuState& s, uint16_t from, uint16_t to, uint64_t vaddr, unsigned bytes,
                               Look look, uint32_t enough) {
    Rights r;
    r.lookups = 1;
    const Looked own = look(from, to, false);
    r.apl = own.right;
    if (own.missing >= 0) {
        r.missing = own.missing;
        r.partner = own.missing == from ? to : from;
    }
    const uint64_t page = vaddr & ~uint64_t{4095};
    for (unsigned i = 0; i < STILE_CAP_REGS && r.best() < enough; ++i) {
        const stile_cap& c = s.cd.caps[i];
        if (!covers(c, vaddr, bytes) || !live(s, i, vaddr)) continue;
        uint32_t right = right_of(c);
        if (const uint16_t origin = origin_of(c); origin != to && checks.cap_origin) {
            ++r.lookups;
            const Looked lent = look(origin, to, true);
            if (lent.missing >= 0) {
                if (r.missing < 0) {
                    r.missing = lent.missing;
                    r.partner = lent.missing == origin ? to : origin;
                    r.lent = true;
                }
                continue;
            }
            right = std::min(right, lent.right);
        }
        if (right > r.part) {
            r.part = right;
            r.part_by = i;
        }
        if (covers(c, page, 4096)) r.whole = std::max(r.whole, right);
    }
    return r;
}

// Not empty, and its counter, if it names one, still says so (docs/codoms.md, 6).
bool Codoms::live(const CpuState& s, unsigned i, uint64_t vaddr) {
    const stile_cap& c = s.cd.caps[i];
    if (type_of(c) == STILE_CAP_EMPTY) return false;
    if (c.counter == 0 || !checks.counter) return true;
    return revocation && revocation->stands(i, c, !checks.cap_page, vaddr);
}

Verdict Codoms::data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                     Access access, Fault& fault) {
    if (!(s.cd.control & 1) || (s.cpl == 0 && !checks.deputy)) return Verdict::allow_page;
    const bool write = access == Access::write || access == Access::cap_write;
    const bool capability = access == Access::cap_read || access == Access::cap_write;
    const uint32_t needed = write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ;
    const uint32_t flags = (write ? STILE_CD_WRITE : 0) | (s.cpl == 0 ? STILE_CD_RING0 : 0);
    if (checks.cap_page && capability != page.cap_storage) {
        refuse(s, fault, STILE_CD_CAP_PAGE | flags, vaddr, from, page.tag, needed, STILE_RIGHT_NIL);
        return Verdict::refuse;
    }
    if (from == page.tag || !checks.data) return Verdict::allow_page;
    const Rights r = rights(s, from, page.tag, vaddr, bytes, needed, false);
    if (r.apl >= needed) return Verdict::allow_page;
    if (r.part >= needed) {
        ++counters_.capability_data;
        if (r.whole >= needed) return Verdict::allow_page_by_cap;
        const stile_cap& c = s.cd.caps[r.part_by];
        allowed_from = c.base;
        allowed_to = c.length > ~c.base ? ~uint64_t{0} : c.base + c.length;
        return Verdict::allow_range;
    }
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
    const uint32_t needed = aligned_entry(vaddr) || !checks.align ? STILE_RIGHT_CALL : STILE_RIGHT_READ;
    const Rights r = rights(s, from, to, vaddr, 1, needed, true);
    const uint32_t had = r.best();
    if (had >= needed) {
        counters_.capability_fetch += r.apl < needed;
        return true;
    }
    s.cd.fault_rip = from_rip;
    if (r.missing >= 0)
        miss(s, fault, STILE_CD_FETCH, vaddr, from, r, STILE_RIGHT_CALL);
    else if (had == STILE_RIGHT_CALL)
        refuse(s, fault, STILE_CD_ALIGN | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_READ, had);
    else
        refuse(s, fault, STILE_CD_RIGHT | STILE_CD_FETCH, vaddr, from, to, STILE_RIGHT_CALL, had);
    return false;
}

bool Codoms::refuse_crossing(CpuState& s, Fault& fault, uint32_t reason, uint16_t to, uint64_t vaddr) {
    refuse(s, fault, reason | STILE_CD_FETCH, vaddr, s.cd.latch.tag, to, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    return false;
}

bool Codoms::push_return(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault) {
    auto& cd = s.cd;
    if (!dcs_has_room(cd, checks.dcs) || cd.depth >= STILE_MAX_DEPTH)
        return refuse_crossing(s, fault, STILE_CD_DCS_BOUNDS, to, vaddr);
    const stile_cap entry = return_capability(cd.latch.return_address, cd.latch.tag, cd.depth);
    if (!dcs.push(cd.dcs_ptr, entry, STILE_CD_FETCH, !checks.cap_page, fault)) {
        counters_.domain_faults += fault.vector == STILE_VEC_DOMAIN;
        return false;
    }
    cd.dcs_ptr += STILE_DCS_ENTRY;
    ++cd.depth;
    return true;
}

// A return into `to`: only where the newest return capability points, whatever the APL says. Without the rule
// whatever is wrong is allowed and uses nothing up.
bool Codoms::leave(CpuState& s, uint16_t to, uint64_t vaddr, DcsMemory& dcs, Fault& fault) {
    auto& cd = s.cd;
    if (!dcs_has_entry(cd, checks.dcs))
        return !checks.ret || refuse_crossing(s, fault, STILE_CD_DCS_BOUNDS, to, vaddr);
    stile_cap entry;
    if (!dcs.read(cd.dcs_ptr - STILE_DCS_ENTRY, entry, STILE_CD_FETCH, !checks.cap_page, fault)) {
        if (!checks.ret) return true;
        counters_.domain_faults += fault.vector == STILE_VEC_DOMAIN;
        return false;
    }
    if (type_of(entry) != STILE_CAP_RETURN || entry.base != vaddr || origin_of(entry) != to)
        return !checks.ret || refuse_crossing(s, fault, STILE_CD_RETURN, to, vaddr);
    cd.dcs_ptr -= STILE_DCS_ENTRY;
    end_activation(s, depth_of(entry));
    return true;
}

// What an activation made for itself, or was lent by those it called, dies with it.
void Codoms::end_activation(CpuState& s, uint64_t depth) {
    s.cd.depth = depth;
    if (!checks.frame) return;
    for (stile_cap& c : s.cd.caps) {
        if (type_of(c) != STILE_CAP_SYNC || depth_of(c) <= depth) continue;
        c = {};
        capabilities_stale = true;
        ++counters_.capability_deaths;
    }
}

bool Codoms::arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip,
                    DcsMemory& dcs, Fault& fault) {
    auto& latch = s.cd.latch;
    if (s.cpl == 0) return true;
    const bool returns = latch.kind == STILE_XFER_RET || latch.kind == STILE_XFER_PRIVILEGED_RET;
    if ((s.cd.control & 1) && (latch.tag != page.tag || latch.kind == STILE_XFER_PRIVILEGED_RET)) {
        if (returns) {
            if (!leave(s, page.tag, vaddr, dcs, fault)) {
                s.cd.fault_rip = from_rip;
                return false;
            }
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
        ++(returns                         ? counters_.crossing_returns
           : latch.kind == STILE_XFER_CALL ? counters_.crossing_calls
                                           : counters_.crossing_jumps);
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
    seen_ = true;
    const uint64_t evictions = apl_.evictions();
    if (apl_.fill(record)) stale = true;
    ++counters_.apl_fills;
    counters_.apl_evictions += apl_.evictions() - evictions;
}

void Codoms::apl_invalidate(int64_t tag) {
    unsigned dropped = 0;
    if (tag < 0)
        dropped = apl_.invalidate_all();
    else if (tag <= 0xffff)
        dropped = apl_.invalidate(static_cast<uint16_t>(tag));
    counters_.apl_invalidations += dropped;
    if (dropped != 0) stale = true;
}

// The other tag of the pair that missed is kept: without it the retried access would miss again.
int64_t Codoms::apl_victim() {
    seen_ = true;
    return apl_.victim(static_cast<uint16_t>(missed_), missed_from_, -1);
}

// A cache that nobody has seen is as it was made.
void Codoms::archive(StateArchive& a) {
    a(missed_, missed_from_, seen_);
    if (seen_) a(apl_);
}

}  // namespace stile::model
