// SPDX-License-Identifier: Apache-2.0
//
// Is the proxies' code what it is meant to be, instruction by instruction, and is every address that a caller
// could enter but the first one guarded?
#include <capstone/capstone.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "os/kernel/dipc/emit.h"

namespace stile::os {

namespace {

std::vector<std::string> disassemble(const Emitter& e) {
    csh handle;
    EXPECT_EQ(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
    std::vector<std::string> out;
    cs_insn* insn = cs_malloc(handle);
    const uint8_t* at = e.bytes();
    size_t left = e.size();
    uint64_t address = 0;
    while (left > 0 && cs_disasm_iter(handle, &at, &left, &address, insn))
        out.push_back(std::string(insn->mnemonic) + (*insn->op_str ? " " : "") + insn->op_str);
    EXPECT_EQ(left, 0u);
    cs_free(insn, 1);
    cs_close(&handle);
    return out;
}

template <class F>
std::string one(F f) {
    auto e = std::make_unique<Emitter>();
    f(*e);
    e->finish();
    const auto all = disassemble(*e);
    return all.size() == 1 ? all[0] : "not one instruction";
}

TEST(Emitter, encodes_what_it_says) {
    EXPECT_EQ(one([](Emitter& e) { e.mov(RAX, RSP); }), "mov rax, rsp");
    EXPECT_EQ(one([](Emitter& e) { e.mov(RSP, R9); }), "mov rsp, r9");
    EXPECT_EQ(one([](Emitter& e) { e.load(RAX, RSP, 0); }), "mov rax, qword ptr [rsp]");
    EXPECT_EQ(one([](Emitter& e) { e.load(R9, R10, size_t(-32)); }), "mov r9, qword ptr [r10 - 0x20]");
    EXPECT_EQ(one([](Emitter& e) { e.load(RCX, R11, 0x1234); }), "mov rcx, qword ptr [r11 + 0x1234]");
    EXPECT_EQ(one([](Emitter& e) { e.store(R10, 8, RSP); }), "mov qword ptr [r10 + 8], rsp");
    EXPECT_EQ(one([](Emitter& e) { e.store(RSP, 0, RCX); }), "mov qword ptr [rsp], rcx");
    EXPECT_EQ(one([](Emitter& e) { e.store_imm(R10, 32, 7); }), "mov qword ptr [r10 + 0x20], 7");
    EXPECT_EQ(one([](Emitter& e) { e.sub_mem(RAX, R11, 32); }), "sub rax, qword ptr [r11 + 0x20]");
    EXPECT_EQ(one([](Emitter& e) { e.cmp_mem(R10, R11, 8); }), "cmp r10, qword ptr [r11 + 8]");
    EXPECT_EQ(one([](Emitter& e) { e.cmp32_imm(RAX, 0, 0x1234); }), "cmp dword ptr [rax], 0x1234");
    EXPECT_EQ(one([](Emitter& e) { e.load_indexed(RAX, R11, RAX, 0x800); }),
              "mov rax, qword ptr [r11 + rax*8 + 0x800]");
    EXPECT_EQ(one([](Emitter& e) { e.add_imm(R10, 128); }), "add r10, 0x80");
    EXPECT_EQ(one([](Emitter& e) { e.and_imm(R9, uint32_t(-16)); }), "and r9, 0xfffffffffffffff0");
    EXPECT_EQ(one([](Emitter& e) { e.test(RAX); }), "test rax, rax");
    EXPECT_EQ(one([](Emitter& e) { e.zero(R11); }), "xor r11d, r11d");
    EXPECT_EQ(one([](Emitter& e) { e.set32(RAX, 5); }), "mov eax, 5");
    EXPECT_EQ(one([](Emitter& e) { e.set64(RAX, 0x123456789abc); }), "movabs rax, 0x123456789abc");
    EXPECT_EQ(one([](Emitter& e) { e.read_fs_base(RAX); }), "rdfsbase rax");
    EXPECT_EQ(one([](Emitter& e) { e.write_fs_base(R10); }), "wrfsbase r10");
    EXPECT_EQ(one([](Emitter& e) { e.call(RAX); }), "call rax");
}

TEST(Emitter, encodes_codoms_as_the_header_lists_it) {
    const auto bytes = [](auto f) {
        Emitter e;
        f(e);
        return std::vector<uint8_t>(e.bytes(), e.bytes() + e.size());
    };
    using V = std::vector<uint8_t>;
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_kcs(R11); }), (V{0x41, 0x0f, 0x0a, 0xfb}));
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_hwtag(RAX); }), (V{0x0f, 0x0a, 0xf0}));
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_rddcs(RAX, 2); }), (V{0x0f, 0x26, 0xd0}));
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_wrdcs(1, R9); }), (V{0x41, 0x0f, 0x27, 0xc9}));
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_capld(7, RAX, 0x10); }), (V{0x0f, 0x24, 0x78, 0x10}));
    EXPECT_EQ(bytes([](Emitter& e) { e.cd_capst(R10, 0x2000, 7); }),
              (V{0x41, 0x0f, 0x25, 0xba, 0, 0x20, 0, 0}));
}

// Any mixture of instruction lengths: no guarded address inside an instruction, all of them undefined
// instructions.
TEST(Emitter, guards_every_entry_point_but_the_first) {
    for (unsigned shift = 0; shift < 64; ++shift) {
        auto e = std::make_unique<Emitter>();
        for (unsigned i = 0; i < shift; ++i) e->ret();
        for (unsigned i = 0; i < 30; ++i) {
            e->set64(RAX, i);
            e->store_imm(R10, 0x1000, i);
            e->jump_if(equal, 0);
            e->mov(RAX, RSP);
        }
        e->place(0);
        e->undefined();
        e->finish();
        ASSERT_FALSE(e->overflow());
        for (unsigned at = STILE_ENTRY_ALIGN; at < e->size(); at += STILE_ENTRY_ALIGN) {
            ASSERT_EQ(e->bytes()[at], 0x0f) << shift << " " << at;
            ASSERT_EQ(e->bytes()[at + 1], 0x0b) << shift << " " << at;
        }
    }
}

}  // namespace

}  // namespace stile::os
