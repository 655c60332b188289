// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/exec.h"

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

bool read_memory(Exec& x, const Uop* u, uint64_t vaddr, void* out, unsigned bytes, bool will_write) {
    x.storing = nullptr;
    return x.mmu->read(vaddr, out, bytes, x.fault, u->insn, will_write);
}

bool write_memory(Exec& x, const Uop* u, uint64_t vaddr, const void* in, unsigned bytes) {
    x.storing = u;
    return x.mmu->write(vaddr, in, bytes, x.fault, u->insn);
}

}  // namespace stile::model
