// SPDX-License-Identifier: Apache-2.0
//
// Code that the case itself changes. What is changed stays what it was made for, a `mov r32, imm32`, but for
// its register and immediate; bytes before it, which a jump leads around, become NOPs.
#include "tests/isa/unit_maker.h"

namespace stile::fuzz {

namespace {

constexpr int skipped = 3;           // bytes between jump and mov
constexpr int mov_at = 2 + skipped;  // in the unit, where there is a jump
constexpr uint8_t nop = 0x90;

}  // namespace

Unit UnitMaker::patched(bool jump) {
    unit_.clear();
    if (jump) {
        put(known({0xeb, skipped}));
        for (int i = 0; i < skipped; ++i) put(known({nop}));
    }
    const auto r = static_cast<uint8_t>(random_.below(8));
    put(known({static_cast<uint8_t>(0xb8 | (r == 4 ? 3 : r)), 1, 2, 3, 4}));
    for (Piece& piece : unit_) piece.chosen = true;  // offsets count from the first
    forget(r == 4 ? 3 : r);
    return std::move(unit_);
}

// At [rip + target]: mov of one, two or four bytes; to the immediate alone also add, and mov, xchg and xadd
// from a register.
Piece UnitMaker::store_to_code(unsigned at, bool jump) {
    static constexpr uint8_t opcodes[] = {0xb8, 0xb9, 0xba, 0xbb, 0xbd, 0xbe, 0xbf};
    const int bytes = 1 << random_.below(3);
    const int first = jump && bytes > 1 && random_.below(2) ? 1 - bytes : 0;  // relative to the opcode
    const int offset = first + static_cast<int>(random_.below(static_cast<unsigned>(6 - bytes - first)));
    std::vector<uint8_t> b;
    if (bytes == 2) b.push_back(0x66);
    size_t fix_at;
    const bool from_register = offset > 0 && bytes == 4 && random_.below(2);
    if (from_register) {
        const auto reg = static_cast<uint8_t>(random_.below(8) << 3);
        switch (random_.below(3)) {
            case 0:
                b.push_back(0x89);
                break;
            case 1:
                b.push_back(0x87);
                break;
            default:
                b.insert(b.end(), {0xf0, 0x0f, 0xc1});
                break;
        }
        b.push_back(reg == 4 << 3 ? 5 : reg | 5);
    } else {
        const bool add = offset > 0 && random_.below(2);
        b.insert(b.end(),
                 {static_cast<uint8_t>(add ? (bytes == 1 ? 0x80 : 0x81) : (bytes == 1 ? 0xc6 : 0xc7)), 5});
    }
    fix_at = b.size();
    b.insert(b.end(), 4, 0);
    for (int i = offset; !from_register && i < offset + bytes; ++i)
        b.push_back(i < 0 ? nop : i == 0 ? random_.pick(opcodes) : static_cast<uint8_t>(random_.bits()));
    Piece store = known(std::move(b));
    store.fix = Piece::Fix::unit;
    store.fix_at = static_cast<uint8_t>(fix_at);
    store.fix_offset = static_cast<uint8_t>(offset + (jump ? mov_at : 0));
    store.target = at;
    store.chosen = true;
    for (const uint8_t r : {0, 1, 2, 3, 5, 6, 7}) forget(r);
    return store;
}

Unit UnitMaker::patch(unsigned at, bool jump) {
    unit_.clear();
    put(store_to_code(at, jump));
    return std::move(unit_);
}

Unit UnitMaker::patch_once(unsigned at, bool jump, unsigned counter, unsigned when) {
    unit_.clear();
    Piece store = store_to_code(at, jump);
    const auto rex = static_cast<uint8_t>(counter & 8 ? 0x41 : 0x40);
    put(known({rex, 0x83, static_cast<uint8_t>(0xf8 | (counter & 7)), static_cast<uint8_t>(when)}));  // cmp
    put(known({0x75, static_cast<uint8_t>(store.bytes.size())}));                                     // jne
    put(std::move(store));
    return std::move(unit_);
}

}  // namespace stile::fuzz
