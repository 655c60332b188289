// SPDX-License-Identifier: Apache-2.0
//
// Do timer interrupts come when they are due, once, and can the interrupted code tell?
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::R12;
using isa::R13;
using isa::RAX;
using isa::RBX;
using isa::RCX;

namespace {

// Handler: r12 counts, r13 = time of the last one; EOI.
GUEST(tick,
      "push rax\n push rdx\n push rcx\n rdtsc\n shl rdx, 32\n or rax, rdx\n mov r13, rax\n inc r12\n"
      " mov ecx, 0x80b\n xor eax, eax\n xor edx, edx\n wrmsr\n pop rcx\n pop rdx\n pop rax\n iretq");
// Software-enables the APIC, vector 0x40, divide by 1; mode in r8d, initial count in r9d.
#define ARM_TIMER                                                                                      \
    "xor edx, edx\n mov ecx, 0x80f\n mov eax, 0x1ff\n wrmsr\n mov ecx, 0x83e\n mov eax, 0xb\n wrmsr\n" \
    " mov ecx, 0x832\n mov eax, r8d\n or eax, 0x40\n wrmsr\n mov ecx, 0x838\n mov eax, r9d\n wrmsr\n"

class Interrupt : public ::testing::Test {
  protected:
    Interrupt() {
        rig.load(0x180000, GUEST_BYTES(tick));
        rig.gate(0x40, 0x180000);
    }
    Stop run_code(std::span<const uint8_t> code, unsigned mode, unsigned count, Cycles limit = 1'000'000) {
        rig.load(code_at, code);
        rig.core->state().r[isa::R8] = mode;
        rig.core->state().r[isa::R9] = count;
        return rig.run(limit);
    }
    Rig rig;
};

}  // namespace

GUEST(one_shot,
      ARM_TIMER "rdtsc\n mov r14d, eax\n sti\n mov ecx, 100000\n 1: inc rbx\n dec ecx\n jne 1b\n cli\n hlt");
TEST_F(Interrupt, OneShotComesOnceWithinABlockOfItsTime) {
    ASSERT_EQ(run_code(GUEST_BYTES(one_shot), 0, 5000), Stop::idle_forever);
    EXPECT_EQ(rig.reg(R12), 1u);
    EXPECT_EQ(rig.reg(RBX), 100000u) << "the loop is not disturbed";
    EXPECT_GE(rig.reg(R13), rig.reg(isa::R14) + 4990);
    EXPECT_LE(rig.reg(R13), rig.reg(isa::R14) + 5020);
    EXPECT_EQ(rig.core->counters().interrupts, 1u);
}

TEST_F(Interrupt, PeriodicKeepsItsRate) {
    ASSERT_EQ(run_code(GUEST_BYTES(one_shot), 1 << 17, 10000), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RBX), 100000u);
    // 300000 cycles of loop, and 17 instructions of handler 30 times.
    EXPECT_EQ(rig.reg(R12), 30u);
}

// The counter is set to a million; deadlines before that, whatever the difference to the clock, are past.
GUEST(past_deadline, "mov ecx, 0x10\n mov eax, 1000000\n xor edx, edx\n wrmsr\n" ARM_TIMER
                     " sti\n mov ecx, 0x6e0\n xor edx, edx\n mov eax, 1\n wrmsr\n nop\n mov eax, 999000\n "
                     "xor edx, edx\n wrmsr\n"
                     " nop\n nop\n cli\n hlt");
TEST_F(Interrupt, DeadlineInThePastIsDueAtOnce) {
    ASSERT_EQ(run_code(GUEST_BYTES(past_deadline), 2 << 17, 0), Stop::idle_forever);
    EXPECT_EQ(rig.reg(R12), 2u);
}

GUEST(halt_loop, ARM_TIMER "1: cmp r12, 5\n je 2f\n sti\n hlt\n cli\n jmp 1b\n 2: cli\n hlt");
TEST_F(Interrupt, HaltedTimeIsWaitingAndNotRun) {
    ASSERT_EQ(run_code(GUEST_BYTES(halt_loop), 1 << 17, 100000), Stop::idle_forever);
    EXPECT_EQ(rig.reg(R12), 5u);
    const Counters& c = rig.core->counters();
    EXPECT_GT(c.cycles, 500000u);
    EXPECT_LT(c.instructions, 300u);
    EXPECT_GT(c.phase[static_cast<size_t>(Phase::wait)], 499000u);
    uint64_t sum = 0;
    for (const uint64_t p : c.phase) sum += p;
    EXPECT_EQ(sum, c.cycles);

    // The observer hears of each halt when it begins and ends, to the cycle.
    ASSERT_EQ(rig.halts.size(), 11u) << "five ticks, and the halt at the end";
    Cycles halted = 0;
    for (size_t i = 0; i + 1 < rig.halts.size(); i += 2) {
        EXPECT_TRUE(rig.halts[i].first);
        EXPECT_FALSE(rig.halts[i + 1].first);
        halted += rig.halts[i + 1].second - rig.halts[i].second;
    }
    EXPECT_EQ(halted, c.phase[static_cast<size_t>(Phase::wait)]);
}

