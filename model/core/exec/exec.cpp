// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/exec.h"

#include "model/core/page_walker.h"

namespace stile::model {

Next raise(Exec& x, const Uop* u, Vector vector) {
    x.fault = {vector, false, 0, 0};
    return raise(x, u);
}

Next raise_error(Exec& x, const Uop* u, Vector vector, uint32_t error) {
    x.fault = {vector, true, error, 0};
    return raise(x, u);
}

uint64_t read_rflags(const Exec& x) { return (x.s.rflags_system & ~flag::arithmetic) | 2 | flags_of(x); }

void write_rflags(Exec& x, uint64_t value) {
    x.f.set_plain(static_cast<uint32_t>(value) & flag::arithmetic);
    x.s.rflags_system = (static_cast<uint32_t>(value) & ~flag::arithmetic) | 2;
}

namespace {

// Of the bytes that an access is made of (Intel SDM vol. 3, table 6-7, and for 16 bytes at any address what
// AMD's processors do; Intel's may do so).
unsigned alignment(const Uop* u, unsigned bytes) {
    if (isa::op_info(u->op).cls == isa::OpClass::string || u->op == Op::iret || u->op == Op::retf ||
        u->op == Op::call_far)
        return u->size;
    if (u->op == Op::maskmov) return bytes == 16 ? 8 : 1;  // the operand; then its selected runs
    if (u->op == Op::mmaskmov) return bytes == 8 ? 8 : 1;
    if (u->op == Op::sgdt || u->op == Op::sidt) return 4;
    switch (bytes) {
        case 1:
        case 2:
        case 4:
        case 8:
        case 16:
            return bytes;
        case 10:  // extended precision
            return 8;
        case 14:  // x87 environment and state of 16-bit code
        case 94:
            return 2;
        default:
            return 4;
    }
}

}  // namespace

// Nothing is checked where the software TLB answers: it holds nothing while this matters (Core::Impl::sync).
bool aligned(Exec& x, const Uop* u, uint64_t vaddr, unsigned bytes) {
    if (!alignment_checked(x.s) || (vaddr & (alignment(u, bytes) - 1)) == 0) return true;
    if (!canonical(vaddr) || !canonical(vaddr + bytes - 1)) return true;  // comes first
    x.fault = {VEC_AC, true, 0, 0};
    return false;
}

namespace {

// A non-canonical address is a stack fault where the stack segment is the one used, by RSP or RBP as base.
bool on_stack(const Uop* u) {
    if (u->seg != isa::SEG_NONE) return false;
    switch (u->op) {
        case Op::push8:
        case Op::pop8:
        case Op::call:
        case Op::call_r:
        case Op::call_far:
        case Op::ret:
        case Op::retf:
        case Op::iret:
            return true;
        default:
            return u->stack || u->a == isa::RSP || u->a == isa::RBP;
    }
}

bool refused(Exec& x, const Uop* u) {
    if (x.fault.vector == VEC_GP && on_stack(u)) x.fault.vector = VEC_SS;
    return false;
}

}  // namespace

bool read_memory(Exec& x, const Uop* u, uint64_t vaddr, void* out, unsigned bytes, bool will_write) {
    x.storing = nullptr;
    if (!aligned(x, u, vaddr, bytes)) return false;
    return x.mmu->read(vaddr, out, bytes, x.fault, u->insn, will_write) || refused(x, u);
}

bool write_memory(Exec& x, const Uop* u, uint64_t vaddr, const void* in, unsigned bytes) {
    x.storing = u;
    if (!aligned(x, u, vaddr, bytes)) return false;
    return x.mmu->write(vaddr, in, bytes, x.fault, u->insn) || refused(x, u);
}

}  // namespace stile::model
