// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/protection/pair.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "model/protection/capability.h"

namespace stile::model::test {

namespace {

using isa::spec::Op;
namespace spec_ns = isa::spec;

}  // namespace

MachineConfig shape(unsigned entries, unsigned ways, AplRefill refill) {
    MachineConfig c = World::make_config(ProtectionKind::codoms, entries, ways);
    c.apl_cache.refill = refill;
    return c;
}

void PairStats::add(const PairStats& o) {
    accesses += o.accesses, allowed += o.allowed, page_faults += o.page_faults, fast += o.fast;
    apl_misses += o.apl_misses, apl_walks += o.apl_walks, for_ever += o.for_ever,
        by_capability += o.by_capability;
    revocations += o.revocations;
    for (unsigned i = 0; i < 16; ++i) reasons[i] += o.reasons[i];
}

// --- the model's side of an access

// Would one access need more domains in a set of the APL cache than that has ways? Then it may miss for ever
// (docs/codoms.md, section 3).
bool Pair::too_many_domains(uint64_t vaddr, unsigned bytes) const {
    std::set<uint16_t> needed{core.ring == 3 ? core.latch.tag : core.saved_latch.tag};
    for (const uint64_t at : {vaddr, vaddr + bytes - 1})
        if (const spec_ns::Page* page = spec.page(core, at)) needed.insert(page->tag);
    for (const stile_cap& c : core.caps)
        if (type_of(c) != STILE_CAP_EMPTY) needed.insert(origin_of(c));
    const unsigned ways = model->config.apl_cache.ways, sets = model->config.apl_cache.entries / ways;
    std::map<unsigned, unsigned> in_set;
    for (const uint16_t tag : needed) ++in_set[tag % sets];
    return std::ranges::any_of(in_set, [&](const auto& e) { return e.second > ways; });
}

// Answers misses as a kernel does.
template <class F>
bool Pair::attempt(uint64_t vaddr, unsigned bytes, F go) {
    model->fault = {};
    for_ever_ = false;
    for (unsigned i = 0; i < 64; ++i) {
        if (go()) return true;
        if (model->reason() != STILE_CD_APL_MISS) return false;
        ++stats.apl_misses;
        model->fill(model->state.cd.fault_to);
        model->fault = {};
    }
    for_ever_ = too_many_domains(vaddr, bytes);
    stats.for_ever += for_ever_;
    if (!for_ever_) model->fault = {STILE_VEC_DOMAIN, true, STILE_CD_APL_MISS, vaddr};
    return false;
}

// As a core fetches: the page, the crossing, and the second page of an instruction that has one.
bool Pair::fetch(uint64_t vaddr, unsigned bytes) {
    FetchPage first, second;
    if (!model->mmu->fetch(vaddr, first, model->fault)) return false;
    if (!model->mmu->arrive(vaddr, first, 0, model->fault)) return false;
    if ((vaddr & ~page_mask) + bytes <= page_bytes) return true;
    if (!model->mmu->fetch((vaddr | ~page_mask) + 1, second, model->fault)) return false;
    return model->protection->straddle(model->state, first.page, second.page, vaddr, model->fault);
}

std::string Pair::agree(const Outcome& expected, bool ok) {
    ++stats.accesses;
    const auto& cd = model->state.cd;
    Outcome got;
    if (!ok) {
        const Fault& f = model->fault;
        got = {.vector = f.vector, .error = f.error, .address = f.address};
        if (f.vector == STILE_VEC_DOMAIN)
            got.from = cd.fault_from, got.to = cd.fault_to, got.needed = cd.fault_right & 0xff,
            got.had = cd.fault_right >> 8;
    }
    ++(got.allowed()          ? stats.allowed
       : got.vector == VEC_PF ? stats.page_faults
                              : stats.reasons[got.reason()]);
    if (got == expected) return {};
    const auto text = [](const Outcome& o) {
        std::ostringstream t;
        t << "vector " << o.vector << std::hex << " error " << o.error << " address " << o.address << " from "
          << o.from << " to " << o.to << " needed " << o.needed << " had " << o.had;
        return t.str();
    };
    return "specification: " + text(expected) + "\nmodel:         " + text(got) + "\n";
}

std::string Pair::access(const Step& s) {
    uint64_t in[8], expected_bytes[8] = {}, bytes[8] = {};
    std::fill(in, in + 8, s.i.r);
    const unsigned fast = model->soft_hits;
    const bool ok = attempt(s.address, s.bytes, [&] {
        if (s.what == What::announce)
            return model->mmu->read(s.address, bytes, s.bytes, model->fault, 0, true);
        if (s.what == What::load)
            return s.bytes <= 8 ? model->load(s.address, bytes[0], s.bytes)
                                : model->mmu->read(s.address, bytes, s.bytes, model->fault, 0);
        return s.bytes <= 8 ? model->store(s.address, in[0], s.bytes)
                            : model->mmu->write(s.address, in, s.bytes, model->fault, 0);
    });
    stats.fast += model->soft_hits - fast;
    if (for_ever_) return {};
    const Outcome expected = s.what == What::announce ? spec_ns::check_store(spec, core, s.address, s.bytes)
                             : s.what == What::load
                                 ? spec_ns::load(spec, core, s.address, s.bytes, expected_bytes)
                                 : spec_ns::store(spec, core, s.address, s.bytes, in);
    std::string wrong = agree(expected, ok);
    if (wrong.empty() && s.what == What::load && ok && std::memcmp(expected_bytes, bytes, s.bytes) != 0)
        wrong = "what was loaded is different\n";
    return wrong;
}

std::string Pair::transfer(const Step& s) {
    if (core.ring == 0) return {};
    const auto kind = static_cast<stile_transfer>(s.i.n);
    const uint64_t back = kind == STILE_XFER_CALL ? s.i.r : 0;
    auto& latch = model->state.cd.latch;
    core.latch.kind = latch.kind = static_cast<uint8_t>(kind);
    core.latch.return_address = latch.return_address = back;
    if (s.i.m) {  // before its first fetch
        enter_ring0();
        save(thread_);
        restore(thread_);
        return_to_ring3(s.address);
    }
    const bool ok = attempt(s.address, s.bytes, [&] { return fetch(s.address, s.bytes); });
    std::string wrong;
    if (!for_ever_) {
        wrong = agree(spec_ns::fetch(spec, core, s.address, s.bytes), ok);
        if (wrong.empty()) wrong = compare_state();
    }
    // What was refused stays pending; here the kernel calls it off.
    core.latch.kind = latch.kind = STILE_XFER_SEQ;
    core.latch.return_address = latch.return_address = 0;
    model->mmu->context_changed();
    return wrong;
}

// Instructions on registers alone are the core's, and done here by the specification; what they do to memory
// is asked of both.
std::string Pair::execute(const Step& s) {
    const spec_ns::Instruction& i = s.i;
    const spec_ns::Core before = core;
    const spec_ns::Page* page = spec.page(core, i.address);
    const uint64_t cell = page ? page->frame * page_bytes + i.address % page_bytes / 32 * 32 : 0;
    stile_cap cell_before{};
    if (page) spec.peek(cell, &cell_before, sizeof cell_before);
    const Outcome expected = spec_ns::execute(spec, core, i);
    auto& cd = model->state.cd;
    const bool type_fault = expected.reason() == STILE_CD_CAP_TYPE;
    if (expected.vector == VEC_GP || expected.reason() == STILE_CD_DCS_BOUNDS) return {};
    stile_cap c{};
    bool ok = true, in_capability = false;
    const auto ask = [&](auto go) { ok = attempt(i.address, 8, go); };
    switch (i.op) {
        case Op::capasy:
            if (type_fault) return {};
            ask([&] { return model->mmu->read_capability(i.address, &c, 8, model->fault, 0); });
            break;
        case Op::capld:
            ask([&] { return model->mmu->read_capability(i.address, &c, 32, model->fault, 0); });
            break;
        case Op::capst:
            if (type_fault) return {};
            c = cd.caps[i.n];
            ask([&] { return model->mmu->write_capability(i.address, &c, 32, model->fault, 0); });
            break;
        case Op::caprev:
            ask([&] {
                return model->mmu->revoke(i.address, model->config.codoms_checks.cap_type, model->fault, 0,
                                          in_capability);
            });
            break;
        case Op::cappush:
            ok = model->mmu->push_capability(cd.caps[i.m], !model->config.codoms_checks.cap_page,
                                             model->fault, 0);
            if (ok) cd.dcs_ptr += STILE_DCS_ENTRY;
            break;
        case Op::cappop:
            ok = model->mmu->read_top_capability(c, !model->config.codoms_checks.cap_page, model->fault, 0);
            if (ok && !type_fault) cd.dcs_ptr -= STILE_DCS_ENTRY;
            break;
        default:
            copy_registers();
            return {};
    }
    if (for_ever_) {  // nothing has happened
        core = before;
        if (page) spec.poke(cell, &cell_before, sizeof cell_before);
        return {};
    }
    // The memory was fine, and the type or the counter's value was not.
    const bool later = type_fault || expected.reason() == STILE_CD_CAP_RANGE;
    std::string wrong = agree(later ? Outcome{} : expected, ok);
    if (i.op == Op::caprev && ok && in_capability != type_fault)
        wrong = "one of them counts in a capability\n";
    if ((i.op == Op::capld || i.op == Op::cappop) && ok && expected.allowed()) {
        const unsigned k = i.op == Op::capld ? i.n : i.m;
        if (type_of(c) == STILE_CAP_EMPTY) c = {};
        if (std::memcmp(&c, &core.caps[k], sizeof c) != 0) wrong = "what was loaded is different\n";
    }
    stats.revocations += i.op == Op::caprev && expected.allowed();
    copy_registers();
    return wrong;
}

void Pair::copy_registers() {
    for (unsigned k = 0; k < STILE_CAP_REGS; ++k)
        if (std::memcmp(&core.caps[k], &model->state.cd.caps[k], sizeof(stile_cap)) != 0)
            model->mmu->set_capability(k, core.caps[k]);
}

std::string Pair::compare_state() const {
    const auto& cd = model->state.cd;
    std::ostringstream o;
    const auto same = [&](const char* what, uint64_t expected, uint64_t got) {
        if (expected != got)
            o << what << ": specification " << std::hex << expected << ", model " << got << "\n";
    };
    same("latch tag", core.latch.tag, cd.latch.tag);
    same("latch kind", core.latch.kind, cd.latch.kind);
    same("latch return address", core.latch.return_address, cd.latch.return_address);
    same("DCS pointer", core.dcs_ptr, cd.dcs_ptr);
    same("depth", core.depth, cd.depth);
    for (unsigned k = 0; k < STILE_CAP_REGS; ++k)
        if (std::memcmp(&core.caps[k], &cd.caps[k], sizeof(stile_cap)) != 0)
            same("capability register", core.caps[k].word, cd.caps[k].word);
    return o.str();
}

uint64_t Pair::walks() const {
    uint64_t n = 0;
    for (const auto& w : worlds_) n += w->counters.apl_walks;
    return n;
}

uint64_t Pair::by_capability() const {
    uint64_t n = 0;
    for (const auto& w : worlds_) n += w->counters.capability_data + w->counters.capability_fetch;
    return n;
}

std::string Pair::compare_memory() {
    for (uint64_t at = 0; at < (n_pages + n_threads) * page_bytes; at += 8) {
        uint64_t expected;
        spec.peek(frame0_ + at, &expected, 8);
        if (expected != model->entry(frame0_ + at))
            return "memory differs in frame " + std::to_string(at / page_bytes) + "\n";
    }
    return {};
}

std::string Pair::apply(const Step& s) {
    for_ever_ = false;
    switch (s.what) {
        case What::load:
        case What::store:
        case What::announce:
            return access(s);
        case What::transfer:
            return transfer(s);
        case What::execute:
            return execute(s);
        case What::ring:
            if (core.ring != s.i.n) s.i.n == 0 ? enter_ring0() : return_to_ring3(first_page);
            return compare_state();
        case What::grant:
            grant(static_cast<uint16_t>(s.i.n), static_cast<uint16_t>(s.i.m), s.i.imm);
            return {};
        case What::map:
            map(s);
            return {};
        case What::evict:
            model->protection->apl_invalidate(s.i.m ? -1 : static_cast<int64_t>(s.i.n));
            model->mmu->context_changed();
            return {};
        case What::core:
            run_core(s.i.n % n_cores);
            return compare_state();
        case What::stack:
            set_stack(s);
            return {};
        case What::wp:
            set_write_protect(s.i.n != 0);
            return {};
        case What::thread:
        case What::space:
        case What::poke:
        case What::forge:
            break;
        case What::count:
            return {};
    }
    // The kernel's doing, whatever the ring.
    const bool user = core.ring == 3;
    if (user) enter_ring0();
    std::string wrong;
    if (s.what == What::thread) {
        save(thread_);
        thread_ = running_ * threads_per_core + s.i.n % threads_per_core;
        restore(thread_);
    } else if (s.what == What::space) {
        core.space = s.i.n % n_spaces;
        model->mmu->load_cr3(root_[core.space] | (s.i.m ? uint64_t{0} : uint64_t{cr::CR3_NO_FLUSH}));
    } else if (s.what == What::forge) {
        const uint64_t word = s.i.imm | uint64_t{STILE_CAP_WORD(s.i.n, 0, s.i.m, STILE_CAP_ASYNC)} << 32;
        for (const auto& [at, value] : {std::pair{0u, s.i.r}, {8u, s.i.rcx}, {16u, s.i.address}, {24u, word}})
            wrong += access({.what = What::store, .address = s.address + at, .bytes = 8, .i = {.r = value}});
    } else {
        wrong = access({.what = What::store, .address = s.address, .bytes = 8, .i = {.r = s.i.r}});
    }
    if (user) return_to_ring3(first_page);
    return wrong.empty() ? compare_state() : wrong;
}

}  // namespace stile::model::test