TEST_F(Interrupt, SlicesOfARunDoNotMatter) {
    const auto run = [&](Cycles slice) {
        Rig other;
        other.load(0x180000, GUEST_BYTES(tick));
        other.gate(0x40, 0x180000);
        other.load(code_at, GUEST_BYTES(one_shot));
        other.core->state().r[isa::R8] = 1 << 17;
        other.core->state().r[isa::R9] = 777;
        while (other.core->run(other.core->now() + slice) == Stop::until) {
        }
        return std::tuple(other.core->now(), other.reg(R12), other.reg(R13), other.core->counters().uops);
    };
    const auto whole = run(10'000'000);
    EXPECT_EQ(whole, run(1));
    EXPECT_EQ(whole, run(501));
}

GUEST(masked, ARM_TIMER "mov ecx, 20000\n 1: dec ecx\n jne 1b\n mov rax, r12\n sti\n nop\n nop\n cli\n hlt");
TEST_F(Interrupt, WaitsForTheInterruptFlag) {
    ASSERT_EQ(run_code(GUEST_BYTES(masked), 0, 100), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 0u);
    EXPECT_EQ(rig.reg(R12), 1u);
}

GUEST(self_ipi,
      "xor edx, edx\n mov ecx, 0x80f\n mov eax, 0x1ff\n wrmsr\n mov eax, 5\n mov cr8, rax\n mov ecx, 0x83f\n "
      "mov eax, 0x40\n wrmsr\n"
      " sti\n nop\n jmp 1f\n 1: mov rbx, r12\n xor eax, eax\n mov cr8, rax\n jmp 1f\n 1: mov r14, r12\n "
      "cli\n hlt");
TEST_F(Interrupt, TaskPriorityHoldsBackItsClassAndBelow) {
    ASSERT_EQ(run_code(GUEST_BYTES(self_ipi), 0, 0), Stop::idle_forever) << rig.core->dump();
    EXPECT_EQ(rig.reg(RBX), 0u);
    EXPECT_EQ(rig.reg(isa::R14), 1u);
}

GUEST(idle, "sti\n hlt\n jmp idle_begin");
TEST_F(Interrupt, NothingToWaitForIsIdleForever) {
    EXPECT_EQ(run_code(GUEST_BYTES(idle), 0, 0), Stop::idle_forever);
    EXPECT_NE(rig.core->stop_reason().find("nothing that could wake it"), std::string::npos);
}

// A long rep stos is interrupted in the middle and still right.
GUEST(long_rep, ARM_TIMER
      "mov rdi, 0x600000\n mov rcx, 0x80000\n mov rax, 0x0101010101010101\n sti\n rep stosq\n cli\n hlt");
TEST_F(Interrupt, RepeatedStoreIsInterruptible) {
    for (uint64_t i = 0; i < 0x400; ++i) rig.map(0x600000 + i * 0x1000, 0x2000000 + i * 0x1000, P | W);
    ASSERT_EQ(run_code(GUEST_BYTES(long_rep), 1 << 17, 1), Stop::until)
        << "a tick each cycle starves the rest";
    EXPECT_GT(rig.reg(R12), 10u);

    Rig calm;
    for (uint64_t i = 0; i < 0x400; ++i) calm.map(0x600000 + i * 0x1000, 0x2000000 + i * 0x1000, P | W);
    calm.load(0x180000, GUEST_BYTES(tick));
    calm.gate(0x40, 0x180000);
    calm.load(code_at, GUEST_BYTES(long_rep));
    calm.core->state().r[isa::R9] = 3;
    ASSERT_EQ(calm.run(), Stop::idle_forever);
    EXPECT_EQ(calm.reg(R12), 1u);
    EXPECT_EQ(calm.reg(RCX), 0u);
    for (uint64_t i = 0; i < 0x80000; i += 511)
        ASSERT_EQ(calm.at<uint64_t>(0x2000000 + 8 * i), 0x0101010101010101u);
}

// Also without a timing model: else a guest could repeat for ever in no time, and no limit would end it.
GUEST(rep_alone, "mov rdi, 0x600000\n mov rcx, 0x80000\n xor eax, eax\n rep stosq\n hlt");
TEST_F(Interrupt, ARepetitionTakesTime) {
    for (uint64_t i = 0; i < 0x400; ++i) rig.map(0x600000 + i * 0x1000, 0x2000000 + i * 0x1000, P | W);
    ASSERT_EQ(run_code(GUEST_BYTES(rep_alone), 1 << 17, 1), Stop::idle_forever);
    const Counters& c = rig.core->counters();
    EXPECT_GE(c.cycles, c.instructions + 0x400 / 32 - 1);  // at most 32 pages for nothing
}

}  // namespace stile::model::test
