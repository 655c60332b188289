// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/insn.h"

#include <initializer_list>

#include "isa/translate.h"

namespace stile::codoms_fuzz {

namespace {

using isa::spec::Op;

class Encoder {
  public:
    Encoder(const Insn& insn, std::vector<uint8_t>& out) : i_(insn), out_(out), begin_(out.size()) {}
    void run();
    uint8_t length() const { return static_cast<uint8_t>(out_.size() - begin_); }

  private:
    void bytes(std::initializer_list<int> list) {
        for (const int b : list) out_.push_back(static_cast<uint8_t>(b));
    }
    void number(uint64_t value, unsigned count) {
        for (unsigned k = 0; k < count; ++k) out_.push_back(static_cast<uint8_t>(value >> 8 * k));
    }
    void rex(bool w, unsigned reg, unsigned rm, bool index) {
        const int value = 0x40 | w << 3 | (reg >> 3) << 2 | index << 1 | static_cast<int>(rm >> 3);
        if (value != 0x40) bytes({value});
    }
    void memory(bool w, unsigned reg, std::initializer_list<int> opcode) {
        rex(w, reg, 0, i_.indexed);
        bytes(opcode);
        bytes({static_cast<int>(0x80 | (reg & 7) << 3 | (i_.indexed ? 4 : 3))});
        if (i_.indexed) bytes({0x33});  // r14 * 1 + rbx
        number(static_cast<uint32_t>(i_.disp), 4);
    }
    void registers(bool w, unsigned reg, unsigned rm, std::initializer_list<int> opcode) {
        rex(w, reg, rm, false);
        bytes(opcode);
        bytes({static_cast<int>(0xc0 | (reg & 7) << 3 | (rm & 7))});
    }
    // The byte form's opcode is one less, but for the few that say so.
    void sized(unsigned reg, int opcode) {
        if (i_.size == 2) bytes({0x66});
        memory(i_.size == 8, reg, {i_.size == 1 ? opcode - 1 : opcode});
    }
    void sized_0f(unsigned reg, int opcode) {
        if (i_.size == 2) bytes({0x66});
        memory(i_.size == 8, reg, {0x0f, i_.size == 1 ? opcode - 1 : opcode});
    }
    void relative(std::initializer_list<int> opcode) {
        bytes(opcode);
        number(i_.imm - (i_.at + length() + 4), 4);
    }
    void string(int opcode) {
        if (i_.rep) bytes({0xf3});
        if (i_.size == 8) bytes({0x48});
        bytes({i_.size == 1 ? opcode - 1 : opcode});
    }
    void nop();
    void codoms();

