// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/handlers.h"

#include "model/core/exec/groups.h"

namespace stile::model {

namespace {

HandlerTable make(Mode mode) {
    HandlerTable table;
    for (const auto add :
         {register_alu, register_shift, register_muldiv, register_memory, register_branch, register_string,
          register_system, register_gates, register_far, register_codoms, register_capabilities, register_sse_move, register_sse_int,
          register_sse_arith, register_sse_convert, register_mmx, register_x87})
        add(table, mode);
    return table;
}

}  // namespace

Handler HandlerTable::select(const Uop& u) const {
    const Row& r = rows_[static_cast<size_t>(u.op)];
    if (r.by_condition) return r.by_condition[u.aux & 15];
    if (r.segmented && u.seg != isa::SEG_NONE) return r.segmented;
    if (r.unindexed && u.b == isa::ZERO) return r.unindexed;
    return r.handler;
}

const HandlerTable& handlers(Mode mode) {
    static const HandlerTable tables[] = {make(Mode::functional), make(Mode::timed), make(Mode::buffered)};
    return tables[static_cast<size_t>(mode)];
}

}  // namespace stile::model
