// SPDX-License-Identifier: Apache-2.0
//
// The groups of handlers, one function per source file, and what several of them share.
#pragma once

#include <array>
#include <utility>

#include "model/core/exec/handlers.h"

namespace stile::model {

void register_alu(HandlerTable& table, Mode mode);
void register_shift(HandlerTable& table, Mode mode);
void register_muldiv(HandlerTable& table, Mode mode);
void register_memory(HandlerTable& table, Mode mode);
void register_branch(HandlerTable& table, Mode mode);
void register_string(HandlerTable& table, Mode mode);
void register_system(HandlerTable& table, Mode mode);
void register_gates(HandlerTable& table, Mode mode);
void register_far(HandlerTable& table, Mode mode);
void register_codoms(HandlerTable& table, Mode mode);
void register_capabilities(HandlerTable& table, Mode mode);
void register_sse_move(HandlerTable& table, Mode mode);
void register_sse_int(HandlerTable& table, Mode mode);
void register_sse_arith(HandlerTable& table, Mode mode);
void register_sse_convert(HandlerTable& table, Mode mode);
void register_mmx(HandlerTable& table, Mode mode);
void register_x87(HandlerTable& table, Mode mode);

uint64_t settable_flags(const Exec& x);  // by popf and iret, at the present privilege

// F<cc>::run for each of the sixteen conditions.
template <template <unsigned> class F>
constexpr std::array<Handler, 16> by_condition() {
    return []<size_t... cc>(std::index_sequence<cc...>) { return std::array<Handler, 16>{&F<cc>::run...}; }
    (std::make_index_sequence<16>());
}

}  // namespace stile::model
