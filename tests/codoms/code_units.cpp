// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/codoms/code_maker_impl.h"

namespace stile::codoms_fuzz {

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

}  // namespace stile::codoms_fuzz
