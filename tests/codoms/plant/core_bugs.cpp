// SPDX-License-Identifier: Apache-2.0
//
// Mistakes in the core around the unit: handlers of instructions, links between blocks, other cores.
#include <set>

#include "model/core/exec/chain.h"
#include "tests/codoms/plant/plant.h"

namespace stile::codoms_fuzz {

using namespace model;

namespace {

void set_handler(Uop& u, Handler handler) { u.handler = reinterpret_cast<const void*>(handler); }

bool stopped;
Next stop(Exec&, const Uop*) {
    stopped = true;
    return nullptr;
}

// What really executes the micro-op. True: it is done and has not ended its block; else `result` is what its
// handler is to return.
bool alone(Exec& x, const Uop* u, Next& result) {
    const Handler handler = handlers(impl_of(x).mode()).select(*u);
    Uop pair[2] = {*u, *u};
    set_handler(pair[1], stop);
    stopped = false;
    const Next to = handler(x, pair);
    if (x.at == pair) x.at = u;
    if (x.storing == pair) x.storing = u;
    if (stopped || to == pair + 1) return true;
    result = to;
    return false;
}

Next as_usual(Exec& x, const Uop* u) {
    Next out;
    return alone(x, u, out) ? next_unwound(u) : out;
}

template <Op... ops>
std::function<void(Machine&)> replace(Handler handler) {
    return [handler](Machine& machine) {
        for (unsigned i = 0; i < machine.cores(); ++i)
            machine.core(i).impl().translated = [handler](Block& b) {
                for (Uop& u : b.code.uops)
                    if (((u.op == ops) || ...)) set_handler(u, handler);
            };
    };
}

Codoms& unit(Exec& x) { return static_cast<Codoms&>(*impl_of(x).protection); }

// The registers change, what was remembered of them does not.
Next clear_quietly(Exec& x, const Uop* u) {
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i)
        if (u->imm >> i & 1) x.s.cd.caps[i] = {};
    return next_unwound(u);
}

Next move_quietly(Exec& x, const Uop* u) {
    x.s.cd.caps[u->imm & 7] = x.s.cd.caps[u->imm >> 8 & 7];
    return next_unwound(u);
}

Next restore_but_one(Exec& x, const Uop* u) {
    const stile_cap kept = x.s.cd.caps[5];
    const Next out = as_usual(x, u);
    if (x.exit != Exit::fault) x.s.cd.caps[5] = kept;
    return out;
}

Next restore_without_depth(Exec& x, const Uop* u) {
    const uint64_t kept = x.s.cd.depth;
    const Next out = as_usual(x, u);
    if (x.exit != Exit::fault) x.s.cd.depth = kept;
    return out;
}

Next without_storage_bit(Exec& x, const Uop* u) {
    unit(x).checks.cap_page = false;
    const Next out = as_usual(x, u);
    unit(x).checks.cap_page = true;
    return out;
}

Next push_one_more(Exec& x, const Uop* u) {
    x.s.cd.dcs_limit += 32;
    const Next out = as_usual(x, u);
    x.s.cd.dcs_limit -= 32;
    return out;
}

Next forget_invlpg(Exec& x, const Uop* u) { return leave_serial(x, u); }

// Where control once went from here it goes without being asked.
std::set<std::pair<uint64_t, uint64_t>> gone;
Next jump_unasked(Exec& x, const Uop* u) {
    const Next out = as_usual(x, u);
    if (out || x.s.cpl != 3 || x.exit == Exit::fault) return out;
    PageAttributes page;
    if (!gone.insert({x.s.r[isa::PCBASE], x.target}).second && x.mmu->probe(x.target, page) &&
        page.executable && page.user)
        x.s.cd.latch.tag = page.tag;
    return out;
}

// Each core watches for itself what others store.
void watch_alone(Machine& machine) {
    for (unsigned i = 0; i < machine.cores(); ++i) machine.core(i).impl().complex = nullptr;
}

}  // namespace

const std::vector<Bug>& core_bugs() {
    static const std::vector<Bug> bugs{
        {"ClearedRegisterStillAllows", "cd.capclr leaves what was remembered", nullptr,
         replace<Op::cd_capclr>(clear_quietly)},
        {"OverwrittenRegisterStillAllows", "cd.capmov leaves what was remembered", nullptr,
         replace<Op::cd_capmov>(move_quietly)},
        {"RestoreForgetsARegister", "cd.restore loads seven", nullptr,
         replace<Op::cd_restore>(restore_but_one)},
        {"RestoreForgetsTheDepth", "cd.restore leaves the depth", nullptr,
         replace<Op::cd_restore>(restore_without_depth)},
        {"StringStoresIgnoreCapabilityStorage", "stos and movs", nullptr,
         replace<Op::stos, Op::movs>(without_storage_bit)},
        {"PushBeyondTheLimit", "cd.cappush, off by one", nullptr, replace<Op::cd_cappush>(push_one_more)},
        {"RetagIsNotSeen", "invlpg leaves what was remembered", nullptr, replace<Op::invlpg>(forget_invlpg)},
        {"LinkedJumpIsNotChecked", "a jump that crossed once crosses for ever", nullptr,
         [](Machine& machine) {
             gone.clear();
             replace<Op::jmp, Op::jmp_r>(jump_unasked)(machine);
         }},
        {"RevocationStaysOnItsCore", "other cores' watches are not told", nullptr, watch_alone, 2},
    };
    return bugs;
}

}  // namespace stile::codoms_fuzz
