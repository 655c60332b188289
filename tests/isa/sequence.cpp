// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/sequence.h"

#include <algorithm>

namespace stile::fuzz {

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
constexpr unsigned exit_bytes = 5;               // jmp rel32
constexpr uint8_t padding = 0xcc;                // int3

class Assembler {
  public:
    explicit Assembler(const Sequence& sequence) : sequence_(sequence) {}
    Assembled run();

  private:
    void place();
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
            if (piece.form && (flags_read(*piece.form) & undefined)) {
                out_.places.push_back({size_, nullptr, undefined, 0});
                size_ += sizeof guard;
                undefined = 0;
            }
            const uint32_t before = undefined;
            if (piece.form) undefined = (before & ~flags_defined(*piece.form)) | flags_undefined(*piece.form);
            out_.places.push_back({size_, &piece, before, undefined});
            size_ += static_cast<unsigned>(piece.bytes.size());
        }
    }
    unit_at_.push_back(size_);
    if (sequence_.at_page_end) return;
    if (!out_.linear) undefined = everywhere;
    out_.places.push_back({size_, nullptr, undefined, undefined});
    size_ += exit_bytes;
}

void Assembler::write(const Assembled::Place& place) {
    if (!place.piece) {
        const bool last = place.address == unit_at_.back() && !sequence_.at_page_end;
        if (!last) return put(place.address, guard, sizeof guard);
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
    out_.program.entry = entry;
    out_.program.code.assign(slot_bytes, padding);
    for (const auto& place : out_.places) write(place);
    return std::move(out_);
}

}  // namespace

uint32_t flags_undefined(const isa::Form& form) { return flags_marked(form, "u"); }
uint32_t flags_defined(const isa::Form& form) { return flags_marked(form, "wb01"); }
uint32_t flags_read(const isa::Form& form) { return flags_marked(form, "rb"); }

bool is_branch(const isa::Form& form) {
    switch (form.op) {
        case isa::Op::jcc:
        case isa::Op::loop:
        case isa::Op::jcxz:
        case isa::Op::call:
        case isa::Op::call_r:
        case isa::Op::jmp:
        case isa::Op::jmp_r:
        case isa::Op::ret:
        case isa::Op::retf:
        case isa::Op::iret:
            return true;
        default:
            return false;
    }
}

bool always_faults(const isa::Form& form) {
    using isa::Why;
    switch (form.op) {
        case isa::Op::ud:
        case isa::Op::int3:
        case isa::Op::int1:
            return true;
        default:
            return form.reason == Why::ring3_fault || form.reason == Why::ring3_gate ||
                   form.reason == Why::codoms;
    }
}

Assembled assemble(const Sequence& sequence) { return Assembler(sequence).run(); }

}  // namespace stile::fuzz
