// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/plant/plant.h"

namespace stile::fuzz {

namespace {

using isa::RCX;
using isa::RSP;
using model::effective;
using model::raise;

Next movs_upwards(Exec& x, const Uop* u) {
    const uint32_t direction = x.s.rflags_system & model::flag::DF;
    x.s.rflags_system &= ~direction;
    Next out;
    const bool done = alone(x, u, out);
    x.s.rflags_system |= direction;
    return done ? model::next_unwound(u) : out;
}

// A repetition that faults has its count back.
Next forgets_progress(Exec& x, const Uop* u) {
    const uint64_t count = x.s.r[RCX];
    Next out;
    if (alone(x, u, out)) return model::next_unwound(u);
    if (x.exit == model::Exit::fault) x.s.r[RCX] = count;
    return out;
}

// What lies on the second page is checked, and not written.
template <typename T>
Next store_first_page(Exec& x, const Uop* u) {
    const uint64_t at = effective(x, u), room = 0x1000 - (at & 0xfff);
    if (room >= sizeof(T)) return as_usual(x, u);
    uint8_t second;
    if (!model::read_memory(x, u, at, &second, 1, true)) return raise(x, u);
    if (!model::read_memory(x, u, at + room, &second, 1, true)) return raise(x, u);
    if (!model::write_memory(x, u, at, &x.s.r[u->c], static_cast<unsigned>(room))) return raise(x, u);
    return model::next_unwound(u);
}

Next push_moves_first(Exec& x, const Uop* u) {
    const uint64_t value = x.s.r[u->c];
    x.s.r[RSP] -= 8;
    if (!model::write_memory(x, u, x.s.r[RSP], &value, 8)) return raise(x, u);
    return model::next_unwound(u);
}

Next pop_moves_first(Exec& x, const Uop* u) {
    uint64_t value;
    x.s.r[RSP] += 8;
    if (!model::read_memory(x, u, x.s.r[RSP] - 8, &value, 8)) return raise(x, u);
    x.s.r[u->dst] = value;
    return model::next_unwound(u);
}

bool page_fault(const Exec& x, const Uop* u) {
    return x.exit == model::Exit::fault && x.at == u && x.fault.vector == model::VEC_PF;
}

// CR2: where the access begins, whichever page refused it.
Next first_byte_in_cr2(Exec& x, const Uop* u) {
    const uint64_t at = effective(x, u);
    Next out;
    if (alone(x, u, out)) return model::next_unwound(u);
    if (page_fault(x, u)) x.fault.address = at;
    return out;
}

Next write_said_to_be_read(Exec& x, const Uop* u) {
    Next out;
    if (alone(x, u, out)) return model::next_unwound(u);
    if (page_fault(x, u)) x.fault.error &= ~model::PF_WRITE;
    return out;
}

// A read-modify-write that is not checked for writing before it reads: the store faults afterwards, and what
// came in between stays.
template <typename T>
Next load_unchecked(Exec& x, const Uop* u) {
    T value;
    if (!model::read_memory(x, u, effective(x, u), &value, sizeof value)) return raise(x, u);
    x.s.r[u->dst] = value;
    return model::next_unwound(u);
}

}  // namespace

const std::vector<Bug>& memory_bugs() {
    static const std::vector<Bug> bugs{
        {"MovsIgnoresDirection", "movs with DF set goes up", "movs", replace({{Op::movs, movs_upwards}})},
        {"FaultingRepetitionForgetsProgress", "rep movs, rep stos that fault: rcx as at the start",
         "movs|stos", replace({{Op::movs, forgets_progress}, {Op::stos, forgets_progress}})},
        {"CrossingStoreIsCut", "a store over a page boundary writes the first page only", "",
         replace({{Op::st2, store_first_page<uint16_t>},
                  {Op::st4, store_first_page<uint32_t>},
                  {Op::st8, store_first_page<uint64_t>}})},
        {"PushIsNotUndone", "push that faults: rsp has moved", "push",
         replace({{Op::push8, push_moves_first}})},
        {"PopIsNotUndone", "pop that faults: rsp has moved", "pop", replace({{Op::pop8, pop_moves_first}})},
        {"WrongCr2", "page fault on the second page of an access: CR2 is the access's first byte", "",
         replace({{Op::ld2, first_byte_in_cr2},
                  {Op::ld4, first_byte_in_cr2},
                  {Op::ld8, first_byte_in_cr2},
                  {Op::st4, first_byte_in_cr2},
                  {Op::st8, first_byte_in_cr2}})},
        {"WriteFaultSaysRead", "page fault of a store: the error code lacks W", "",
         replace({{Op::st1, write_said_to_be_read},
                  {Op::st4, write_said_to_be_read},
                  {Op::st8, write_said_to_be_read}})},
        {"ReadModifyWriteChecksLate", "add m, r to a read-only page: flags changed when it faults", "",
         replace({{Op::ldw1, load_unchecked<uint8_t>},
                  {Op::ldw4, load_unchecked<uint32_t>},
                  {Op::ldw8, load_unchecked<uint64_t>}})},
        {"SegmentBaseIgnored", "loads through fs and gs: base 0",
         "fs:|gs:", in_every_uop([](Uop& u, model::Block& b) {
             const bool ends = &u == &b.code.uops.back();
             if (!ends && u.seg != isa::SEG_NONE && isa::op_info(u.op).load) u.seg = isa::SEG_NONE;
         })},
        {"RetKeepsItsArguments", "ret imm16: rsp moves by 8 only", "ret",
         in_every_uop([](Uop& u, model::Block&) {
             if (u.op == Op::ret) u.imm = 0;
         })},
    };
    return bugs;
}

}  // namespace stile::fuzz
