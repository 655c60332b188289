// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/sequence.h"

#include <algorithm>

namespace stile::fuzz {

using isa::Op;

namespace {

// In the order of the letters in a row.
constexpr uint32_t letters[6] = {flag::OF, flag::SF, flag::ZF, flag::AF, flag::PF, flag::CF};

uint32_t flags_marked(const isa::Form& form, const char* with) {
    uint32_t set = 0;
    for (unsigned i = 0; i < 6; ++i) {
        if (std::strchr(with, form.flags[i])) set |= letters[i];
    }
    return set;
}

constexpr uint8_t guard[] = {0x83, 0xf9, 0x35};  // cmp ecx, 0x35
constexpr uint8_t x87_guard[] = {0xd9, 0xe5};    // fxam, which answers for anything and raises nothing
constexpr uint32_t codes = flag::C1 | flag::C023;
constexpr unsigned exit_bytes = 5;  // jmp rel32
constexpr uint8_t padding = 0xcc;   // int3

class Assembler {
  public:
    explicit Assembler(const Sequence& sequence) : sequence_(sequence) {}
    Assembled run();

  private:
    void place();
    void guard_with(std::span<const uint8_t> bytes, uint32_t& undefined, uint32_t defines) {
        out_.places.push_back({size_, nullptr, undefined, undefined & ~defines, bytes});
        size_ += static_cast<unsigned>(bytes.size());
        undefined &= ~defines;
    }
    void put(uint64_t address, const uint8_t* bytes, size_t count) {
        std::memcpy(out_.program.code.data() + (address - base_), bytes, count);
    }
    void write(const Assembled::Place& place);
    uint64_t target(const Piece& piece) const {
        if (piece.fix == Piece::Fix::address) return piece.target;
        return unit_at_[std::min<size_t>(piece.target, sequence_.units.size())] + piece.fix_offset;
    }

    const Sequence& sequence_;
    Assembled out_;
    std::vector<uint64_t> unit_at_;
    uint64_t base_ = 0;
    unsigned size_ = 0;
};

// Addresses relative to the first byte.
void Assembler::place() {
    uint32_t everywhere = 0;
    for (const Unit& unit : sequence_.units) {
        for (const Piece& piece : unit) {
            if (piece.form && is_branch(*piece.form)) out_.linear = false;
            if (piece.form) everywhere |= flags_undefined(*piece.form);
        }
    }
    uint32_t undefined = 0;
    for (const Unit& unit : sequence_.units) {
        unit_at_.push_back(size_);
        if (!out_.linear) undefined = everywhere;
        for (const Piece& piece : unit) {
            const uint32_t unclear = piece.form ? flags_read(*piece.form) & undefined : 0;
            if (unclear & flag::arithmetic) guard_with(guard, undefined, flag::arithmetic);
            if (unclear & codes) guard_with(x87_guard, undefined, codes);
            const uint32_t before = undefined;
            if (piece.form) undefined = (before & ~flags_defined(*piece.form)) | flags_undefined(*piece.form);
            out_.places.push_back({size_, &piece, before, undefined, {}});
            size_ += static_cast<unsigned>(piece.bytes.size());
        }
    }
    unit_at_.push_back(size_);
    if (sequence_.at_page_end) return;
    if (!out_.linear) undefined = everywhere;
    out_.places.push_back({size_, nullptr, undefined, undefined, {}});
    size_ += exit_bytes;
}

void Assembler::write(const Assembled::Place& place) {
    if (!place.piece) {
        if (!place.guard.empty()) return put(place.address, place.guard.data(), place.guard.size());
        const uint64_t away = exit_at - (place.address + exit_bytes);
        uint8_t jump[exit_bytes] = {0xe9};
        std::memcpy(jump + 1, &away, 4);
        return put(place.address, jump, sizeof jump);
    }
    const Piece& piece = *place.piece;
    put(place.address, piece.bytes.data(), piece.bytes.size());
    if (piece.fix == Piece::Fix::none) return;
    auto away = static_cast<int64_t>(target(piece) - (place.address + piece.bytes.size()));
    if (piece.fix_bytes == 1 && away != static_cast<int8_t>(away)) away = 0;
    if (piece.fix_at + piece.fix_bytes > piece.bytes.size()) return;  // cut short
    put(place.address + piece.fix_at, reinterpret_cast<const uint8_t*>(&away), piece.fix_bytes);
}

Assembled Assembler::run() {
    place();
    unsigned offset = sequence_.offset;
    if (sequence_.at_page_end || offset + size_ > slot_bytes)
        offset = static_cast<unsigned>(slot_bytes) - size_;
    base_ = slot_at(sequence_.slot);
    const uint64_t entry = base_ + offset;
    for (auto& place : out_.places) place.address += entry;
    for (uint64_t& address : unit_at_) address += entry;
    out_.program.start = sequence_.start;
    out_.program.slot = sequence_.slot;
    out_.program.second_page = sequence_.second_page;
    out_.program.entry = entry;
    out_.program.code.assign(slot_bytes, padding);
    for (const auto& place : out_.places) write(place);
    return std::move(out_);
}

}  // namespace

// Condition codes: what vendors are known to do differently, of what the manuals leave open or say loosely.
uint32_t flags_undefined(const isa::Form& form) {
    uint32_t set = flags_marked(form, "u");
    if (form.op == Op::fcmov || form.op == Op::fcomi) set |= flag::C1;
    if (form.op == Op::ffree) set |= codes;
    return set;
}

uint32_t flags_defined(const isa::Form& form) {
    uint32_t set = flags_marked(form, "wb01");
    switch (form.op) {
        case Op::cmps:
        case Op::scas:
            return 0;  // repeated no time at all they keep them
        case Op::fninit:
        case Op::fldenv:
        case Op::frstor:
        case Op::fxrstor:
        case Op::fxam:
            return set | codes;
        default:
            return set;
    }
}

uint32_t flags_read(const isa::Form& form) {
    uint32_t set = flags_marked(form, "rb");
    switch (form.op) {
        case Op::fnstsw:
        case Op::fnstsw_m:
        case Op::fnstenv:
        case Op::fnsave:
        case Op::fxsave:
            return set | codes;
        default:
            return set;
    }
}

bool is_near_branch(const isa::Form& form) {
    switch (form.op) {
        case Op::jcc:
        case Op::loop:
        case Op::jcxz:
        case Op::call:
        case Op::call_r:
        case Op::jmp:
        case Op::jmp_r:
        case Op::ret:
            return true;
        default:
            return false;
    }
}

bool is_branch(const isa::Form& form) {
    switch (form.op) {
        case Op::retf:
        case Op::iret:
        case Op::call_far:
        case Op::jmp_far:
            return true;
        default:
            return is_near_branch(form);
    }
}

bool always_faults(const isa::Form& form) {
    using isa::Why;
    switch (form.op) {
        case Op::ud:
        case Op::int3:
        case Op::int1:
        case Op::clac:
        case Op::stac:
            return true;
        default:
            return form.reason == Why::ring3_fault || form.reason == Why::ring3_gate ||
                   form.reason == Why::codoms || form.reason == Why::protection_keys;
    }
}

Assembled assemble(const Sequence& sequence) { return Assembler(sequence).run(); }

}  // namespace stile::fuzz
