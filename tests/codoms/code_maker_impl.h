// SPDX-License-Identifier: Apache-2.0
//
// The insides of CodeMaker, shared by its source files:
//   code_maker.cpp   where code goes, addresses, loops and functions
//   code_units.cpp   accesses, calls, jumps, stores to code
//   code_caps.cpp    CODOMs' instructions, lending and borrowing
//
// Registers: rbx the address of the next access, r14 what a loop adds to it, r15 the loop's counter, r10
// where a jump is to come back to, r12 what stores to code change, r13 what the rules leave open. rax, rdx,
// rbp, r8, r9 hold data, rcx, rsi, rdi serve strings and lengths.
#pragma once

#include "tests/codoms/code_maker.h"

namespace stile::codoms_fuzz {

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

}  // namespace stile::codoms_fuzz
