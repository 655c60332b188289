// SPDX-License-Identifier: Apache-2.0
#include "model/core/exec/fp_groups.h"

namespace stile::model {

void register_sse_move(HandlerTable& table, bool timed);
void register_sse_int(HandlerTable& table, bool timed);
void register_sse_arith(HandlerTable& table, bool timed);
void register_sse_convert(HandlerTable& table, bool timed);
void register_x87(HandlerTable& table, bool timed);

void register_fp(HandlerTable& table, bool timed) {
    register_sse_move(table, timed);
    register_sse_int(table, timed);
    register_sse_arith(table, timed);
    register_sse_convert(table, timed);
    register_x87(table, timed);
}

}  // namespace stile::model
