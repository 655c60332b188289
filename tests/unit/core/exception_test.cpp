// SPDX-License-Identifier: Apache-2.0
//
// Are exceptions precise, and is what handlers find on their stack what the manual says?
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDI;

namespace {

// Every handler: r15 = its stack pointer at entry, then stop.
GUEST(stop, "mov r15, rsp\n hlt");

struct Frame {
    uint64_t rip, cs, rflags, rsp, ss;
};

class Exception : public ::testing::Test {
  protected:
    Exception() {
        rig.load(handler_at, GUEST_BYTES(stop));
        for (unsigned v = 0; v < 32; ++v) rig.gate(v, handler_at);
    }
    void run_code(std::span<const uint8_t> code) {
        rig.load(code_at, code);
        ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    }
    Frame frame(bool with_error) { return rig.at<Frame>(rig.reg(isa::R15) + (with_error ? 8 : 0)); }
    uint64_t error() { return rig.at<uint64_t>(rig.reg(isa::R15)); }
    Rig rig;
};

}  // namespace

GUEST(divide_by_zero, "mov eax, 5\n xor edx, edx\n xor ecx, ecx\n mov ebx, 7\n div ecx\n mov ebx, 9\n hlt");
TEST_F(Exception, DivideErrorLeavesRegistersAndPointsAtTheInstruction) {
    run_code(GUEST_BYTES(divide_by_zero));
    const Frame f = frame(false);
    EXPECT_EQ(f.rip, code_at + 5 + 2 + 2 + 5);
    EXPECT_EQ(f.cs, 8u);
    EXPECT_EQ(f.rsp, stack_top);
    EXPECT_EQ(f.rflags & flag::RF, flag::RF);
    EXPECT_EQ(rig.reg(RBX), 7u);
    EXPECT_EQ(rig.reg(RAX), 5u);
    EXPECT_EQ(rig.reg(isa::R15), stack_top - 40);
    EXPECT_EQ(rig.core->counters().exceptions, 1u);
    EXPECT_EQ(rig.core->counters().instructions, 6u) << "four before the division, two in the handler";
}

GUEST(divide_overflow,
      "mov rdx, -1\n mov rax, 0x8000000000000000\n mov rcx, -1\n mov rdx, 0x8000000000000000\n xor eax, "
      "eax\n idiv rcx\n hlt");
TEST_F(Exception, MostNegativeDividendOverMinusOneIsADivideErrorNotAHostCrash) {
    run_code(GUEST_BYTES(divide_overflow));
    EXPECT_EQ(frame(false).cs, 8u);
    EXPECT_EQ(rig.core->counters().exceptions, 1u);
}

GUEST(push_to_nowhere, "mov rsp, 0x700000\n mov eax, 1\n push rax\n mov eax, 2\n hlt");
TEST_F(Exception, FaultingPushKeepsTheStackPointer) {
    rig.gate(VEC_PF, handler_at, 1);
    run_code(GUEST_BYTES(push_to_nowhere));
    const Frame f = frame(true);
    EXPECT_EQ(f.rsp, 0x700000u);
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.core->state().cr2, 0x6ffff8u);
    EXPECT_EQ(error(), uint64_t{PF_WRITE});
    EXPECT_EQ(rig.reg(isa::R15), ist_top - 48) << "IST 1";
}

GUEST(rmw_read_only, "mov ecx, 5\n add [rip + 0x400000 - 12], ecx\n hlt");
TEST_F(Exception, ReadModifyWriteOfAReadOnlyPageFaultsAsAWrite) {
    rig.map(0x500000, 0x200000, P);
    rig.at<uint32_t>(0x200000) = 1;
    run_code(GUEST_BYTES(rmw_read_only));
    EXPECT_EQ(error(), uint64_t{PF_WRITE | PF_PRESENT});
    EXPECT_EQ(rig.at<uint32_t>(0x200000), 1u);
}

