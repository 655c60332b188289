// SPDX-License-Identifier: Apache-2.0
//
// One row of the table becomes one unit of a sequence: a choice of prefixes, registers, addresses and
// immediates, what must be prepared so that the instruction does not always fault, and what makes equal again
// the things in which processors may differ. Which those are is written down here and in compare.cpp only:
//   flags left undefined           assemble() puts a comparison before their first reader
//   bsf, bsr r32 of zero           the upper half of the destination: a move clears it (Intel SDM vol. 2)
//   bswap r16                      undefined: not generated
//   shld, shrd r16, count > 16     undefined: not generated
//   tzcnt, lzcnt                   F3 before bsf and bsr: not generated, the baseline ignores the prefix
//   F2, F3 before loope, loopne    override their condition on AMD's processors: not generated
//   66 before near branches        16-bit on AMD's processors, ignored on Intel's: not generated
//   FOP, FIP, FDP, MXCSR_MASK      in images of the x87 and SSE state: overwritten
//   time, identity, descriptor tables  overwritten
#pragma once

#include <array>
#include <optional>

#include "tests/isa/encode.h"
#include "tests/isa/random.h"

namespace stile::fuzz {

inline constexpr uint8_t RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;

class UnitMaker {
  public:
    UnitMaker(Random& random, const State& start);

    // `number`: which unit this will be; branches lead beyond it, to one of the `count` there will be.
    Unit make(const isa::Form& form, unsigned number, unsigned count);

    // Two units with a loop between them: counts `rounds` in a register and jumps back to unit `back`.
    Unit begin_loop(unsigned& counter, unsigned rounds = 0);  // 0: any, and any counter
    Unit end_loop(unsigned counter, unsigned back);

    // Code that changes (unit_code.cpp): a `mov r32, imm32`, with a jump over some bytes before it or not,
    // and stores to it. Those from `when` of a loop's rounds before its end happen in that round only.
    Unit patched(bool jump);
    Unit patch(unsigned at, bool jump);
    Unit patch_once(unsigned at, bool jump, unsigned counter, unsigned when);

  private:
    // --- registers and addresses (unit_operands.cpp)
    uint8_t general(bool written);
    uint8_t pointer_register(uint64_t& value);
    void load(uint8_t reg, uint64_t value);
    void forget(uint8_t reg) { value_[reg] = std::nullopt; }
    uint64_t target(unsigned bytes, bool aligned);
    void address(Choice& c, unsigned bytes, bool aligned);
    void forget_written(const isa::Form& form, const Choice& c);

    // --- the instruction (unit_maker.cpp)
    void prefixes(const isa::Form& form, Choice& c);
    void registers(const isa::Form& form, Choice& c);
    void immediates(const isa::Form& form, Choice& c);
    void branch(const isa::Form& form, Choice& c, unsigned number, unsigned count);

    // --- around it (unit_around.cpp)
    void prepare(const isa::Form& form, Choice& c, unsigned number, unsigned count);
    void prepare_division(const isa::Form& form, Choice& c);
    void prepare_string(const isa::Form& form, Choice& c);
    void prepare_transfer(const isa::Form& form, Choice& c, unsigned number, unsigned count);
    void equalise(const isa::Form& form, const Choice& c);
    void access(uint8_t opcode, uint8_t reg, const Choice& like, int offset, bool wide);
    void store(const Choice& like, int offset, unsigned bytes, uint32_t value);
    void put(Piece piece) { unit_.push_back(std::move(piece)); }
    void lea_label(uint8_t reg, unsigned unit);
    void push_immediate(uint32_t value);
    Piece store_to_code(unsigned at, bool jump);

    Random& random_;
    std::array<std::optional<uint64_t>, 16> value_;  // where it is known at this point of a straight run
    uint64_t fs_base_, gs_base_;
    Unit unit_;
};

}  // namespace stile::fuzz
