// SPDX-License-Identifier: Apache-2.0
//
// Bugs between instructions: in translation, fusion, links between blocks, and in what stores to code drop.
#include <memory>

#include "model/core/exec/chain.h"
#include "tests/isa/plant/plant.h"

namespace stile::fuzz {

namespace {

using model::Block;
using model::CoreModel;

// pushf gets the flags from before the instruction ahead of it.
void pushf_reads_early(Block& b) {
    auto& uops = b.code.uops;
    for (size_t i = 1; i < uops.size(); ++i) {
        const isa::OpInfo& before = isa::op_info(uops[i - 1].op);
        if (uops[i].op != Op::rdflags || !before.writes_flags || before.load || before.store) continue;
        std::swap(uops[i - 1], uops[i]);
        std::swap(uops[i - 1].insn, uops[i].insn);
    }
}

// `jb` after a comparison, fused with it, branches as `jl`.
void below_is_less(Uop& u, Block&, const model::HandlerTable& table) {
    if (u.op < Op::cmp_jcc1_rr || u.op > Op::cmp_jcc8_ri || (u.aux != 2 && u.aux != 3)) return;
    Uop wrong = u;
    wrong.aux = static_cast<uint8_t>(u.aux + 10);
    set_handler(u, table.select(wrong));
}

// F0 is skipped where it makes an instruction invalid.
void lock_is_ignored(model::Core::Impl& core, Block& b) {
    if (b.code.straddles || b.code.uops.back().op != Op::ud) return;
    const unsigned offset = b.code.insns.back().offset;
    if (*core.memory.host(b.paddr + offset) != 0xf0) return;
    Uop& u = b.code.uops.back();
    Uop skip = u;
    skip.op = Op::next;
    u.disp = static_cast<int32_t>(offset + 1);
    set_handler(u, model::handlers(core.mode()).select(skip));
}

// Wrong once the block knows where it leads, so never when it runs for the first time.
Next xor_wrong_when_linked(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    const Block* b = model::impl_of(x).block;
    if (b->link[0] || b->link[1]) x.s.r[u->dst] ^= 1ull << 7;
    return model::next_unwound(u);
}

Next load_sign_extends(Exec& x, const Uop* u) {
    Next out;
    if (!alone(x, u, out)) return out;
    x.s.r[u->dst] = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(x.s.r[u->dst])));
    return model::next_unwound(u);
}

// --- Stores to code ----------------------------------------------------------------------------------------
// Stores by the running program go to `wrong`; what the test itself writes is always heard of.
template <void (*wrong)(model::Core::Impl& core, uint64_t paddr, unsigned bytes)>
std::function<void(model::Core::Impl&)> on_code_store() {
    return [](model::Core::Impl& core) {
        core.mmu_unit.on_code_store_arg = &core;
        core.mmu_unit.on_code_store = [](void* self, uint64_t paddr, unsigned bytes) {
            auto& core = *static_cast<model::Core::Impl*>(self);
            core.block ? wrong(core, paddr, bytes) : core.code_stored(paddr, bytes);
        };
    };
}

void unnoticed(model::Core::Impl&, uint64_t, unsigned) {}

// They are, from the next block on: the rest of the running one is executed as it was.
void block_runs_on(model::Core::Impl& core, uint64_t paddr, unsigned bytes) {
    Block* const running = core.block;
    core.block = nullptr;
    core.code_stored(paddr, bytes);
    core.block = running;
}

// Only the first byte of a store counts.
void first_byte_only(model::Core::Impl& core, uint64_t paddr, unsigned) { core.code_stored(paddr, 1); }

// Blocks that led to a dropped one still lead to what that was. In the functional model only: what a timing
// model keeps for a block would be released by nobody.
template <bool far>
void target_survives(model::Core::Impl& core, uint64_t paddr, unsigned bytes) {
    if (core.timed()) return core.code_stored(paddr, bytes);
    struct Lead {
        Block *from, *to;
        unsigned which;
        uint64_t target;
    };
    std::vector<Lead> leads;
    for (unsigned n = 0; n < model::jump_entries; ++n) {
        Block* const from = core.jumps[n].stamp == core.stamp ? core.jumps[n].block : nullptr;
        if (!from) continue;
        if (far && from->far.stamp == core.stamp)
            leads.push_back({from, from->far.block, 0, from->far.target});
        for (unsigned i = 0; !far && i < 2; ++i)
            if (from->link[i]) leads.push_back({from, from->link[i], i, 0});
    }
    core.code_stored(paddr, bytes);
    static std::vector<std::unique_ptr<Block>> ghosts;
    for (const Lead& l : leads) {
        if (!l.to->dead || l.from->dead) continue;
        ghosts.push_back(std::make_unique<Block>(*l.to));
        Block& ghost = *ghosts.back();
        ghost.first = ghost.code.uops.data();
        for (Uop& u : ghost.code.uops) set_handler(u, model::handlers(model::Mode::functional).select(u));
        ghost.link[0] = ghost.link[1] = nullptr;
        ghost.far = {};
        ghost.dead = false;
        if (far)
            l.from->far = {l.target, core.stamp, &ghost};
        else
            l.from->link[l.which] = &ghost;
    }
}

}  // namespace

const std::vector<Bug>& engine_bugs() {
    static const std::vector<Bug> bugs{
        {"PushfReadsOldFlags", "pushf: flags from before the last instruction", "pushf",
         in_every_block(pushf_reads_early)},
        {"FusedBelowIsLess", "cmp and jb in one micro-op: compares with sign", "cmp",
         [](model::Core::Impl& core) {
             core.translated = [&core](Block& b) {
                 for (Uop& u : b.code.uops) below_is_less(u, b, model::handlers(core.mode()));
             };
         }},
        {"LockIsIgnored", "lock where it is not allowed: no #UD", "",
         [](model::Core::Impl& core) { core.translated = [&core](Block& b) { lock_is_ignored(core, b); }; }},
        {"WrongOnlyWhenLinked", "xor r, r: right until its block is linked to another", "xor",
         replace({{Op::xor4_rr, xor_wrong_when_linked}, {Op::xor8_rr, xor_wrong_when_linked}})},
        {"WrongOnlyWhenTimed",
         "mov r32, m32 under a timing model: sign-extended",
         "",
         [](model::Core::Impl& core) {
             core.translated = [&core](Block& b) {
                 for (Uop& u : b.code.uops)
                     if (core.timed() && u.op == Op::ld4) set_handler(u, load_sign_extends);
             };
         },
         {CoreModel::inorder}},
        {"StoreToCodeIsNotSeen", "a store to code leaves the translation", "", on_code_store<unnoticed>()},
        {"BlockRunsOnOverItsOwnStore", "a store into the running block counts from the next one on", "",
         on_code_store<block_runs_on>()},
        {"LinkSurvivesAStoreToCode",
         "a store to code leaves the links to what was there",
         "",
         on_code_store<target_survives<false>>(),
         {CoreModel::functional}},
        {"FarTargetSurvivesAStoreToCode",
         "likewise for what lies on another page",
         "",
         on_code_store<target_survives<true>>(),
         {CoreModel::functional}},
        {"InvlpgIsForgotten", "invlpg leaves the software TLB as it is", "",
         replace({{Op::invlpg, [](Exec& x, const Uop* u) { return model::leave_serial(x, u); }}})},
        {"OnlyTheFirstByteOfACodeStoreCounts", "a store that ends in code does not count", "",
         on_code_store<first_byte_only>()},
    };
    return bugs;
}

}  // namespace stile::fuzz
