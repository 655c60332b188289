// SPDX-License-Identifier: Apache-2.0
//
// Reads the notation of isa/forms.h at compile time: a row that is not well formed does not compile.
#pragma once

#include <string_view>

#include "isa/forms.h"

namespace stile::isa {

consteval unsigned hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    throw "not an upper-case hexadecimal digit";
}

consteval void encoding_token(Encoding& e, std::string_view t, bool& have_opcode) {
    if (t == "NP") {
        e.prefix = Mandatory::none;
    } else if (t == "66" && !have_opcode && e.map == Map::one) {
        e.prefix = Mandatory::p66;
    } else if (t == "F3" && !have_opcode && e.map == Map::one) {
        e.prefix = Mandatory::pf3;
    } else if (t == "F2" && !have_opcode && e.map == Map::one) {
        e.prefix = Mandatory::pf2;
    } else if (t == "W0" || t == "W1") {
        e.w = static_cast<int8_t>(t[1] - '0');
    } else if (t == "0F" && e.map == Map::one) {
        e.map = Map::of;
    } else if (t == "38" && e.map == Map::of && !have_opcode) {
        e.map = Map::of38;
    } else if (t == "3A" && e.map == Map::of && !have_opcode) {
        e.map = Map::of3a;
    } else if (t == "/r") {
        e.modrm = true;
    } else if (t[0] == '/') {
        e.modrm = true;
        e.reg = static_cast<int8_t>(hex_digit(t[1]));
        if (e.reg > 7 || t.size() != 2) throw "reg field out of range";
    } else if (t == "m" || t == "r") {
        e.mod = t == "m" ? Mod::memory : Mod::reg;
        if (!e.modrm) throw "mod without ModRM";
    } else if (t[0] == '=') {
        e.rm = static_cast<int8_t>(hex_digit(t[1]));
        if (!e.modrm || e.rm > 7 || t.size() != 2) throw "rm field out of range";
    } else if (t == "*") {
        e.ours = true;
    } else {
        if (have_opcode || t.size() < 2) throw "unknown token";
        have_opcode = true;
        e.opcode = static_cast<uint8_t>(hex_digit(t[0]) * 16 + hex_digit(t[1]));
        if (t.size() == 4 && t[2] == '+') {
            e.count = static_cast<uint8_t>(hex_digit(t[3]));
        } else if (t.size() == 5 && t[2] == '+') {
            e.count = static_cast<uint8_t>(hex_digit(t[3]) * 16 + hex_digit(t[4]));
        } else if (t.size() != 2) {
            throw "opcode is two digits, or two digits and +n";
        }
    }
}

consteval Encoding parse_encoding(std::string_view s) {
    Encoding e;
    bool have_opcode = false;
    while (!s.empty()) {
        const size_t end = s.find(' ');
        encoding_token(e, s.substr(0, end), have_opcode);
        s = end == std::string_view::npos ? std::string_view{} : s.substr(end + 1);
    }
    if (!have_opcode) throw "no opcode";
    return e;
}

consteval Operand parse_operand(std::string_view t) {
    if (t == "CL" || t == "1" || t == "DX" || t == "st0" || t == "sti") return {Place::fixed, Width::none};
    constexpr std::string_view places = "EGMRZAIUOJSCDVWNQPB";
    constexpr Place place[] = {Place::rm,   Place::reg,    Place::mem,    Place::rm_reg, Place::opcode_reg,
                               Place::acc,  Place::imm_sx, Place::imm_zx, Place::moffs,  Place::rel,
                               Place::sreg, Place::creg,   Place::dreg,   Place::xmm,    Place::xmm_rm,
                               Place::mmx,  Place::mmx_rm, Place::cap,    Place::cap_rm};
    constexpr std::string_view widths = "nbwdqotvysz";
    if (t.size() != 2) throw "an operand is two letters";
    const size_t p = places.find(t[0]), w = widths.find(t[1]);
    if (p == std::string_view::npos || w == std::string_view::npos) throw "unknown operand letter";
    return {place[p], static_cast<Width>(w)};
}

consteval std::array<Operand, 4> parse_operands(std::string_view s) {
    std::array<Operand, 4> out{};
    size_t n = 0;
    while (!s.empty()) {
        const size_t end = s.find(',');
        out.at(n++) = parse_operand(s.substr(0, end));
        s = end == std::string_view::npos ? std::string_view{} : s.substr(end + 1);
    }
    return out;
}

consteval const char* parse_flags(std::string_view s, const char* text) {
    if (s.size() != 6 || s.find_first_not_of("-wrbu01c") != std::string_view::npos) throw "six flag letters";
    return text;
}

}  // namespace stile::isa
