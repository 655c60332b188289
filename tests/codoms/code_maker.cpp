// SPDX-License-Identifier: Apache-2.0
//
// Registers: rbx the address of the next access, r14 what a loop adds to it, r15 the loop's counter, r10
// where a jump is to come back to, r12 what stores to code change, r13 what the rules leave open. rax, rdx,
// rbp, r8, r9 hold data, rcx, rsi, rdi serve strings and lengths.
#include "tests/codoms/code_maker.h"

#include <algorithm>

namespace stile::codoms_fuzz {

namespace {

using isa::spec::Op;

class CodeMaker {
  public:
    CodeMaker(Plan& plan, Random& random) : plan_(plan), random_(random) {}
    void run();

  private:
    struct Stream {
        uint64_t cursor, end;
    };

    // --- where code goes
    bool room(unsigned bytes) const { return stream_->cursor + bytes < stream_->end; }
    uint64_t here() const { return stream_->cursor; }
    void emit(Insn insn);
    bool begin(bool aligned);
    uint16_t tag() const { return plan_.page_of(here())->page.tag; }

    // --- addresses
    uint64_t any_data(unsigned bytes);
    uint64_t data(unsigned bytes, bool write);
    uint64_t place(const PagePlan& page, unsigned bytes);
    uint64_t slot() { return plan_.slots[random_.below(plan_.slots.size())]; }
    uint64_t counter() { return plan_.counters[random_.below(plan_.counters.size())]; }
    uint64_t code_target(bool call);
    uint64_t cell(uint64_t target);

    // --- units
    void unit(bool function);
    void access();
    void string();
    void stack(bool function);
    void call(bool function);
    void bounce();
    void patch();
    void make_capability();
    void capability();
    void capability_memory();
    void privileged();
    void trap();
    void lend();

    void function(bool bouncing);
    void borrower();
    void lender();
    void loop();

    void mov(uint8_t reg, uint64_t value) {
        Insn i;
        i.kind = Kind::mov_imm;
        i.reg = reg;
        i.imm = value;
        emit(i);
    }
    Insn cd(Op op) {
        Insn i;
        i.kind = Kind::cd;
        i.op = op;
        i.n = static_cast<uint8_t>(random_.below(STILE_CAP_REGS));
        i.m = static_cast<uint8_t>(random_.below(STILE_CAP_REGS));
        return i;
    }
    uint8_t data_register() { return random_.of<uint8_t>({rax, rdx, rbp, r8, r9}); }