GUEST(fix_and_retry,
      "mov r9, 0x201003\n mov r8, [rip + 6f]\n mov [r8], r9\n inc r14\n add rsp, 8\n iretq\n 6: .quad 0");
GUEST(touch_it,
      "mov rdi, 0x600ff8\n mov rcx, 4\n mov rax, 0x1122334455667788\n xor r14d, r14d\n rep stosq\n hlt");
// rep stosq crosses from a mapped page into one that the handler maps: partial progress must be kept and the
// rest done after the retry.
TEST_F(Exception, RepeatedStoreResumesWhereItFaulted) {
    rig.map(0x600000, 0x200000, P | W);
    uint64_t& missing = rig.pte(0x601000);
    auto handler = std::vector<uint8_t>(fix_and_retry_begin, fix_and_retry_end);
    const uint64_t where = rig.memory.paddr_of(&missing);
    std::memcpy(handler.data() + handler.size() - 8, &where, 8);
    rig.map(where & ~0xfffull, where & ~0xfffull, P | W);
    rig.load(0x181000, handler);
    rig.gate(VEC_PF, 0x181000);
    run_code(GUEST_BYTES(touch_it));
    EXPECT_EQ(rig.reg(isa::R14), 1u) << "exactly one fault";
    EXPECT_EQ(rig.reg(RCX), 0u);
    EXPECT_EQ(rig.reg(RDI), 0x600ff8u + 32);
    EXPECT_EQ(rig.at<uint64_t>(0x200ff8), 0x1122334455667788u);
    for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(rig.at<uint64_t>(0x201000 + 8 * i), 0x1122334455667788u);
    EXPECT_EQ(rig.at<uint64_t>(0x201018), 0u);
    EXPECT_EQ(rig.core->state().cr2, 0x601000u);
}

GUEST(user_fault, "mov eax, 42\n mov [0x200000], eax\n hlt");
TEST_F(Exception, FromRing3TheStackIsThatOfTheTaskState) {
    rig.user_pages();
    rig.load(user_code, GUEST_BYTES(user_fault));
    rig.enter_user(user_code);
    ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    const Frame f = frame(true);
    EXPECT_EQ(f.cs, 0x2bu);
    EXPECT_EQ(f.ss, 0x23u);
    EXPECT_EQ(f.rsp, user_stack);
    EXPECT_EQ(error(), uint64_t{PF_WRITE | PF_PRESENT | PF_USER});
    EXPECT_EQ(rig.reg(isa::R15), stack_top - 48);
    EXPECT_EQ(rig.core->state().cpl, 0u);
    EXPECT_EQ(f.rflags & flag::IF, flag::IF);
    EXPECT_EQ(rig.core->rflags() & flag::IF, 0u) << "interrupt gate";
}

GUEST(privileged_user, "hlt");
TEST_F(Exception, HaltAtRing3IsAGeneralProtectionFault) {
    rig.user_pages();
    rig.load(user_code, GUEST_BYTES(privileged_user));
    rig.enter_user(user_code);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(error(), 0u);
    EXPECT_EQ(frame(true).rip, user_code);
}

GUEST(breakpoint, "int3\n nop\n hlt");
TEST_F(Exception, BreakpointPointsBehindItself) {
    run_code(GUEST_BYTES(breakpoint));
    EXPECT_EQ(frame(false).rip, code_at + 1);
}

GUEST(int_80, "int 0x80\n hlt");
TEST_F(Exception, SoftwareInterruptNeedsTheGatesPermission) {
    rig.user_pages();
    rig.gate(0x80, handler_at, 0, 0);
    rig.load(user_code, GUEST_BYTES(int_80));
    rig.enter_user(user_code);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(error(), 0x80u * 8 + 2) << "#GP that names the gate";
    EXPECT_EQ(frame(true).rip, user_code);

    rig.gate(0x80, handler_at, 0, 3);
    rig.core->state().halted = false;
    rig.enter_user(user_code);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(frame(false).rip, user_code + 2);
}

