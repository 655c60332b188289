// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/codoms/code_maker_impl.h"

namespace stile::codoms_fuzz {

void CodeMaker::make_capability() {
    const bool restrict_one = random_.percent(25);
    const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
    uint64_t base = p.at, length = page_bytes;
    switch (random_.weighted({40, 30, 20, 10})) {
        case 1:
            base += random_.below(page_bytes);
            length = random_.below(page_bytes);
            break;
        case 2:
            base += random_.below(page_bytes);
            length = random_.below(64);
            break;
        case 3:
            length = 8 * page_bytes;
            break;
        default:
            break;
    }
    mov(rax, base);
    if (random_.percent(5)) {
        Insn i;
        i.kind = Kind::mov_simm;
        i.reg = rcx;
        i.imm = random_.of<uint64_t>({~0ull, 0x80000000, ~0ull - base + 1});
        emit(i);
    } else {
        mov(rcx, length);
    }
    Insn i = cd(restrict_one ? Op::caprst : Op::capmk);
    i.reg = rax;
    i.imm = random_.percent(95) ? 1 + random_.below(3) : random_.of({0, 4, 0x83});
    emit(i);
    // What it was made for.
    if (!restrict_one && random_.percent(60) && p.role != Role::code) {
        mov(rbx, base + (length ? random_.below(std::min<uint64_t>(length, page_bytes)) : 0));
        Insn use;
        use.kind = random_.percent(50) ? Kind::load : Kind::store;
        use.size = random_.of<uint8_t>({1, 2, 4, 8});
        use.reg = rax;
        emit(use);
        use.disp = static_cast<int32_t>(length);
        if (random_.percent(30) && length < page_bytes) emit(use);
    }
}

void CodeMaker::capability() {
    Insn i = cd(random_.of({Op::capmov, Op::capmov, Op::cappush, Op::cappush, Op::cappop, Op::cappop,
                            Op::capsyn, Op::capclr, Op::capbase, Op::caplen, Op::capattr}));
    i.reg = data_register();
    i.imm = random_.percent(70) ? 1ull << random_.below(8) : random_.below(256);
    emit(i);
    if (i.op == Op::cappush && random_.percent(70)) {
        i = cd(Op::cappop);
        emit(i);
    }
}

void CodeMaker::capability_memory() {
    Insn i = cd(random_.of({Op::capld, Op::capld, Op::capst, Op::capst, Op::capasy, Op::capasy, Op::caprev}));
    uint64_t address = i.op == Op::capasy || i.op == Op::caprev ? counter() : slot();
    if (random_.percent(6)) address += random_.of({8, 4, 1});
    if (random_.percent(6)) {
        const uint64_t other = any_data(32);
        const PagePlan* page = plan_.page_of(other);
        if (!page || page->role != Role::code) address = other & ~31ull;
    }
    // One whose maker may make it asynchronous.
    if (i.op == Op::capasy && random_.percent(70)) {
        const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
        mov(rax, p.at);
        mov(rcx, page_bytes);
        Insn make = cd(Op::capmk);
        make.reg = rax;
        make.n = i.n;
        make.imm = 1 + random_.below(3);
        emit(make);
    }
    mov(rbx, address);
    emit(i);
}

void CodeMaker::privileged() {
    Insn i = cd(random_.of({Op::kcs, Op::rddcs, Op::rddcs, Op::wrdcs, Op::aplinv, Op::aplvictim, Op::apltag,
                            Op::hwtag, Op::save, Op::restore, Op::aplfill}));
    if (i.op == Op::aplinv && !random_.percent(50)) i.op = Op::kcs;
    i.reg = data_register();
    i.n = static_cast<uint8_t>(random_.below(3));
    if (i.op == Op::aplvictim || i.op == Op::apltag || i.op == Op::hwtag || i.op == Op::aplinv) {
        mov(r13, i.op == Op::apltag ? random_.below(64) : plan_.tags[random_.below(plan_.tags.size())]);
        i.reg = r13;
    }
    if (i.op == Op::wrdcs) {
        mov(rax, dcs_pages + random_.below(4) * 2 * page_bytes + 32 * random_.below(20) +
                     (random_.percent(5) ? 8 : 0));
        i.reg = rax;
    }
    if (i.op == Op::save || i.op == Op::restore) {
        mov(rbx, (slot() & ~63ull) + (random_.percent(8) ? 32 : 0));
    }
    // What the kernel alone may fill in: the address is one that ring 3 cannot read.
    if (i.op == Op::aplfill) mov(rbx, hole);
    emit(i);
    if (i.reg == r13) mov(r13, 0);
}

// On the borrowed page, near what was asked for; sometimes beyond the capability's end.
void CodeMaker::borrowed_access(const Borrower& b) {
    const uint64_t address = b.address;
    Insn i;
    if (b.slot && !b.code) {
        mov(rbx, address);
        i = cd(random_.of({Op::capld, Op::capst}));
        if (i.op == Op::capst) {  // an empty register may be stored
            Insn clear = cd(Op::capclr);
            clear.imm = 1ull << (i.n = 7);
            emit(clear);
        }
        return emit(i);
    }
    if (b.code) {
        mov(rax, address);
        i.kind = random_.percent(50) ? Kind::call_reg : Kind::jmp_reg;
        i.reg = rax;
        if (i.kind == Kind::jmp_reg) {  // back to the caller's caller, or nowhere
            if (here() % page_bytes >= island - 80 && here() % page_bytes < island_end) return;
            mov(r10, here() + 6 + 2);
        }
        return emit(i);
    }
    const auto near = [&] {
        return address + (random_.percent(85) ? 8 * random_.below(4) : random_.below(600));
    };
    switch (random_.weighted({35, 25, 22, 16, 8})) {
        case 0:
        case 1:
            mov(rbx, near());
            for (unsigned k = 0; k < 2; ++k) {
                i.kind = random_.of({Kind::load, Kind::load, Kind::store, Kind::xchg, Kind::sse_load,
                                     Kind::sse_store, Kind::add_mem});
                i.size = i.kind == Kind::sse_load || i.kind == Kind::sse_store
                             ? random_.of<uint8_t>({4, 8, 16})
                             : random_.of<uint8_t>({1, 2, 4, 8});
                i.reg = random_.of<uint8_t>({0, 2});
                emit(i);
            }
            return;
        case 2:
            mov(random_.percent(50) ? rdi : rsi, near());
            mov(rcx, random_.below(6));
            i.kind = plan_.code[plan_.code.size() - 2].reg == rdi ? Kind::stos : Kind::lods;
            i.size = 8;
            i.rep = true;
            return emit(i);
        case 3:  // across the page's end
            mov(rbx, (address | (page_bytes - 1)) - random_.below(7));
            i.kind = random_.percent(50) ? Kind::load : Kind::store;
            i.size = 8;
            i.reg = rax;
            return emit(i);
        default:  // the stack is borrowed
            mov(rdx, 0);
            i.kind = Kind::add_reg;
            i.reg = rdx;
            i.reg2 = rsp;
            emit(i);
            mov(rsp, address + 64);
            i = {};
            i.kind = Kind::push;
            i.reg = rax;
            emit(i);
            mov(rsp, 0);
            i.kind = Kind::add_reg;
            i.reg = rsp;
            i.reg2 = rdx;
            return emit(i);
    }
}

void CodeMaker::borrower() {
    if (!begin(true)) return;
    Borrower b{here(), 0, random_.percent(15), random_.percent(20)};
    for (unsigned tries = 0; tries < 40 && b.address == 0; ++tries) {
        const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
        if (b.code && !functions_.empty()) {
            const uint64_t target = functions_[random_.below(functions_.size())];
            if (plan_.right(tag(), plan_.page_of(target)->page.tag) == STILE_RIGHT_NIL) b.address = target;
        } else if (b.slot) {
            const uint64_t at = slot();
            const PagePlan& page = *plan_.page_of(at);
            if (page.page.user && page.page.writable && plan_.right(tag(), page.page.tag) < STILE_RIGHT_READ)
                b.address = at;
        } else if (p.role == Role::data && p.present && p.page.user && p.page.writable &&
                   !p.page.cap_storage && plan_.right(tag(), p.page.tag) < STILE_RIGHT_READ) {
            b.address = p.at + 16 * random_.below(200);
            const PagePlan* next = plan_.page_of(p.at + page_bytes);
            if (tries < 20 && !(next && next->page.tag == p.page.tag && next->page.writable)) b.address = 0;
        }
    }
    if (b.address == 0) return;
    strict_ = true;
    const unsigned n = 1 + static_cast<unsigned>(random_.below(3));
    for (unsigned k = 0; k < n; ++k) {
        borrowed_access(b);
        if (!b.code && random_.percent(15)) {  // gone, and tried again
            Insn i = cd(random_.of({Op::capclr, Op::capmov}));
            i.imm = 0xff;
            i.n = 0;
            emit(i);
            borrowed_access(b);
        }
    }
    Insn end;
    end.kind = Kind::ret;
    emit(end);
    borrowers_.push_back(b);
    functions_.push_back(b.entry);
}

// A capability for what the callee needs, and the call; or a call of one who lends, whose capability is gone
// when the borrower is called next.
void CodeMaker::lend() {
    lent_to_ = 0;
    if (borrowers_.empty()) return call(lend_in_function_);
    const auto grant = [&](uint64_t address, unsigned least) {
        const uint16_t to = plan_.page_of(address)->page.tag;
        if (to != tag() && plan_.right(tag(), to) < least) plan_.apl[{tag(), to}] = least;
    };
    if (!lend_in_function_ && !lenders_.empty() && random_.percent(25)) {
        const Lender& l = lenders_[random_.below(lenders_.size())];
        for (const uint64_t entry : {l.entry, l.borrower}) {
            grant(entry, STILE_RIGHT_CALL);
            mov(rsp, stacks + 256 + 8 * random_.below(700));
            Insn i;
            i.kind = Kind::call;
            i.imm = entry;
            emit(i);
        }
        return;
    }
    const Borrower* b = &borrowers_[random_.below(borrowers_.size())];
    for (unsigned tries = 0; tries < 10 && plan_.page_of(b->entry)->page.tag == tag(); ++tries)
        b = &borrowers_[random_.below(borrowers_.size())];
    lent_to_ = b->entry;
    // Rights that the lender lacks it is given: here they are needed.
    grant(b->address, b->code ? STILE_RIGHT_CALL : STILE_RIGHT_WRITE);
    grant(b->entry, STILE_RIGHT_CALL);
    const uint64_t page = b->address & ~(page_bytes - 1);
    const bool whole = random_.percent(60);
    mov(rax, whole ? page : b->address);
    mov(rcx,
        whole ? page_bytes * (1 + (random_.percent(70) ? 1 : 0)) : random_.of<uint64_t>({8, 16, 40, 256}));
    Insn make = cd(Op::capmk);
    make.reg = rax;
    make.n = static_cast<uint8_t>(random_.percent(60) ? 0 : random_.below(STILE_CAP_REGS));
    make.imm = random_.percent(75) ? 3 : 1 + random_.below(3);
    emit(make);
    if (random_.percent(50)) {
        const uint64_t at = counter();
        grant(at, STILE_RIGHT_READ);
        mov(rbx, at);
        Insn i = cd(Op::capasy);
        i.n = make.n;
        emit(i);
    }
    const unsigned times = 1 + static_cast<unsigned>(random_.below(3));
    for (unsigned k = 0; k < times; ++k) {
        if (!lend_in_function_) mov(rsp, stacks + 256 + 8 * random_.below(700));
        Insn i;
        i.kind = Kind::call;
        i.imm = b->entry;
        emit(i);
        if (k > 0 || !random_.percent(15)) continue;
        Insn change = cd(random_.of({Op::capclr, Op::capmov}));  // taken back
        change.imm = 0xff;
        change.n = make.n;
        emit(change);
    }
}

}  // namespace stile::codoms_fuzz
