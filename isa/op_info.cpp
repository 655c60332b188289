// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "isa/uop.h"

namespace stile::isa {
namespace {

constexpr OpInfo parse(const char* name, OpClass cls, std::string_view spec) {
    const auto has = [spec](char letter) { return spec.find(letter) != std::string_view::npos; };
    return {name,     cls,      has('a'), has('b'), has('c'), has('d'),
            has('r'), has('w'), has('L'), has('S'), has('E')};
}

constexpr OpInfo op_table[] = {
#define STILE_OP(name, cls, spec) parse(#name, OpClass::cls, spec),
#include "isa/ops.def"
#undef STILE_OP
};
static_assert(std::size(op_table) == static_cast<size_t>(Op::count));

}  // namespace

const OpInfo& op_info(Op op) { return op_table[static_cast<size_t>(op)]; }

}  // namespace stile::isa
