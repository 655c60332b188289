// SPDX-License-Identifier: Apache-2.0
//
// What a form's build function works with: the decoded instruction and the block being made. Temporaries
// T0..T2 are the builder's; T3 holds an address that does not fit a micro-op.
#pragma once

#include <vector>

#include "isa/decode.h"
#include "isa/uop.h"

namespace stile::isa {

class Emitter {
  public:
    Emitter(std::vector<Uop>& uops, const Insn& insn, unsigned offset, unsigned index)
        : uops_(uops), insn_(insn), next_(offset + insn.length), index_(index) {}

    const Insn& insn() const { return insn_; }
    const Form& form() const { return *insn_.form; }
    Op op() const { return insn_.form->op; }
    int32_t next() const { return static_cast<int32_t>(next_); }  // offset of the following instruction
    uint64_t target() const { return static_cast<uint64_t>(static_cast<int64_t>(next_)) + insn_.imm; }
    unsigned size(unsigned i) const { return width_bytes(insn_, form().operand[i].width); }
    bool in_memory(unsigned i) const;  // operand i lies in memory
    bool is_immediate(unsigned i) const;
    uint8_t reg_number(unsigned i) const;  // register of operand i; not for high bytes
    bool high_byte(unsigned i) const;      // operand i is ah, ch, dh or bh

    Uop& emit(Op op, uint8_t dst = ZERO, uint8_t a = ZERO, uint8_t b = ZERO, uint8_t c = ZERO);
    Uop& emit_imm(Op op, uint8_t dst, uint8_t a, uint64_t imm);
    // An op that needs no operands and counts for the whole block, unless the block has it.
    void emit_once(Op op) {
        for (const Uop& u : uops_) {
            if (u.op == op) return;
        }
        emit(op);
    }
    // Address of the memory operand in a, b, scale, disp, seg, plus `more`.
    Uop& emit_mem(Op op, uint8_t dst = ZERO, uint8_t c = ZERO, int32_t more = 0);

    // Register that holds operand i in its low bytes: its own, or `tmp` after a load or extraction.
    uint8_t value(unsigned i, uint8_t tmp);
    // The same for an operand that `close` will write: memory is checked for writing (and locked, if
    // prefixed).
    uint8_t open(unsigned i, uint8_t tmp, bool always_locked = false);
    void close(unsigned i, uint8_t reg);
    // Writes operand i, which nothing has opened.
    void write(unsigned i, uint8_t reg);

    void invalid() { invalid_ = true; }  // #UD after all: found by a builder
    // True if the instruction turned out invalid, LOCK on something that cannot be locked included.
    bool is_invalid() const { return invalid_ || (insn_.lock && !locked_); }
    void locked() { locked_ = true; }

  private:
    void prepare_address();
    void fold_address(Op lea);  // the address so far becomes T3, by a lea of its size

    std::vector<Uop>& uops_;
    const Insn& insn_;
    unsigned next_, index_;
    bool prepared_ = false, invalid_ = false, locked_ = false;
    uint8_t base_ = ZERO, address_index_ = ZERO, scale_ = 0;
    int32_t disp_ = 0;
};

// Member of a family whose names end in the size: `first` is the member of `first_size`.
constexpr Op sized(Op first, unsigned size, unsigned first_size = 1, unsigned stride = 1) {
    unsigned steps = 0;
    while ((first_size << steps) < size) ++steps;
    return static_cast<Op>(static_cast<unsigned>(first) + steps * stride);
}
// Member of a family of _rr/_ri pairs.
constexpr Op sized_pair(Op first_rr, unsigned size, bool immediate, unsigned first_size = 1) {
    return static_cast<Op>(static_cast<unsigned>(sized(first_rr, size, first_size, 2)) + (immediate ? 1 : 0));
}
static_assert(sized(Op::ld1, 8) == Op::ld8 && sized_pair(Op::add1_rr, 4, true) == Op::add4_ri);
static_assert(sized_pair(Op::bt2_rr, 8, false, 2) == Op::bt8_rr && sized(Op::cmov2, 4, 2) == Op::cmov4);

}  // namespace stile::isa
