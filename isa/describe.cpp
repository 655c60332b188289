// SPDX-License-Identifier: Apache-2.0
#include "isa/describe.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "isa/decode.h"
#include "isa/emit.h"

namespace stile::isa {
namespace {

// Registers of a sample: ModRM.reg, ModRM.rm, the base of a memory operand and the register of an opcode are
// all different, and none of them is one that instructions use by themselves.
constexpr unsigned sample_reg = 9, sample_rm = 10, sample_base = 11, sample_capability = 2;

struct Choice {
    bool memory, w, p66;
    unsigned reg;  // ModRM.reg with REX.R, where the row leaves it open
};

std::vector<uint8_t> encode(const Form& form, const Choice& choice) {
    const Encoding& e = form.enc;
    std::vector<uint8_t> code;
    if (e.prefix == Mandatory::p66 || choice.p66) code.push_back(0x66);
    if (e.prefix == Mandatory::pf3) code.push_back(0xf3);
    if (e.prefix == Mandatory::pf2) code.push_back(0xf2);
    const unsigned reg = e.reg >= 0 ? static_cast<unsigned>(e.reg) : choice.reg;
    const bool capability =
        std::ranges::any_of(form.operand, [](const Operand& o) { return o.place == Place::cap_rm; });
    const unsigned rm = e.rm >= 0       ? static_cast<unsigned>(e.rm)
                        : choice.memory ? sample_base
                        : capability    ? sample_capability
                                        : sample_rm;
    const bool opcode_register =
        std::ranges::any_of(form.operand, [](const Operand& o) { return o.place == Place::opcode_reg; });
    unsigned rex = 0x40 | (choice.w ? 8 : 0);
    if (e.modrm) rex |= (reg & 8 ? 4 : 0) | (rm & 8 ? 1 : 0);
    if (opcode_register) rex |= 1;
    if (rex != 0x40) code.push_back(static_cast<uint8_t>(rex));
    if (e.map != Map::one) code.push_back(0x0f);
    if (e.map == Map::of38) code.push_back(0x38);
    if (e.map == Map::of3a) code.push_back(0x3a);
    code.push_back(static_cast<uint8_t>(e.opcode + (opcode_register && e.count > 2 ? 2 : 0)));
    if (e.modrm) code.push_back(static_cast<uint8_t>((choice.memory ? 0 : 0xc0) | (reg & 7) << 3 | (rm & 7)));
    code.resize(code.size() + 10, 1);  // immediates: a shift by 0 would do nothing
    return code;
}

struct Sample {
    Insn insn;
    std::vector<Uop> uops;
};

std::optional<Sample> sample(const Form& form, const Choice& choice) {
    Sample s;
    if (decode(encode(form, choice), s.insn) != Decoded::ok || s.insn.form != &form) return {};
    Emitter emitter(s.uops, s.insn, 0, 0);
    form.build(emitter);
    if (emitter.is_invalid()) return {};
    return s;
}

// One sample per operand size, of registers or of memory; the first register number that makes a valid
// instruction.
std::vector<Sample> samples(const Form& form, bool memory) {
    std::vector<Sample> out;
    if (form.enc.mod != Mod::any && memory != (form.enc.mod == Mod::memory)) return out;
    if (!form.enc.modrm && memory) return out;
    for (const auto& [w, p66] : {std::pair{false, false}, {true, false}, {false, true}})
        for (const unsigned reg : {sample_reg, 1u, 0u, 2u, 3u})
            if (auto s = sample(form, {memory, w, p66, reg})) {
                out.push_back(std::move(*s));
                break;
            }
    return out;
}

// Address registers of a micro-op are no operands; of a load or store they are a and b.
bool addressed(const Uop& u) {
    const OpInfo& info = op_info(u.op);
    return info.reads_a && info.reads_b && (info.load || info.store);
}

bool reads(const Uop& u, unsigned reg) {
    const OpInfo& info = op_info(u.op);
    if (info.reads_c && u.c == reg) return true;
    return !addressed(u) && ((info.reads_a && u.a == reg) || (info.reads_b && u.b == reg));
}

struct Use {
    bool read = false, written = false, address = false;
    void add(const Use& other) {
        read |= other.read;
        written |= other.written;
        address |= other.address;
    }
    std::string text() const {
        return read || written ? std::string(read ? "r" : "") + (written ? "w" : "") : address ? "a" : "";
    }
};

Use use_of_memory(const Sample& s) {
    Use use;
    for (const Uop& u : s.uops) {
        const OpInfo& info = op_info(u.op);
        // The stack is no operand, nor are the pages that enter looks at.
        const bool here = u.a == s.insn.base || u.a == T3 || !s.insn.memory;
        if (!here) continue;
        use.address = true;
        use.read |= info.load;
        use.written |= info.store;
    }
    return use;
}

Use use_of_register(const Sample& s, unsigned reg) {
    Use use;
    for (const Uop& u : s.uops) {
        const OpInfo& info = op_info(u.op);
        use.read |= reads(u, reg);
        use.written |= info.writes_dst && u.dst == reg;
    }
    return use;
}

Use use_of_capability(const Form& form, unsigned i) {
    switch (form.op) {
        case Op::cd_capld:
        case Op::cd_capmk:
        case Op::cd_cappop:
            return {false, true, false};
        case Op::cd_caprst:
        case Op::cd_capasy:
        case Op::cd_capsyn:
            return {true, true, false};
        case Op::cd_capmov:
            return {i != 0, i == 0, false};
        default:
            return {true, false, false};
    }
}

Use use_of(const Form& form, const Sample& s, unsigned i) {
    std::vector<Uop> unused;
    const Emitter e(unused, s.insn, 0, 0);
    switch (form.operand[i].place) {
        case Place::none:
            return {};
        case Place::imm_sx:
        case Place::imm_zx:
        case Place::rel:
            return {true, false, false};
        // Registers of their own kinds, which micro-ops name by number: the first operand is the one written.
        case Place::sreg:
        case Place::creg:
        case Place::dreg:
            return {i != 0, i == 0, false};
        case Place::cap:
        case Place::cap_rm:
            return use_of_capability(form, i);
        case Place::fixed: {
            const std::string_view text = form.operands;
            if (text.find("st") != std::string_view::npos) return use_of_register(s, X87);
            return {true, false, false};
        }
        case Place::xmm:
            return use_of_register(s, XMM0 + s.insn.reg);
        case Place::mmx:
            return use_of_register(s, MMX0 + s.insn.reg_low);
        case Place::xmm_rm:
            return s.insn.memory ? use_of_memory(s) : use_of_register(s, XMM0 + s.insn.rm);
        case Place::mmx_rm:
            return s.insn.memory ? use_of_memory(s) : use_of_register(s, MMX0 + s.insn.rm_low);
        default:
            return e.in_memory(i) ? use_of_memory(s) : use_of_register(s, e.reg_number(i));
    }
}

std::vector<OpClass> classes_of(const std::vector<Sample>& all) {
    std::vector<OpClass> out;
    for (const Sample& s : all)
        for (const Uop& u : s.uops) {
            const OpClass cls = op_info(u.op).cls;
            if (cls != OpClass::none && std::ranges::find(out, cls) == out.end()) out.push_back(cls);
        }
    return out;
}

}  // namespace

Description describe(const Form& form) {
    Description d;
    const std::vector<Sample> of_registers = samples(form, false), of_memory = samples(form, true);
    for (unsigned i = 0; i < 4; ++i) {
        Use use;
        for (const auto* list : {&of_registers, &of_memory})
            for (const Sample& s : *list) use.add(use_of(form, s, i));
        d.access[i] = use.text();
    }
    constexpr std::string_view names = "OSZAPC", undefined = "oszapc";
    for (unsigned i = 0; i < names.size(); ++i) {
        const char flag = form.flags[i];
        if (flag == 'r' || flag == 'b') d.flags_read += names[i];
        if (flag == 'u') d.flags_written += undefined[i];
        if (flag == 'w' || flag == 'b' || flag == 'c' || flag == '0' || flag == '1')
            d.flags_written += names[i];
    }
    d.with_registers = classes_of(of_registers);
    d.with_memory = classes_of(of_memory);
    return d;
}

}  // namespace stile::isa
