// SPDX-License-Identifier: Apache-2.0
#include "isa/decode.h"

#include "isa/translate.h"

namespace stile::isa {
namespace {

// Reads bytes up to the architectural limit and remembers why it could not.
class Cursor {
  public:
    explicit Cursor(std::span<const uint8_t> code) : code_(code) {}

    bool peek(uint8_t& byte) {
        if (!room(1)) return false;
        byte = code_[pos_];
        return true;
    }
    bool byte(uint8_t& out) { return peek(out) && ++pos_; }
    // Little-endian, sign-extended from `bytes`.
    bool number(unsigned bytes, uint64_t& out) {
        if (!room(bytes)) return false;
        uint64_t v = 0;
        for (unsigned i = 0; i < bytes; ++i) v |= uint64_t{code_[pos_ + i]} << 8 * i;
        pos_ += bytes;
        const unsigned spare = 64 - 8 * bytes;
        out = static_cast<uint64_t>(static_cast<int64_t>(v << spare) >> spare);
        return true;
    }
    unsigned pos() const { return pos_; }
    Decoded failure() const { return too_long_ ? Decoded::too_long : Decoded::truncated; }

  private:
    bool room(unsigned bytes) {
        if (pos_ + bytes > max_instruction_bytes) too_long_ = true;
        return !too_long_ && pos_ + bytes <= code_.size();
    }

