// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/encode.h"

#include <algorithm>

#include "isa/decode.h"

namespace stile::fuzz {

using isa::Mandatory;
using isa::Map;
using isa::Place;
using isa::Width;

namespace {

class Encoder {
  public:
    Encoder(const isa::Form& form, const Choice& choice) : f_(form), c_(choice) {}

    Piece run() {
        piece_.form = &f_;
        prefixes();
        opcode();
        if (f_.enc.modrm) modrm();
        immediates();
        return std::move(piece_);
    }

  private:
    void byte(unsigned v) { piece_.bytes.push_back(static_cast<uint8_t>(v)); }
    void number(uint64_t v, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) byte(v >> 8 * i & 0xff);
    }
    void prefixes();
    void opcode();
    void modrm();
    void immediates();
    void fix(Piece::Fix kind, uint64_t target, unsigned bytes) {
        piece_.fix = kind;
        piece_.target = target;
        piece_.fix_at = static_cast<uint8_t>(piece_.bytes.size());
        piece_.fix_bytes = static_cast<uint8_t>(bytes);
        number(0, bytes);
    }

    const isa::Form& f_;
    const Choice& c_;
    Piece piece_;
};

void Encoder::prefixes() {
    std::vector<uint8_t> p;
    const Mandatory m = f_.enc.prefix;
    if (c_.p66 || m == Mandatory::p66) p.push_back(0x66);
    if (c_.addr32) p.push_back(0x67);
    if (c_.segment) p.push_back(c_.segment);
    if (c_.lock) p.push_back(0xf0);
    if (m == Mandatory::pf3)
        p.push_back(0xf3);
    else if (m == Mandatory::pf2)
        p.push_back(0xf2);
    else if (c_.rep)
        p.push_back(c_.rep);
    if (!p.empty()) std::rotate(p.begin(), p.begin() + c_.order % p.size(), p.end());
    if (c_.dead_rex && !p.empty()) byte(0x4f);
    for (const uint8_t b : p) byte(b);

    unsigned rex = c_.w ? 8 : 0;
    if (c_.reg & 8) rex |= 4;
    if (c_.low & 8) rex |= 1;
    if (f_.enc.modrm && !c_.memory && c_.rm & 8) rex |= 1;
    if (c_.memory && c_.address.kind == Address::registers) {
        if (c_.address.base != no_register && c_.address.base & 8) rex |= 1;
        if (c_.address.index != no_register && c_.address.index & 8) rex |= 2;
    }
    if (rex || c_.bare_rex) byte(0x40 | rex);
}

void Encoder::opcode() {
    if (f_.enc.map != Map::one) byte(0x0f);
    if (f_.enc.map == Map::of38) byte(0x38);
    if (f_.enc.map == Map::of3a) byte(0x3a);
    byte(f_.enc.opcode + c_.opcode + (c_.low & 7));
}

void Encoder::modrm() {
    const unsigned reg = (c_.reg & 7) << 3;
    if (!c_.memory) return byte(0xc0 | reg | (c_.rm & 7));
    const Address& a = c_.address;
    if (a.kind == Address::rip) {
        byte(reg | 5);
        return fix(Piece::Fix::address, a.target, 4);
    }
    if (a.kind == Address::absolute) {
        byte(reg | 4);
        byte(0x25);  // neither base nor index
        return number(a.target, 4);
    }
    const bool sib = a.index != no_register || a.base == no_register || (a.base & 7) == 4;
    unsigned mod = a.short_disp ? 0x40 : 0x80;
    if (a.base == no_register)
        mod = 0;
    else if (a.disp == 0 && (a.base & 7) != 5 && !a.short_disp)
        mod = 0;
    byte(mod | reg | (sib ? 4 : a.base & 7));
    if (sib) {
        const unsigned index = a.index == no_register ? 4 : a.index & 7;
        byte(a.scale << 6 | index << 3 | (a.base == no_register ? 5 : a.base & 7));
    }
    if (mod == 0x40) number(static_cast<uint64_t>(a.disp), 1);
    if (mod == 0x80 || a.base == no_register) number(static_cast<uint64_t>(a.disp), 4);
}

void Encoder::immediates() {
    unsigned seen = 0;
    for (const isa::Operand& o : f_.operand) {
        const unsigned bytes = width_of(c_, o.width);
        if (o.place == Place::rel) {
            if (c_.fix == Piece::Fix::none)
                number(c_.imm[0], bytes);
            else
                fix(c_.fix, c_.target, bytes);
        }
        if (o.place == Place::moffs) number(c_.imm[0], c_.addr32 ? 4 : 8);
        if (o.place == Place::imm_sx || o.place == Place::imm_zx) number(c_.imm[seen++], bytes);
    }
}

}  // namespace

unsigned operand_size(const Choice& choice) { return choice.w ? 8 : choice.p66 ? 2 : 4; }

unsigned width_of(const Choice& choice, Width width) {
    isa::Insn insn;
    insn.p66 = choice.p66;
    insn.rex = choice.w ? 0x48 : 0;
    return isa::width_bytes(insn, width);
}

unsigned memory_bytes(const isa::Form& form, const Choice& choice) {
    for (const isa::Operand& o : form.operand) {
        switch (o.place) {
            case Place::none:
            case Place::reg:
            case Place::rm_reg:
            case Place::opcode_reg:
            case Place::acc:
            case Place::imm_sx:
            case Place::imm_zx:
            case Place::rel:
            case Place::sreg:
            case Place::creg:
            case Place::dreg:
            case Place::xmm:
            case Place::cap:
            case Place::cap_rm:
            case Place::fixed:
                break;
            default:  // rm, mem, xmm_rm, moffs and what may join them
                if (const unsigned bytes = width_of(choice, o.width)) return bytes;
        }
    }
    return 0;
}

Piece encode(const isa::Form& form, const Choice& choice) { return Encoder(form, choice).run(); }

Piece known(std::vector<uint8_t> bytes) {
    Piece piece;
    isa::Insn insn;
    if (isa::decode(bytes, insn) == isa::Decoded::ok && insn.length == bytes.size()) piece.form = insn.form;
    piece.bytes = std::move(bytes);
    return piece;
}

Piece known(std::initializer_list<uint8_t> bytes) { return known(std::vector<uint8_t>(bytes)); }

}  // namespace stile::fuzz
