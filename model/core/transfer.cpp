// SPDX-License-Identifier: Apache-2.0
//
// Which block comes next. Within a page blocks are linked directly; other targets are remembered by virtual
// address for as long as the MMU's fetch generation stands. A target in another domain is never answered
// from memory: the protection unit is asked at every crossing, because the answer has effects.
#include <algorithm>
#include <cstring>

#include "model/core/core_complex.h"
#include "model/core/core_impl.h"

namespace stile::model {

namespace {

BranchKind branch_kind(Op op) {
    switch (op) {
        case Op::jmp:
            return BranchKind::direct;
        case Op::call:
            return BranchKind::call;
        case Op::jmp_r:
            return BranchKind::indirect;
        case Op::call_r:
            return BranchKind::indirect_call;
        case Op::ret:
            return BranchKind::ret;
        case Op::jcc:
        case Op::jcxz:
        case Op::loop:
            return BranchKind::conditional;
        default:
            break;
    }
    return op >= Op::cmp_jcc1_rr && op <= Op::test_jcc8_ri ? BranchKind::conditional : BranchKind::none;
}

// Left by self-modifying code: the instruction that follows the store is no longer what it was.
Next leave_before(Exec& x, const Uop* u) {
    x.exit = Exit::before;
    x.at = u;
    return nullptr;
}

// Which instructions empty the store buffer: locked ones, MFENCE (not the other fences), what serialises
// (Intel SDM vol. 3, 9.2.3 and 9.3; wrmsr sees to itself), and halting.
bool drains(const Uop& u) {
    switch (u.op) {
        case Op::fence:
            return u.aux == 1;
        case Op::wrcr:
            return u.imm != 8;
        case Op::cpuid:
        case Op::iret:
        case Op::wrcr3:
        case Op::wrdr:
        case Op::invlpg:
        case Op::wbinvd:
        case Op::lgdt:
        case Op::lidt:
        case Op::lldt:
        case Op::ltr:
        case Op::hlt:
            return true;
        default:
            return isa::op_info(u.op).cls == isa::OpClass::lock;
    }
}

constexpr size_t most_blocks = 1 << 18;

}  // namespace

void Core::Impl::sync() {
    mmu_unit.context_changed();
    static SoftTlb no_answers;  // so that every access goes the way that looks at its alignment
    soft = alignment_checked(s) ? &no_answers : mmu_unit.soft;
    generation = mmu_unit.fetch_generation();
    check_domain = s.cpl == 3 && (s.cd.control & 1);
    choose_stamp();
}

void Core::Impl::choose_stamp() {
    const int domain = check_domain ? s.cd.latch.tag : -1;
    Stamp& known = stamps[(generation * 5 + static_cast<unsigned>(domain)) % stamps.size()];
    if (known.generation != generation || known.domain != domain || known.stamp == 0)
        known = {generation, domain, ++last_stamp};
    stamp = known.stamp;
    jump_salt = stamp * 0x9e37;
}

void Core::Impl::forget_targets() {
    stamps.fill({});
    choose_stamp();
}

void Core::Impl::arrive_later() {
    s.rip = target;
    // Which page is left is that of the last byte fetched.
    const uint64_t last = s.r[isa::PCBASE] + block->code.bytes - 1;
    const bool checked_ret = transfer == STILE_XFER_PRIVILEGED_RET;
    if (s.cpl != 3 || !(s.cd.control & 1) || ((last ^ target) < 0x1000 && !checked_ret)) return;
    s.cd.latch.kind = transfer;
    s.cd.latch.return_address = transfer == STILE_XFER_CALL ? last + 1 : 0;
}

void Core::Impl::drop_all_code() {
    cache.clear();
    forget_targets();
}

// By this core, or a page walk of its. Pages of revocation counters are watched, too.
void Core::Impl::code_stored(uint64_t paddr, unsigned bytes) {
    if (complex) return complex->code_stored(paddr, bytes);
    mmu_unit.counter_stored(paddr, bytes);
    drop_code(paddr, bytes);
    if (!cache.page_in_use(paddr) && !mmu_unit.watches_counter(paddr))
        mmu_unit.unprotect_code_page(paddr & ~0xfffull);
}

void Core::Impl::protect_code(uint64_t paddr) {
    if (complex) return complex->protect_code_page(paddr);
    mmu_unit.protect_code_page(paddr);
}

// Other cores do this between blocks.
void Core::Impl::drop_code(uint64_t paddr, unsigned bytes) {
    if (!cache.invalidate(paddr, bytes)) return;
    forget_targets();
    if (!block || !block->dead || !storing) return;
    // The running block is stale: leave it after the storing instruction. It is nobody else's any more.
    for (Uop& u : block->code.uops)
        if (&u > storing && u.insn > storing->insn) {
            u.handler = reinterpret_cast<const void*>(&leave_before);
            break;
        }
}

std::unique_ptr<Block> Core::Impl::make_block(const FetchPage& page, bool single, Fault& fault) {
    const unsigned offset = s.rip & 0xfff, left = 0x1000 - offset;
    auto b = std::make_unique<Block>();
    b->paddr = page.page.page_paddr | offset;
    b->code = translator.translate_block({page.host + offset, left}, left, single ? 1 : 64);
    if (b->code.needs_more) {
        FetchPage second;
        if (!mmu_unit.fetch((s.rip | 0xfff) + 1, second, fault)) return nullptr;
        if (check_domain && !protection->straddle(s, page.page, second.page, s.rip, fault)) return nullptr;
        protect_code(second.page.page_paddr);
        std::array<uint8_t, 2 * isa::max_instruction_bytes> bytes;
        std::memcpy(bytes.data(), page.host + offset, left);
        std::memcpy(bytes.data() + left, second.host, isa::max_instruction_bytes);
        b->code = translator.translate_block({bytes.data(), left + isa::max_instruction_bytes}, left);
        b->second_page = second.page.page_paddr;
        // Bytes of the next page may say that there is no such instruction, whose length is then what came
        // before them. The answer hangs on both pages all the same.
        if (!b->code.straddles) {
            b->code.straddles = true;
            b->code.bytes = left + 1;
        }
    } else if (s.cpl == 3 && b->code.uops.back().op == Op::syscall && b->code.insns.size() > 1) {
        // Alone in its block, so that what it costs can be told from the code that leads to it.
        const auto but_one = static_cast<unsigned>(b->code.insns.size() - 1);
        b->code = translator.translate_block({page.host + offset, left}, left, but_one);
    }
    return b;
}

Block* Core::Impl::translate(const FetchPage& page, bool privileged, bool single, Fault& fault) {
    if (cache.size() > most_blocks) drop_all_code();
    protect_code(page.page.page_paddr);
    auto b = make_block(page, single, fault);
    if (!b) return nullptr;
    const HandlerTable& table = handlers(mode());
    for (Uop& u : b->code.uops) u.handler = reinterpret_cast<const void*>(table.select(u));
    b->first = b->code.uops.data();
    b->instructions = static_cast<unsigned>(b->code.insns.size() - b->code.markers);
    b->branch = branch_kind(b->code.uops.back().op);
    b->cost = b->instructions | b->code.uops.size() << 32;
    b->uops = static_cast<uint32_t>(b->code.uops.size());
    b->last_offset = b->code.insns.back().offset;
    b->ordered = std::ranges::any_of(b->code.uops, [](const Uop& u) {
        const isa::OpClass cls = isa::op_info(u.op).cls;
        return cls == isa::OpClass::lock || cls == isa::OpClass::fence;
    });
    b->drains = std::ranges::any_of(b->code.uops, drains);
    b->cpl = s.cpl;
    b->privileged = privileged;
    b->single = single;
    if (privileged && b->code.uops.back().op == Op::ret)
        b->code.uops.back().handler = reinterpret_cast<const void*>(table.privileged_ret());
    if (b->privileged)
        b->phase = Phase::proxy;
    else if (b->code.uops.back().op == Op::syscall && b->code.insns.size() == 1)
        b->phase = Phase::entry_exit;
    else if (observer)
        b->phase = observer->classify({s.rip, b->paddr, s.cpl, false, id});
    else
        b->phase = s.cpl == 0 ? Phase::dispatch : Phase::user;
    if (translated) translated(*b);
    const uint64_t key = BlockCache::key(b->paddr, s.cpl, privileged, single);
    return cache.insert(key, std::move(b));
}

Block* Core::Impl::find_or_translate(const FetchPage& page, bool privileged, bool single, Fault& fault) {
    const uint64_t key = BlockCache::key(page.page.page_paddr | (s.rip & 0xfff), s.cpl, privileged, single);
    Block* b = cache.find(key);
    if (b && b->code.straddles) {
        FetchPage second;
        if (!mmu_unit.fetch((s.rip | 0xfff) + 1, second, fault)) return nullptr;
        if (check_domain && !protection->straddle(s, page.page, second.page, s.rip, fault)) return nullptr;
        if (b->dead) {
            b = nullptr;  // the page walk wrote to it: an accessed bit
        } else if (second.page.page_paddr != b->second_page) {
            cache.drop(b);
            forget_targets();
            b = nullptr;
        }
    }
    return b ? b : translate(page, privileged, single, fault);
}

Block* Core::Impl::enter(Fault& fault, bool single) {
    const Jump& jump = jump_entry(*this, s.rip);
    const bool checked_ret = s.cd.latch.kind == STILE_XFER_PRIVILEGED_RET && check_domain;
    if (jump.target == s.rip && jump.stamp == stamp && !single && !checked_ret) {
        if (check_domain) s.cd.latch = {s.cd.latch.tag, STILE_XFER_SEQ, 0};
        return jump.block;
    }
    trail[trail_at++ % remembered] = s.rip;
    FetchPage page;
    if (!mmu_unit.fetch(s.rip, page, fault)) return nullptr;
    bool crossed = false;
    if (check_domain) {
        if (page.page.tag == s.cd.latch.tag && !checked_ret) {
            s.cd.latch = {page.page.tag, STILE_XFER_SEQ, 0};
        } else {
            if (!mmu_unit.arrive(s.rip, page, from_rip, fault)) return nullptr;
            crossed = true;
            sync();
        }
    }
    // Once the crossing has been allowed, what lies there is known to the domain that it leads to.
    const Jump& inside = jump_entry(*this, s.rip);
    const bool known = crossed && inside.target == s.rip && inside.stamp == stamp && !single;
    const bool privileged = !known && s.cpl == 3 && protection->privileged(page.page);
    Block* b = known ? inside.block : find_or_translate(page, privileged, single, fault);
    // An instruction on two pages is privileged only where both are.
    if (b && privileged && b->code.straddles) {
        FetchPage second;
        if (!mmu_unit.fetch((s.rip | 0xfff) + 1, second, fault)) return nullptr;
        if (!protection->privileged(second.page)) b = find_or_translate(page, false, single, fault);
    }
    if (b && !single && (!check_domain || page.page.tag == s.cd.latch.tag))
        jump_entry(*this, s.rip) = {s.rip, stamp, b};
    // What the crossing did to the domain capability stack, and the walks of its check.
    if (crossed && active && !log.empty()) {
        const BlockCost cost = active->event(isa::OpClass::codoms, log);
        log.clear();
        spend(cost, b ? b->phase : Phase::user);
    }
    return b;
}

}  // namespace stile::model
