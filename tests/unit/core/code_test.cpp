// SPDX-License-Identifier: Apache-2.0
//
// Is translated code dropped when, and only when, the bytes under it change? Do results depend on how a run
// is cut?
#include "model/core/exec/handlers.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RCX;

namespace {
class Code : public ::testing::Test {
  protected:
    Rig rig;
    void run_code(std::span<const uint8_t> code) {
        rig.load(code_at, code);
        ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    }
};
}  // namespace

TEST_F(Code, EveryMicroOpHasAHandler) {
    for (const Mode mode : {Mode::functional, Mode::timed, Mode::buffered})
        for (unsigned i = 0; i < static_cast<unsigned>(isa::Op::count); ++i)
            EXPECT_TRUE(handlers(mode).has(static_cast<isa::Op>(i)))
                << isa::op_info(static_cast<isa::Op>(i)).name;
}

// The store changes the immediate of the very next instruction of the same block.
GUEST(patch_next, "mov byte ptr [rip + 1f + 1], 9\n 1: mov eax, 5\n mov ebx, 1\n hlt");
TEST_F(Code, StoreToTheNextInstructionIsSeen) {
    run_code(GUEST_BYTES(patch_next));
    EXPECT_EQ(rig.reg(RAX), 9u);
    EXPECT_EQ(rig.reg(RBX), 1u);
    EXPECT_EQ(rig.core->counters().instructions, 4u);
}

// push's store hits the following instruction: its own second micro-op (rsp) must still run.
GUEST(patch_by_push,
      "lea rsp, [rip + 1f + 8]\n mov rax, 0x90909090c3ff9090\n push rax\n 1: nop\n nop\n inc eax\n nop\n "
      "nop\n nop\n nop\n hlt");
TEST_F(Code, StoringInstructionIsFinishedBeforeTheBlockIsLeft) {
    run_code(GUEST_BYTES(patch_by_push));
    EXPECT_EQ(rig.reg(isa::RSP), code_at + 7 + 10 + 1);
    EXPECT_EQ(rig.reg(RAX), 0x90909090c3ff9090u) << "inc eax became inc ebx";
    EXPECT_EQ(rig.reg(RBX), 1u);
}

// A loop that rewrites a function each time round and calls it.
GUEST(rewrite_loop,
      "xor ecx, ecx\n xor ebx, ebx\n 1: mov [rip + 2f + 1], ecx\n call 2f\n add ebx, eax\n inc ecx\n cmp "
      "ecx, 100\n jne 1b\n hlt\n"
      " 2: mov eax, 77\n ret");
TEST_F(Code, FunctionRewrittenBetweenCalls) {
    run_code(GUEST_BYTES(rewrite_loop));
    EXPECT_EQ(rig.reg(RBX), 4950u);
}

// The same physical page through two addresses.
GUEST(alias_code, "mov eax, 1\n hlt");
GUEST(through_alias, "mov byte ptr [0x700001], 33\n mov ecx, 0x600000\n jmp rcx");
TEST_F(Code, StoreThroughAnAliasIsSeen) {
    rig.map(0x600000, 0x250000, P | W);
    rig.map(0x700000, 0x250000, P | W);
    rig.load(0x250000, GUEST_BYTES(alias_code));
    auto& s = rig.core->state();
    s.rip = 0x600000;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 1u);
    rig.load(code_at, GUEST_BYTES(through_alias));
    s.rip = code_at;
    s.halted = false;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 33u);
}

// An opcode at the end of a page whose ModRM byte, on the next page, says that there is no such instruction:
// when that byte changes there is one.
GUEST(stop_at_ud, "mov r15, 1\n hlt");
GUEST(cut_opcode, ".byte 0x0f, 0x24");
TEST_F(Code, WhatTheNextPageMadeInvalidIsNotRemembered) {
    constexpr uint64_t page = 0x102000;
    for (const unsigned vector : {6u, 13u}) rig.gate(vector, 0x180000);
    rig.load(0x180000, GUEST_BYTES(stop_at_ud));
    rig.load(page - 2, GUEST_BYTES(cut_opcode));
    auto& s = rig.core->state();
    const auto run_from = [&](uint8_t modrm) {
        rig.write_code(page, {&modrm, 1});
        s.r[isa::R15] = 0;
        s.r[isa::RDI] = data_at;
        s.rip = page - 2;
        s.halted = false;
        EXPECT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
        return rig.reg(isa::R15);
    };
    EXPECT_EQ(run_from(0xc0), 1u) << "cd.capld with a register";
    EXPECT_EQ(run_from(0x07), 0u) << "cd.capld c0, [rdi]";
    EXPECT_EQ(run_from(0xc0), 1u);
}

