// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/plant/plant.h"

#include <utility>

namespace stile::fuzz {

namespace {

bool stopped;

Next stop(Exec&, const Uop*) {
    stopped = true;
    return nullptr;
}

}  // namespace

std::function<void(model::Core::Impl&)> in_every_block(std::function<void(model::Block&)> edit) {
    return [edit = std::move(edit)](model::Core::Impl& core) { core.translated = edit; };
}

std::function<void(model::Core::Impl&)> in_every_uop(Edit edit) {
    return in_every_block([edit = std::move(edit)](model::Block& b) {
        for (Uop& u : b.code.uops) edit(u, b);
    });
}

std::function<void(model::Core::Impl&)> replace(std::vector<Replacement> replacements) {
    return in_every_uop([replacements = std::move(replacements)](Uop& u, model::Block&) {
        for (const Replacement& r : replacements)
            if (u.op == r.op) set_handler(u, r.handler);
    });
}

void set_handler(Uop& u, Handler handler) { u.handler = reinterpret_cast<const void*>(handler); }

Handler own_handler(Exec& x, const Uop& u) { return model::handlers(model::impl_of(x).mode()).select(u); }

namespace {

bool run_alone(Exec& x, const Uop* u, Handler handler, Next& result) {
    Uop pair[2] = {*u, *u};
    set_handler(pair[1], stop);
    stopped = false;
    const Next to = handler(x, pair);
    if (x.at == pair) x.at = u;
    if (x.storing == pair) x.storing = u;
    if (stopped || to == pair + 1) return true;
    result = to;
    return false;
}

}  // namespace

bool alone(Exec& x, const Uop* u, Next& result) { return run_alone(x, u, own_handler(x, *u), result); }

Next as_usual(Exec& x, const Uop* u) {
    Next out;
    return alone(x, u, out) ? model::next_unwound(u) : out;
}

Next as(Exec& x, const Uop* u, Op op) {
    Uop other = *u;
    other.op = op;
    Next out;
    return run_alone(x, u, own_handler(x, other), out) ? model::next_unwound(u) : out;
}

}  // namespace stile::fuzz
