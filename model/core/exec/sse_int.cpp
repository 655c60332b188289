// SPDX-License-Identifier: Apache-2.0
//
// Packed integers and shuffles; what each does is in isa/fp/vector_int.h.
#include "isa/fp/vector_int.h"

#include "model/core/exec/handlers.h"
#include "model/core/exec/vector.h"

namespace stile::model {
namespace {

namespace fp = isa::fp;

template <auto function>
Next binary(Exec& x, const Uop* u) {
    set_whole(x, u->dst, function(whole(x, u->a), whole(x, u->b)));
    return next(x, u);
}

template <auto function>
Next shift_by_register(Exec& x, const Uop* u) {
    set_whole(x, u->dst, function(whole(x, u->a), vec(x, u->b).lo));
    return next(x, u);
}

// Shifts and shuffles that take an immediate.
template <auto function>
Next with_immediate(Exec& x, const Uop* u) {
    set_whole(x, u->dst, function(whole(x, u->a), u->imm));
    return next(x, u);
}

template <auto function>
Next binary_with_immediate(Exec& x, const Uop* u) {
    set_whole(x, u->dst, function(whole(x, u->a), whole(x, u->b), static_cast<unsigned>(u->imm)));
    return next(x, u);
}

}  // namespace

void register_sse_int(HandlerTable& t, Mode) {
#define STILE_REGISTER(name) t.set(Op::name, binary<fp::name<Vec128>>);
    STILE_VECTOR_INT(STILE_REGISTER)
#undef STILE_REGISTER
#define STILE_REGISTER(name)                                   \
    t.set(Op::name##_rr, shift_by_register<fp::name<Vec128>>); \
    t.set(Op::name##_ri, with_immediate<fp::name<Vec128>>);
    STILE_VECTOR_SHIFT(STILE_REGISTER)
#undef STILE_REGISTER
    t.set(Op::psrldq, with_immediate<fp::psrldq<Vec128>>);
    t.set(Op::pslldq, with_immediate<fp::pslldq<Vec128>>);
    t.set(Op::pshufd, with_immediate<fp::pshufd<Vec128>>);
    t.set(Op::pshufhw, with_immediate<fp::pshufhw<Vec128>>);
    t.set(Op::pshuflw, with_immediate<fp::pshuflw<Vec128>>);
    t.set(Op::shufps, binary_with_immediate<fp::shufps<Vec128>>);
    t.set(Op::shufpd, binary_with_immediate<fp::shufpd<Vec128>>);
}

}  // namespace stile::model