// A page table that is executed: the accessed bit of the page that an instruction continues on is set in the
// entry that the instruction begins in, which drops its block while it is being looked up.
TEST_F(Code, BlockDroppedWhileItIsLookedUp) {
    constexpr uint64_t region = 0x600000, table = 0x251000, next_page = 0x252000;
    rig.map(region, table, P | W);
    auto& directory = rig.at<uint64_t>(
        (rig.at<uint64_t>((rig.at<uint64_t>(tables_at) & ~0xfffull)) & ~0xfffull) + (region >> 21) * 8);
    directory = table | P | W;
    rig.at<uint64_t>(table + 510 * 8) = table | P | W;
    auto& last = rig.at<uint64_t>(table + 511 * 8);
    rig.core->mmu().flush_all();
    auto& s = rig.core->state();
    rig.at<uint8_t>(next_page + 1) = 0xf4;     // hlt
    last = next_page | P | W | 0x04ull << 56;  // its last byte: add al, imm8
    const uint64_t not_accessed = last;
    const auto run_with = [&](uint8_t immediate) {
        Mmu& mmu = rig.core->mmu();
        if (rig.at<uint8_t>(next_page) != immediate) mmu.on_code_store(mmu.on_code_store_arg, next_page, 1);
        rig.at<uint8_t>(next_page) = immediate;
        s.r[RAX] = 0;
        s.rip = region + 511 * 0x1000 - 1;
        s.halted = false;
        EXPECT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
        return rig.reg(RAX);
    };
    EXPECT_EQ(run_with(1), 1u);
    last = not_accessed;
    rig.core->mmu().invlpg(region + 511 * 0x1000);
    EXPECT_EQ(run_with(1), 1u);
    EXPECT_NE(last, not_accessed);
    EXPECT_EQ(run_with(2), 2u);
}

// Data on the same page as code is written all the time; that must not drop the code. Seen from the speed
// with which the loop runs: each drop costs a translation.
GUEST(data_beside_code, "mov ecx, 3000000\n 1: mov [rip + 1b + 2048], ecx\n dec ecx\n jne 1b\n hlt");
TEST_F(Code, StoresBesideCodeKeepIt) {
    rig.load(code_at, GUEST_BYTES(data_beside_code));
    ASSERT_EQ(rig.run(100'000'000), Stop::idle_forever);
    EXPECT_EQ(rig.core->counters().instructions, 9000002u);
}

GUEST(slices,
      "mov rdi, 0x200000\n mov ecx, 20000\n 1: mov rax, rcx\n imul rax, rax, 12345\n mov [rdi], rax\n add "
      "rdi, 8\n and rdi, 0x20ffff\n"
      " add rbx, rax\n test ecx, 3\n jne 2f\n rol rbx, 5\n 2: dec ecx\n jne 1b\n hlt");
TEST(Slices, ResultsDoNotDependOnThem) {
    const auto run = [](Cycles slice) {
        Rig rig;
        rig.load(code_at, GUEST_BYTES(slices));
        while (rig.core->run(rig.core->now() + slice) == Stop::until) {
        }
        return std::tuple(rig.core->counters().cycles, rig.core->counters().instructions, rig.reg(RBX),
                          rig.core->counters().uops);
    };
    const auto whole = run(100'000'000);
    EXPECT_EQ(whole, run(1));
    EXPECT_EQ(whole, run(777));
}

GUEST(marks,
      ".byte 0x0f, 0x1f, 0x80, 3, 0, 0x11, 0x57\n mov eax, 1\n mov ebx, 2\n .byte 0x0f, 0x1f, 0x80, 4, 0, "
      "0x11, 0x57\n"
      " .byte 0x0f, 0x1f, 0x80, 5, 1, 0x11, 0x57\n hlt");
TEST_F(Code, MarkersTakeNoTimeAndAreExact) {
    run_code(GUEST_BYTES(marks));
    ASSERT_EQ(rig.marks.size(), 3u);
    EXPECT_EQ(rig.marks[0].code, 3u);
    EXPECT_EQ(rig.marks[1].when - rig.marks[0].when, 2u);
    EXPECT_EQ(rig.marks[2].code, 0x105u);
    EXPECT_EQ(rig.core->counters().instructions, 3u);
    uint64_t sum = 0;
    for (const uint64_t c : rig.core->counters().phase) sum += c;
    EXPECT_EQ(sum, rig.core->counters().cycles);
    EXPECT_EQ(rig.core->counters().phase[static_cast<size_t>(Phase::other)], 1u)
        << "hlt, after the tick began";
}

GUEST(user_marks,
      ".byte 0x0f, 0x1f, 0x80, 0, 1, 0x11, 0x57\n .byte 0x0f, 0x1f, 0x80, 3, 0, 0x11, 0x57\n ud2");
TEST_F(Code, KernelMarkersAreDeafToRing3) {
    rig.user_pages();
    rig.load(user_code, GUEST_BYTES(user_marks));
    rig.enter_user(user_code);
    rig.core->state().idt.limit = 0;
    EXPECT_EQ(rig.run(), Stop::triple_fault);
    ASSERT_EQ(rig.marks.size(), 1u);
    EXPECT_EQ(rig.marks[0].code, 3u);
    EXPECT_EQ(rig.core->counters().context_switches, 0u);
}

// A switch of model in a marker takes effect and changes no result.
TEST_F(Code, ModelMaySwitchAtAMarker) {
    rig.on_mark = [this](uint32_t) {
        rig.core->set_model(CoreModel::inorder);
    };  // no timing object: stays one cycle each
    run_code(GUEST_BYTES(marks));
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.reg(RBX), 2u);
}

GUEST(unknown, "vaddps ymm0, ymm1, ymm2");
TEST_F(Code, UnsupportedInstructionNamesItself) {
    rig.load(code_at, GUEST_BYTES(unknown));
    rig.core->state().idt.limit = 0;
    EXPECT_EQ(rig.run(), Stop::triple_fault);
    ASSERT_EQ(rig.unsupported_at.size(), 1u);
    EXPECT_EQ(rig.unsupported_at[0], code_at);
}

}  // namespace stile::model::test
