// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/plant.h"

#include <array>
#include <unordered_map>
#include <utility>

namespace stile::test {

namespace {

using model::Block;
using model::Exec;
using model::Handler;
using model::Mode;
using model::Next;
using model::Op;
using model::Uop;
using Impl = model::Core::Impl;

void set_handler(Uop& u, Handler h) { u.handler = reinterpret_cast<const void*>(h); }
Handler usual(const Uop* u) { return model::handlers(Mode::buffered).select(*u); }

Plant replacing(Op op, Handler h) {
    return [=](Impl& core) {
        core.translated = [=](Block& b) {
            for (Uop& u : b.code.uops)
                if (u.op == op) set_handler(u, h);
        };
    };
}

Next overtake(Exec& x, const Uop* u) {
    if (!model::store_fast<Mode::buffered>(x, u, model::effective(x, u), static_cast<uint32_t>(u->imm)))
        return usual(u)(x, u);
    if (x.buffer->size() >= 2 && x.buffer->entry(1).bytes == 4)
        std::swap(x.buffer->entry(0), x.buffer->entry(1));
    return model::next_unwound(u);
}

Next look_at_memory(Exec& x, const Uop* u) { return model::handlers(Mode::timed).select(*u)(x, u); }

std::array<std::unordered_map<uint64_t, uint32_t>, 4> stale;

Next keep_line(Exec& x, const Uop* u) {
    uint32_t v;
    const uint64_t vaddr = model::effective(x, u);
    if (!model::load_fast<Mode::buffered>(x, u, vaddr, v)) return usual(u)(x, u);
    x.s.r[u->dst] = stale[model::impl_of(x).id].emplace(vaddr, v).first->second;
    return model::next_unwound(u);
}

}  // namespace

Plant without_draining(Op op) {
    return [op](Impl& core) {
        core.translated = [op](Block& b) {
            for (const Uop& u : b.code.uops)
                if (u.op == op) b.drains = false;
        };
    };
}

Plant not_first_in_first_out() { return replacing(Op::sti4, overtake); }
Plant without_forwarding() { return replacing(Op::ld4, look_at_memory); }
Plant lost_invalidation() {
    return [](Impl& core) {
        stale[core.id].clear();
        replacing(Op::ld4, keep_line)(core);
    };
}

}  // namespace stile::test