GUEST(ud2, "ud2");
TEST_F(Exception, AFaultWhileDeliveringAPageFaultIsADoubleFault) {
    rig.at<uint64_t>(idt_at + VEC_PF * 16) = 0;  // not present, no gate: #GP
    rig.gate(VEC_DF, handler_at, 1);
    run_code(GUEST_BYTES(push_to_nowhere));
    EXPECT_EQ(rig.reg(isa::R15), ist_top - 48);
    EXPECT_EQ(error(), 0u);
}
TEST_F(Exception, AFaultWhileDeliveringADoubleFaultStopsTheMachine) {
    rig.core->state().idt.limit = 0;
    rig.load(code_at, GUEST_BYTES(ud2));
    EXPECT_EQ(rig.run(), Stop::triple_fault);
    EXPECT_NE(rig.core->stop_reason().find("rip 0x100000"), std::string::npos) << rig.core->stop_reason();
}

GUEST(jump_nowhere, "mov rax, 0x9000000\n jmp rax");
TEST_F(Exception, FetchFaultNamesTheTarget) {
    run_code(GUEST_BYTES(jump_nowhere));
    EXPECT_EQ(frame(true).rip, 0x9000000u);
    EXPECT_EQ(rig.core->state().cr2, 0x9000000u);
    EXPECT_EQ(error(), uint64_t{PF_FETCH});
}

// An instruction whose second half lies on a page that is not there faults with the address of that page and
// RIP at its beginning; once the page is there it runs.
GUEST(split, "mov eax, 0x12345678\n hlt");
TEST_F(Exception, InstructionAcrossTwoPages) {
    const uint64_t at = 0x501000 - 2;
    rig.map(0x500000, 0x210000, P | W);
    rig.load(0x210000 + 0xffe, std::span(split_begin, 2));
    rig.load(0x250000, std::span<const uint8_t>(split_begin + 2, split_end));
    rig.core->state().rip = at;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(frame(true).rip, at);
    EXPECT_EQ(rig.core->state().cr2, 0x501000u);

    rig.map(0x501000, 0x250000, P | W);
    rig.core->mmu().invlpg(0x501000);
    rig.core->state().rip = at;
    rig.core->state().halted = false;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 0x12345678u);

    // The second page changes under the same virtual address: the block must not survive.
    rig.load(0x260000, std::span<const uint8_t>(split_begin + 2, split_end));
    rig.at<uint8_t>(0x260002) = 0x99;
    rig.map(0x501000, 0x260000, P | W);
    rig.core->mmu().invlpg(0x501000);
    rig.core->state().rip = at;
    rig.core->state().halted = false;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 0x99345678u);
}

// The handler counts, remembers where it was sent from and goes on.
GUEST(count_steps, "inc r14\n mov [r13], rsp\n mov r12, [rsp]\n mov [r13 + r14 * 8], r12\n iretq");
GUEST(stepped, "push 0x102\n popfq\n nop\n mov eax, 3\n jmp 1f\n ud2\n 1: push 2\n popfq\n nop\n hlt");
TEST_F(Exception, SingleStepTrapsAfterEachInstruction) {
    rig.load(0x182000, GUEST_BYTES(count_steps));
    rig.gate(VEC_DB, 0x182000);
    rig.core->state().r[isa::R13] = 0x220000;
    run_code(GUEST_BYTES(stepped));
    const unsigned offsets[] = {0, 7, 12, 16, 18, 19};  // after nop, mov, jmp, push, popfq
    EXPECT_EQ(rig.reg(isa::R14), 5u);
    for (unsigned i = 1; i <= 5; ++i)
        EXPECT_EQ(rig.at<uint64_t>(0x220000 + 8 * i), code_at + offsets[i]) << i;
}

}  // namespace stile::model::test
