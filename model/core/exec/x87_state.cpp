// SPDX-License-Identifier: Apache-2.0
//
// The x87 unit as memory images: environment and registers (Intel SDM vol. 1, 8.1.10).
#include "model/core/exec/x87.h"

namespace stile::model::x87 {

namespace fp = isa::fp;

namespace {

// Two bits per physical register: valid, zero, special, empty.
uint16_t tag_word(const X87State& s) {
    uint16_t word = 0;
    for (unsigned p = 0; p < 8; ++p) {
        unsigned code = 3;
        if (s.tag >> p & 1) {
            const Number n = fp::unpack(get(s, (p - s.top) & 7));
            const bool valid = n.cls == fp::Class::finite && !n.denormal;
            code = valid ? 0 : n.cls == fp::Class::zero ? 1 : 2;
        }
        word |= static_cast<uint16_t>(code << 2 * p);
    }
    return word;
}

}  // namespace

unsigned environment_bytes(bool wide) { return wide ? 28 : 14; }

void save_environment(const X87State& s, bool wide, uint8_t* out) {
    const uint16_t words[] = {s.control, status_word(s), tag_word(s)};
    std::memset(out, 0, environment_bytes(wide));
    for (unsigned i = 0; i < 3; ++i) {
        std::memcpy(out + i * (wide ? 4 : 2), &words[i], 2);
        if (wide) std::memset(out + i * 4 + 2, 0xff, 2);
    }
    if (wide) std::memset(out + 26, 0xff, 2);
}

void load_environment(X87State& s, bool wide, const uint8_t* in) {
    uint16_t words[3];
    for (unsigned i = 0; i < 3; ++i) std::memcpy(&words[i], in + i * (wide ? 4 : 2), 2);
    s.tag = 0;
    for (unsigned p = 0; p < 8; ++p) {
        if ((words[2] >> 2 * p & 3) != 3) s.tag |= static_cast<uint8_t>(1 << p);
    }
    s.status = 0;
    set_control(s, words[0]);
    set_status_word(s, words[1]);
}

void save_registers(const X87State& s, uint8_t* out, unsigned stride) {
    for (unsigned i = 0; i < 8; ++i) {
        const Ext v = get(s, i);
        std::memcpy(out + i * stride, &v.sig, 8);
        std::memcpy(out + i * stride + 8, &v.se, 2);
    }
}

void load_registers(X87State& s, const uint8_t* in, unsigned stride) {
    const uint8_t tag = s.tag;
    for (unsigned i = 0; i < 8; ++i) {
        Ext v;
        std::memcpy(&v.sig, in + i * stride, 8);
        std::memcpy(&v.se, in + i * stride + 8, 2);
        set(s, i, v);
    }
    s.tag = tag;
}

}  // namespace stile::model::x87