    std::span<const uint8_t> code_;
    unsigned pos_ = 0;
    bool too_long_ = false;
};

// Legacy prefixes and REX; REX counts only right before the opcode. Segment overrides other than FS and GS
// mean nothing in 64-bit mode.
bool prefixes(Cursor& c, Insn& out) {
    uint8_t b = 0;
    while (c.peek(b)) {
        switch (b) {
            case 0x66:
                out.p66 = true;
                break;
            case 0x67:
                out.addr32 = true;
                break;
            case 0xf0:
                out.lock = true;
                break;
            case 0xf2:
            case 0xf3:
                out.rep = b;
                break;
            case 0x64:
                out.seg = SEG_FS;
                break;
            case 0x65:
                out.seg = SEG_GS;
                break;
            case 0x26:
            case 0x2e:
            case 0x36:
            case 0x3e:
                break;
            default:
                if ((b & 0xf0) != 0x40) return true;
                out.rex = b;
                c.byte(b);
                continue;
        }
        out.rex = 0;
        c.byte(b);
    }
    return false;
}

bool opcode(Cursor& c, Insn& out) {
    if (!c.byte(out.opcode)) return false;
    if (out.opcode != 0x0f) return true;
    out.map = Map::of;
    if (!c.byte(out.opcode)) return false;
    if (out.opcode != 0x38 && out.opcode != 0x3a) return true;
    out.map = out.opcode == 0x38 ? Map::of38 : Map::of3a;
    return c.byte(out.opcode);
}

bool address(Cursor& c, Insn& out) {
    out.memory = true;
    if (out.rm_low == 4) {
        uint8_t sib = 0;
        if (!c.byte(sib)) return false;
        const uint8_t index = (sib >> 3 & 7) | (out.rex & 2 ? 8 : 0), base = sib & 7;
        out.scale = sib >> 6;
        out.index = index == 4 ? uint8_t{ZERO} : index;
        out.base =
            base == 5 && out.mod == 0 ? uint8_t{ZERO} : static_cast<uint8_t>(base | (out.rex & 1 ? 8 : 0));
        if (base == 5 && out.mod == 0) {
            uint64_t disp = 0;
            if (!c.number(4, disp)) return false;
            out.disp = static_cast<int32_t>(disp);
        }
    } else if (out.rm_low == 5 && out.mod == 0) {
        uint64_t disp = 0;
        if (!c.number(4, disp)) return false;
        out.disp = static_cast<int32_t>(disp);
        out.rip_relative = true;
    } else {
        out.base = out.rm;
    }
    if (out.mod == 0) return true;
    uint64_t disp = 0;
    if (!c.number(out.mod == 1 ? 1 : 4, disp)) return false;
    out.disp = static_cast<int32_t>(disp);
    return true;
}

unsigned immediate_bytes(const Insn& insn, const Operand& operand) {
    switch (operand.place) {
        case Place::imm_sx:
        case Place::imm_zx:
        case Place::rel:
            return width_bytes(insn, operand.width);
        case Place::moffs:
            return insn.addr32 ? 4 : 8;
        default:
            return 0;
    }
}

bool immediates(Cursor& c, Insn& out) {
    unsigned seen = 0;
    for (const Operand& operand : out.form->operand) {
        const unsigned bytes = immediate_bytes(out, operand);
        if (bytes == 0) continue;
        uint64_t v = 0;
        if (!c.number(bytes, v)) return false;
        const bool unsign = operand.place == Place::imm_zx || operand.place == Place::moffs;
        if (unsign && bytes < 8) v &= (uint64_t{1} << 8 * bytes) - 1;
        (seen++ == 0 ? out.imm : out.imm2) = v;
    }
    return true;
}

// VEX and EVEX instructions, which have no rows: how many bytes there are up to the opcode.
unsigned vector_prefix_bytes(const Insn& insn) {
    if (insn.map != Map::one) return 0;
    return insn.opcode == 0xc5 ? 3 : insn.opcode == 0xc4 ? 4 : insn.opcode == 0x62 ? 5 : 0;
}

// mov to and from control and debug registers ignores ModRM.mod: the operand is always a register.
bool registers_only(const Form& form) {
    for (const Operand& o : form.operand)
        if (o.place == Place::creg || o.place == Place::dreg) return true;
    return false;
}

}  // namespace

unsigned width_bytes(const Insn& insn, Width width) {
    switch (width) {
        case Width::b:
            return 1;
        case Width::w:
            return 2;
        case Width::d:
            return 4;
        case Width::q:
            return 8;
        case Width::o:
            return 16;
        case Width::t:
            return 10;
        case Width::v:
            return insn.operand_size();
        case Width::y:
            return insn.w() ? 8 : 4;
        case Width::s:
            return insn.p66 && !insn.w() ? 2 : 8;
        case Width::z:
            return insn.operand_size() == 2 ? 2 : 4;
        case Width::none:
            break;
    }
    return 0;
}

Decoded decode(std::span<const uint8_t> code, Insn& out) {
    out = Insn{};
    Cursor c(code);
    if (!prefixes(c, out) || !opcode(c, out)) return c.failure();
    FormKey key{out.map, out.opcode, out.p66, out.w(), out.rep, 0, false};
    key.has_modrm_byte = c.peek(key.modrm);
    bool wants_modrm = false;
    out.form = find_form(key, &wants_modrm);
    out.length = static_cast<uint8_t>(c.pos());
    if (out.form == nullptr) {
        const unsigned vector = vector_prefix_bytes(out);
        const bool complete = vector == 0 || out.length - 1 + vector <= code.size();
        if (wants_modrm) return c.failure();
        return complete ? Decoded::no_form : Decoded::truncated;
    }
    if (out.form->enc.modrm) {
        uint8_t modrm = 0;
        c.byte(modrm);
        out.mod = modrm >> 6;
        out.reg_low = modrm >> 3 & 7;
        out.rm_low = modrm & 7;
        out.reg = out.reg_low | (out.rex & 4 ? 8 : 0);
        out.rm = out.rm_low | (out.rex & 1 ? 8 : 0);
        if (registers_only(*out.form)) out.mod = 3;
        if (out.mod != 3 && !address(c, out)) return c.failure();
    }
    if (!immediates(c, out)) return c.failure();
    out.length = static_cast<uint8_t>(c.pos());
    return Decoded::ok;
}

}  // namespace stile::isa
