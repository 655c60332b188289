// SPDX-License-Identifier: Apache-2.0
//
// Rows, and the way from an encoding to its row: for each opcode the few rows that mention it, tried in
// order. No two rows match the same encoding (tests/unit/isa), so the order does not matter.
#include "isa/forms.h"

#include <iterator>
#include <vector>

#include "isa/builders.h"
#include "isa/form_text.h"
#include "isa/fp/builders.h"

namespace stile::isa {
namespace {

struct Judgement {
    Oracle cls;
    const char* why;
};
constexpr Judgement judgements[] = {
#define STILE_WHY(name, cls, reason) {Oracle::cls, reason},
#include "isa/oracle.def"
#undef STILE_WHY
};
constexpr const Judgement& judgement(Why why) { return judgements[static_cast<unsigned>(why)]; }

#define STILE_FORM(encoding, mnemonic, operands, builder, op, flags, oracle) \
    Form{parse_encoding(encoding),                                           \
         parse_operands(operands),                                           \
         encoding,                                                           \
         operands,                                                           \
         mnemonic,                                                           \
         build::builder,                                                     \
         Op::op,                                                             \
         parse_flags(flags, flags),                                          \
         Why::oracle,                                                        \
         judgement(Why::oracle).cls,                                         \
         judgement(Why::oracle).why},
constexpr Form form_table[] = {
#include "isa/forms/codoms.def"
#include "isa/forms/integer.def"
#include "isa/forms/mmx.def"
#include "isa/forms/sse.def"
#include "isa/forms/system.def"
#include "isa/forms/x87.def"
};
#undef STILE_FORM

// rows[first[map][opcode] .. first[map][opcode + 1]) mention the opcode.
struct Index {
    uint16_t first[4 * 256 + 1] = {};
    std::vector<uint16_t> rows;

    Index() {
        for (unsigned slot = 0; slot < 4 * 256; ++slot) {
            first[slot] = static_cast<uint16_t>(rows.size());
            for (unsigned row = 0; row < std::size(form_table); ++row) {
                const Encoding& e = form_table[row].enc;
                const unsigned low = static_cast<unsigned>(e.map) * 256 + e.opcode;
                if (slot >= low && slot < low + e.count) rows.push_back(static_cast<uint16_t>(row));
            }
        }
        first[4 * 256] = static_cast<uint16_t>(rows.size());
    }
};

const Index& index() {
    static const Index the_index;
    return the_index;
}

bool prefix_matches(Mandatory wanted, const FormKey& key) {
    switch (wanted) {
        case Mandatory::any:
            return true;
        case Mandatory::none:
            return key.rep == 0 && !key.p66;
        case Mandatory::p66:
            return key.rep == 0 && key.p66;
        case Mandatory::pf3:
            return key.rep == 0xf3;
        case Mandatory::pf2:
            return key.rep == 0xf2;
    }
    return false;
}

}  // namespace

std::span<const Form> forms() { return form_table; }

bool matches(const Encoding& e, const FormKey& key) {
    if (e.map != key.map || key.opcode < e.opcode || key.opcode >= e.opcode + e.count) return false;
    if (!prefix_matches(e.prefix, key) || (e.w >= 0 && e.w != key.w)) return false;
    if (!e.modrm) return true;
    const bool memory = key.modrm < 0xc0;
    if (e.mod != Mod::any && memory != (e.mod == Mod::memory)) return false;
    return (e.reg < 0 || e.reg == (key.modrm >> 3 & 7)) && (e.rm < 0 || e.rm == (key.modrm & 7));
}

const Form* find_form(const FormKey& key, bool* wants_modrm) {
    const Index& i = index();
    const unsigned slot = static_cast<unsigned>(key.map) * 256 + key.opcode;
    for (unsigned n = i.first[slot]; n < i.first[slot + 1]; ++n) {
        const Form& form = form_table[i.rows[n]];
        if (form.enc.modrm && !key.has_modrm_byte) {
            *wants_modrm = true;
            continue;
        }
        if (matches(form.enc, key)) return &form;
    }
    return nullptr;
}

}  // namespace stile::isa