    const Insn& i_;
    std::vector<uint8_t>& out_;
    const size_t begin_;
};

void Encoder::nop() {
    const unsigned most = 9;
    for (unsigned k = most; k < i_.len; ++k) bytes({0x66});
    switch (i_.len < most ? i_.len : most) {
        case 1:
            return bytes({0x90});
        case 2:
            return bytes({0x66, 0x90});
        case 3:
            return bytes({0x0f, 0x1f, 0x00});
        case 4:
            return bytes({0x0f, 0x1f, 0x40, 0});
        case 5:
            return bytes({0x0f, 0x1f, 0x44, 0, 0});
        case 6:
            return bytes({0x66, 0x0f, 0x1f, 0x44, 0, 0});
        case 7:
            return bytes({0x0f, 0x1f, 0x80, 0, 0, 0, 0});
        case 8:
            return bytes({0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0});
        default:
            return bytes({0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0});
    }
}

void Encoder::codoms() {
    const unsigned reg = i_.reg;
    switch (i_.op) {
        case Op::save:
        case Op::restore:
        case Op::aplfill:
            return memory(false, static_cast<unsigned>(i_.op) - static_cast<unsigned>(Op::save),
                          {0x0f, 0x0a});
        case Op::aplinv:
            return registers(false, 3, reg, {0x0f, 0x0a});
        case Op::aplvictim:
            return registers(false, 4, reg, {0x0f, 0x0a});
        case Op::apltag:
            return registers(false, 5, reg, {0x0f, 0x0a});
        case Op::hwtag:
            return registers(false, 6, reg, {0x0f, 0x0a});
        case Op::kcs:
            return registers(false, 7, reg, {0x0f, 0x0a});
        case Op::rddcs:
            return registers(false, i_.n, reg, {0x0f, 0x26});
        case Op::wrdcs:
            return registers(false, i_.n, reg, {0x0f, 0x27});
        case Op::capmk:
            registers(false, i_.n, reg, {0x0f, 0x3b});
            return number(i_.imm, 1);
        case Op::caprst:
            registers(false, i_.n, reg, {0x0f, 0x3c});
            return number(i_.imm, 1);
        case Op::capmov:
            return registers(false, i_.n, i_.m, {0x0f, 0x3d});
        case Op::capasy:
            return memory(false, i_.n, {0x0f, 0x3d});
        case Op::cappush:
            return registers(false, 0, i_.m, {0x0f, 0x3e});
        case Op::cappop:
            return registers(false, 1, i_.m, {0x0f, 0x3e});
        case Op::capsyn:
            return registers(false, 2, i_.m, {0x0f, 0x3e});
        case Op::caprev:
            return memory(false, 3, {0x0f, 0x3e});
        case Op::capclr:
            bytes({0x0f, 0x36});
            return number(i_.imm, 1);
        case Op::capld:
            return memory(false, i_.n, {0x0f, 0x24});
        case Op::capst:
            return memory(false, i_.n, {0x0f, 0x25});
        case Op::capbase:
            return registers(false, i_.n, reg, {0x0f, 0x39});
        case Op::caplen:
            return registers(false, i_.n, reg, {0x0f, 0x0c});
        case Op::capattr:
            return registers(false, i_.n, reg, {0x0f, 0x04});
        default:
            return;
    }
}

void Encoder::run() {
    const unsigned reg = i_.reg;
    switch (i_.kind) {
        case Kind::nop:
            return nop();
        case Kind::mov_imm:
            rex(false, 0, reg, false);
            bytes({static_cast<int>(0xb8 | (reg & 7))});
            return number(i_.imm, 4);
        case Kind::mov_simm:
            registers(true, 0, reg, {0xc7});
            return number(i_.imm, 4);
        case Kind::add_imm:
            registers(true, 0, reg, {0x81});
            return number(i_.imm, 4);
        case Kind::and_imm:
            registers(false, 4, reg, {0x81});
            return number(i_.imm, 4);
        case Kind::add_reg:
            return registers(true, i_.reg2, reg, {0x01});
        case Kind::dec:
            return registers(true, 1, reg, {0xff});
        case Kind::jnz:
            return relative({0x0f, 0x85});
        case Kind::jmp:
            return relative({0xe9});
        case Kind::jmp_reg:
            return registers(false, 4, reg, {0xff});
        case Kind::jmp_mem:
            return memory(false, 4, {0xff});
        case Kind::call:
            return relative({0xe8});
        case Kind::call_reg:
            return registers(false, 2, reg, {0xff});
        case Kind::call_mem:
            return memory(false, 2, {0xff});
        case Kind::ret:
            return bytes({0xc3});
        case Kind::ret_imm:
            bytes({0xc2});
            return number(i_.imm, 2);
        case Kind::load:
            if (i_.size >= 4) return memory(i_.size == 8, reg, {0x8b});
            return memory(false, reg, {0x0f, i_.size == 1 ? 0xb6 : 0xb7});
        case Kind::load_sign:
            if (i_.size == 4) return memory(true, reg, {0x63});
            return memory(true, reg, {0x0f, i_.size == 1 ? 0xbe : 0xbf});
        case Kind::store:
            return sized(reg, 0x89);
        case Kind::store_imm:
            sized(0, 0xc7);
            return number(i_.imm, i_.size == 8 ? 4 : i_.size);
        case Kind::add_mem:
            return sized(reg, 0x01);
        case Kind::xadd:
            bytes({0xf0});
            return sized_0f(reg, 0xc1);
        case Kind::xchg:
            return sized(reg, 0x87);
        case Kind::cmpxchg:
            bytes({0xf0});
            return sized_0f(reg, 0xb1);
        case Kind::alu_load:
            return memory(true, reg, {0x03});
        case Kind::push:
            rex(false, 0, reg, false);
            return bytes({static_cast<int>(0x50 | (reg & 7))});
        case Kind::pop:
            rex(false, 0, reg, false);
            return bytes({static_cast<int>(0x58 | (reg & 7))});
        case Kind::push_mem:
            return memory(false, 6, {0xff});
        case Kind::pop_mem:
            return memory(false, 0, {0x8f});
        case Kind::sse_load:
            if (i_.size == 4) bytes({0xf3});
            if (i_.size == 8) return bytes({0xf3}), memory(false, reg, {0x0f, 0x7e});
            return memory(false, reg, {0x0f, 0x10});
        case Kind::sse_store:
            if (i_.size == 4) bytes({0xf3});
            if (i_.size == 8) return bytes({0x66}), memory(false, reg, {0x0f, 0xd6});
            return memory(false, reg, {0x0f, 0x11});
        case Kind::sse_aligned_load:
            return memory(false, reg, {0x0f, 0x28});
        case Kind::sse_aligned_store:
            return memory(false, reg, {0x0f, 0x29});
        case Kind::cmpxchg16b:
            bytes({0xf0});
            return memory(true, 1, {0x0f, 0xc7});
        case Kind::movs:
            return string(0xa5);
        case Kind::stos:
            return string(0xab);
        case Kind::lods:
            return string(0xad);
        case Kind::syscall:
            return bytes({0x0f, 0x05});
        case Kind::software_interrupt:
            return bytes({0xcd, static_cast<int>(i_.imm)});
        case Kind::undefined:
            return bytes({0x0f, 0x0b});
        case Kind::cd:
            return codoms();
        case Kind::count:
            return;
    }
}

}  // namespace

void encode(Insn& insn, std::vector<uint8_t>& out) {
    Encoder encoder(insn, out);
    encoder.run();
    insn.len = encoder.length();
}

const char* name_of(Kind kind) {
    static constexpr const char* names[] = {
        "nop",   "mov r, imm", "mov r, simm", "add r, imm",  "and r, imm",   "add r, r",   "dec",
        "jnz",   "jmp",        "jmp r",       "jmp m",       "call",         "call r",     "call m",
        "ret",   "ret imm",    "load",        "load sx",     "store",        "store imm",  "add m, r",
        "xadd",  "xchg",       "cmpxchg",     "add r, m",    "push",         "pop",        "push m",
        "pop m", "sse load",   "sse store",   "movaps load", "movaps store", "cmpxchg16b", "movs",
        "stos",  "lods",       "syscall",     "int",         "ud2",          "cd"};
    static_assert(std::size(names) == static_cast<size_t>(Kind::count));
    return names[static_cast<size_t>(kind)];
}

std::string text_of(const Insn& insn) {
    Insn copy = insn;
    std::vector<uint8_t> bytes;
    encode(copy, bytes);
    unsigned length = 0;
    return isa::disassemble(bytes, insn.at, &length);
}

}  // namespace stile::codoms_fuzz