    Plan& plan_;
    Random& random_;
    std::vector<Stream> streams_;
    Stream* stream_ = nullptr;
    std::vector<uint64_t> functions_, bounces_, patches_;
    // A function that touches what its domain has no right over: only a capability helps.
    struct Borrower {
        uint64_t entry, address;
        bool slot, code;  // a slot of a capability; code
    };
    std::vector<Borrower> borrowers_;
    struct Lender {
        uint64_t entry, borrower;
    };
    std::vector<Lender> lenders_;
    uint64_t lent_to_ = 0;
    void borrowed_access(const Borrower& b);
    bool lend_in_function_ = false;
    bool strict_ = false;  // mostly what the rights at the start allow
};

void CodeMaker::emit(Insn insn) {
    std::vector<uint8_t> bytes;
    uint64_t& at = stream_->cursor;
    // The island of data is jumped over.
    const uint64_t offset = at % page_bytes;
    if (offset >= island - 40 && offset < island_end && insn.kind != Kind::jmp) {
        Insn over;
        over.kind = Kind::jmp;
        over.imm = at - offset + island_end;
        emit(over);
        at = over.imm;
    }
    insn.at = at;
    encode(insn, bytes);
    plan_.code.push_back(insn);
    at += insn.len;
}

// The next piece of code: a random stream, and with or without a gap.
bool CodeMaker::begin(bool aligned) {
    strict_ = random_.percent(60);
    for (unsigned tries = 0; tries < 20; ++tries) {
        stream_ = &streams_[random_.below(streams_.size())];
        if (room(700)) break;
    }
    uint64_t& at = stream_->cursor;
    // The streams reach the ends of their pages the sooner.
    if (random_.percent(25) && at % page_bytes < 3600) at = at - at % page_bytes + 3800 + random_.below(200);
    if (aligned)
        at = (at + 63) & ~63ull;
    else
        at += random_.below(40);
    if (at % page_bytes >= island - 64 && at % page_bytes < island_end)
        at = at - at % page_bytes + island_end;
    return room(700);
}

uint64_t CodeMaker::place(const PagePlan& page, unsigned bytes) {
    if (page.role == Role::code) return page.at + island + random_.below(island_end - island - bytes);
    const uint64_t size = page.large ? large_bytes : page_bytes;
    if (page.large && random_.percent(70)) return page.at + random_.below(4 * page_bytes);
    if (random_.percent(strict_ ? 3 : 12)) return page.at + size - 1 - random_.below(bytes);  // most cross
    if (random_.percent(6)) return page.at;
    const uint64_t offset = random_.below(size - 64);
    return page.at + (random_.percent(70) ? offset & ~15ull : offset);
}

uint64_t CodeMaker::any_data(unsigned bytes) {
    if (random_.percent(2)) return random_.of<uint64_t>({hole, hole + 0xfff, 0x7ffffff8, 0});
    return place(plan_.pages[random_.below(plan_.pages.size())], bytes);
}

// Mostly one that the domain may touch, as far as can be seen now.
uint64_t CodeMaker::data(unsigned bytes, bool write) {
    if (random_.percent(strict_ ? 0 : 10)) return any_data(bytes);
    for (unsigned tries = 0; tries < 30; ++tries) {
        const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
        if (p.role == Role::dcs || !p.present || !p.page.user || p.page.cap_storage ||
            (write && !p.page.writable))
            continue;
        if (plan_.right(tag(), p.page.tag) >= (write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ))
            return place(p, bytes);
    }
    return any_data(bytes);
}

uint64_t CodeMaker::code_target(bool call) {
    if (random_.percent(strict_ ? 0 : 4)) return any_data(1);  // NX, or not there
    const auto& from = call || bounces_.empty() ? functions_ : bounces_;
    if (from.empty()) return hole;
    for (unsigned tries = 0; tries < 30; ++tries) {
        const uint64_t target = from[random_.below(from.size())];
        const unsigned right = plan_.right(tag(), plan_.page_of(target)->page.tag);
        if (right >= STILE_RIGHT_READ || (right == STILE_RIGHT_CALL && target % 64 == 0)) return target;
    }
    return from[random_.below(from.size())];
}

// Memory that holds a target.
uint64_t CodeMaker::cell(uint64_t target) {
    const uint64_t address = data(8, false) & ~7ull;
    const PagePlan* page = plan_.page_of(address);
    if (!page || page->role == Role::code || page->page.cap_storage) return address;
    const auto* from = reinterpret_cast<const uint8_t*>(&target);
    plan_.data.emplace_back(page->frame + (address - page->at), std::vector<uint8_t>(from, from + 8));
    return address;
}

void CodeMaker::access() {
    static constexpr Kind loads[] = {Kind::load,     Kind::load,     Kind::load,     Kind::load_sign,
                                     Kind::alu_load, Kind::sse_load, Kind::sse_load, Kind::sse_aligned_load};
    static constexpr Kind stores[] = {Kind::store,
                                      Kind::store,
                                      Kind::store,
                                      Kind::store_imm,
                                      Kind::add_mem,
                                      Kind::xadd,
                                      Kind::xchg,
                                      Kind::cmpxchg,
                                      Kind::sse_store,
                                      Kind::sse_store,
                                      Kind::sse_aligned_store,
                                      Kind::cmpxchg16b};
    const bool write = random_.percent(50);
    const unsigned n = 1 + static_cast<unsigned>(random_.below(3));
    const uint64_t address = data(16, write);
    const PagePlan* page = plan_.page_of(address);
    // Stores that wander or are far off must not hit code.
    const bool fixed = page && page->role == Role::code;
    const int32_t disp = static_cast<int32_t>(random_.of({0, 0, 8, -64, 0x1000}));
    mov(rbx, address - static_cast<uint64_t>(int64_t{disp}));
    for (unsigned k = 0; k < n; ++k) {
        Insn i;
        i.kind = write && random_.percent(80) ? random_.of(std::span<const Kind>(stores))
                                              : random_.of(std::span<const Kind>(loads));
        i.disp = disp;
        i.reg = data_register();
        i.size = random_.of<uint8_t>({1, 2, 4, 4, 8, 8});
        if (i.kind == Kind::load_sign) i.size = random_.of<uint8_t>({1, 2, 4});
        if (i.kind == Kind::sse_load || i.kind == Kind::sse_store) i.size = random_.of<uint8_t>({4, 8, 16});
        if (i.kind == Kind::sse_aligned_load || i.kind == Kind::sse_aligned_store) i.size = 16;
        if (i.kind >= Kind::sse_load && i.kind <= Kind::sse_aligned_store)
            i.reg = static_cast<uint8_t>(random_.below(8));
        if ((i.kind == Kind::store || i.kind == Kind::add_mem || i.kind == Kind::xadd ||
             i.kind == Kind::xchg || i.kind == Kind::cmpxchg) &&
            i.size == 1 && i.reg == rbp)
            i.reg = r8;  // without REX that would be CH
        i.imm = random_();
        i.indexed = !fixed && random_.percent(35);
        emit(i);
    }
}

void CodeMaker::string() {
    const Kind kind = random_.of({Kind::movs, Kind::stos, Kind::stos, Kind::lods});
    const unsigned n = static_cast<unsigned>(random_.below(40));
    uint64_t to = data(16, true);
    const PagePlan* page = plan_.page_of(to);
    if (page && page->role == Role::code) to = plan_.page_of(data_run)->at + random_.below(0x8000);
    if (random_.percent(20)) to = data_run + page_bytes * (1 + random_.below(14)) - random_.below(200);
    mov(rdi, to);
    if (kind != Kind::stos) mov(rsi, data(16, false));
    mov(rcx, n);
    Insn i;
    i.kind = kind;
    i.size = random_.of<uint8_t>({1, 4, 8});
    i.rep = random_.percent(80);
    emit(i);
}

void CodeMaker::stack(bool function) {
    Insn i;
    if (!function) {
        uint64_t at = random_.percent(70) ? stacks + 16 + 8 * random_.below(1000) : data(8, true);
        const PagePlan* page = plan_.page_of(at);
        if (page && page->role == Role::code) at = stacks + page_bytes;
        mov(rsp, at);
    }
    const unsigned n = 1 + static_cast<unsigned>(random_.below(3));
    for (unsigned k = 0; k < n; ++k) {
        i = {};
        i.kind = random_.percent(75) ? Kind::push : Kind::push_mem;
        i.reg = data_register();
        if (i.kind == Kind::push_mem) mov(rbx, data(8, false));
        emit(i);
    }
    for (unsigned k = 0; k < n; ++k) {
        i = {};
        i.kind = random_.percent(75) ? Kind::pop : Kind::pop_mem;
        i.reg = data_register();
        if (i.kind == Kind::pop_mem) {
            const uint64_t to = data(8, true);
            mov(rbx, to);
        }
        emit(i);
    }
}

void CodeMaker::call(bool function) {
    Insn i;
    if (!function) mov(rsp, stacks + 256 + 8 * random_.below(700));
    const uint64_t target = code_target(true);
    switch (random_.weighted({60, 30, 10})) {
        case 0:
            i.kind = Kind::call;
            i.imm = target;
            break;
        case 1:
            mov(rax, target);
            i.kind = Kind::call_reg;
            i.reg = rax;
            break;
        default:
            mov(rbx, cell(target));
            i.kind = Kind::call_mem;
            break;
    }
    emit(i);
}

// A jump to code that jumps back to r10.
void CodeMaker::bounce() {
    if (bounces_.empty()) return;
    const uint64_t target = code_target(false);
    // A jump in the island's way would move what follows.
    if (here() % page_bytes >= island - 80 && here() % page_bytes < island_end) return;
    Insn back;
    back.kind = Kind::mov_imm;
    back.reg = r10;
    const bool direct = random_.percent(60);
    back.imm = here() + 6 + (direct ? 5 : 5 + 2);
    emit(back);
    Insn i;
    i.kind = direct ? Kind::jmp : Kind::jmp_reg;
    i.imm = target;
    i.reg = rax;
    if (!direct) mov(rax, target);
    emit(i);
}

// A store to the immediate of a `mov r12d, imm32`, before or behind it.
void CodeMaker::patch() {
    Insn m;
    m.kind = Kind::mov_imm;
    m.reg = r12;
    m.imm = random_();
    m.patchable = true;
    if (patches_.empty() || random_.percent(30)) {
        emit(m);
        patches_.push_back(plan_.code.back().at + 2);
        return;
    }
    const uint64_t field = patches_[random_.below(patches_.size())];
    mov(rbx, field);
    Insn i;
    i.kind = Kind::store_imm;
    i.size = random_.of<uint8_t>({1, 2, 4});
    i.imm = random_();
    emit(i);
}

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

void CodeMaker::trap() {
    Insn i;
    switch (random_.weighted({40, 40, 20})) {
        case 0:
            i.kind = Kind::syscall;
            break;
        case 1:
            i.kind = Kind::software_interrupt;
            i.imm = 0x80;
            break;
        default:
            i.kind = Kind::undefined;
            break;
    }
    emit(i);
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

void CodeMaker::unit(bool function) {
    if (!function && random_.percent(9)) return lend();
    switch (random_.weighted({strict_ ? 200u : 100u, 10, 12, function ? 6u : 26u, function ? 0u : 14u, 5, 16,
                              14, strict_ ? 5u : 16u,
                              plan_.page_of(here())->page.privileged ? 12u
                              : strict_                              ? 0u
                                                                     : 2u,
                              strict_ ? 0u : 2u, 3})) {
        case 0:
            return access();
        case 1:
            return string();
        case 2:
            return stack(function);
        case 3:
            return call(function);
        case 4:
            return bounce();
        case 5:
            return patch();
        case 6:
            return make_capability();
        case 7:
            return capability();
        case 8:
            return capability_memory();
        case 9:
            return privileged();
        case 10:
            return trap();
        default: {
            Insn i;
            i.len = static_cast<uint8_t>(1 + random_.below(9));
            return emit(i);
        }
    }
}

// What is called, or jumped to with the way back in r10. Most begin at an entry point.
void CodeMaker::function(bool bouncing) {
    if (!begin(random_.percent(80))) return;
    const uint64_t entry = here();
    const unsigned units = static_cast<unsigned>(random_.below(4));
    for (unsigned i = 0; i < units; ++i) unit(true);
    Insn end;
    if (bouncing) {
        end.kind = Kind::jmp_reg;
        end.reg = r10;
    } else if (random_.percent(3)) {  // back to somewhere else
        mov(rax, code_target(true));
        Insn i;
        i.kind = Kind::pop;
        i.reg = rdx;
        emit(i);
        i.kind = Kind::push;
        i.reg = rax;
        emit(i);
        end.kind = Kind::ret;
    } else {
        end.kind = random_.percent(85) ? Kind::ret : Kind::ret_imm;
        end.imm = 8 * random_.below(3);
    }
    emit(end);
    (bouncing ? bounces_ : functions_).push_back(entry);
    if (plan_.starts.empty() || random_.percent(15)) plan_.starts.push_back(entry);
}

// What it makes dies when it returns, whoever has used it.
void CodeMaker::lender() {
    if (!begin(true)) return;
    const uint64_t entry = here();
    lend_in_function_ = true;
    lend();
    lend_in_function_ = false;
    Insn end;
    end.kind = Kind::ret;
    emit(end);
    functions_.push_back(entry);
    if (lent_to_ != 0) lenders_.push_back({entry, lent_to_});
}

void CodeMaker::loop() {
    if (!begin(random_.percent(50))) return;
    plan_.starts.push_back(here());
    mov(r15, 2 + random_.below(strict_ ? 100 : 12));
    mov(r14, 0);
    const uint64_t head = here();
    const unsigned units = 3 + static_cast<unsigned>(random_.below(9));
    for (unsigned i = 0; i < units && room(500); ++i) unit(false);
    Insn i;
    i.kind = Kind::add_imm;
    i.reg = r14;
    i.imm = random_.of<uint64_t>({0, 0, 8, 64, 1000, 4096});
    emit(i);
    i = {};
    i.kind = Kind::and_imm;
    i.reg = r14;
    i.imm = random_.of<uint64_t>({0x38, 0xff8, 0x1fff, 0xfff});
    emit(i);
    // Both or neither are behind the island.
    if (here() % page_bytes >= island - 60 && here() % page_bytes < island_end) {
        i = {};
        i.kind = Kind::jmp;
        i.imm = (here() & ~(page_bytes - 1)) + island_end;
        emit(i);
        stream_->cursor = i.imm;
    }
    i = {};
    i.kind = Kind::dec;
    i.reg = r15;
    emit(i);
    i = {};
    i.kind = Kind::jnz;
    i.imm = head;
    emit(i);
    i = {};
    i.kind = random_.percent(70) ? Kind::jmp : Kind::syscall;
    i.imm = plan_.starts[random_.below(plan_.starts.size())];
    if (random_.percent(70)) emit(i);  // or falls through into what comes next
}

void CodeMaker::run() {
    streams_ = {{code_a, code_a + 6 * page_bytes - 64},
                {code_b, code_b + 5 * page_bytes - 64},
                {code_c, code_c + 4 * page_bytes - 64}};
    for (unsigned i = 0; i < 10; ++i) function(i % 3 == 2);
    for (unsigned i = 0; i < 6; ++i) borrower();
    for (unsigned i = 0; i < 3; ++i) lender();
    const auto full = [&] {
        return std::ranges::none_of(streams_, [](const Stream& s) { return s.cursor + 900 < s.end; });
    };
    for (unsigned i = 0; i < 40 && !full(); ++i) {
        if (i % 8 == 7)
            random_.percent(50) ? lender() : function(random_.percent(40));
        else
            loop();
    }
}

}  // namespace

void make_code(Plan& plan, Random& random) { CodeMaker(plan, random).run(); }

}  // namespace stile::codoms_fuzz
