// SPDX-License-Identifier: Apache-2.0
//
// Blocks that follow each other without a look at the world (model/core/exec/chain.h): is the clock right in
// the middle of a chain, and does a chain break where what it remembers is no longer true?
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RCX;

namespace {

class Chain : public ::testing::Test {
  protected:
    Rig rig;
    void run_code(std::span<const uint8_t> code, Cycles limit = 1'000'000) {
        rig.load(code_at, code);
        ASSERT_EQ(rig.run(limit), Stop::idle_forever) << rig.core->dump();
    }
};

}  // namespace

// Four instructions in three blocks between two readings.
GUEST(clock_loop,
      "xor esi, esi\n mov ecx, 5000\n 1: rdtsc\n mov r8, rax\n jmp 2f\n 2: nop\n rdtsc\n sub rax, r8\n cmp "
      "rax, 4\n "
      "je 3f\n inc esi\n 3: dec ecx\n jne 1b\n hlt");
TEST_F(Chain, EveryReadingOfTheClockIsExact) {
    run_code(GUEST_BYTES(clock_loop));
    EXPECT_EQ(rig.reg(isa::RSI), 0u) << "a difference was not that of the four instructions between";
    EXPECT_EQ(rig.core->counters().instructions, 3u + 5000u * 10u);
    EXPECT_EQ(rig.core->counters().cycles, rig.core->counters().instructions);
}

// A function on the next page, rewritten in every 16th round.
GUEST(far_rewrite,
      "xor ebx, ebx\n xor ecx, ecx\n 1: test ecx, 15\n jne 2f\n mov [rip + 3f + 1], ecx\n 2: call 3f\n add "
      "rbx, rax\n "
      "inc ecx\n cmp ecx, 160\n jne 1b\n hlt\n .skip 4096\n 3: mov eax, 77\n ret");
TEST_F(Chain, FunctionOnAnotherPageIsRewritten) {
    run_code(GUEST_BYTES(far_rewrite));
    EXPECT_EQ(rig.reg(RBX), 16u * (0 + 16 + 32 + 48 + 64 + 80 + 96 + 112 + 128 + 144));
}

// The page of the function becomes another one at round 40, with the TLB told, and comes back at round 80.
GUEST(far_remap,
      "xor ebx, ebx\n xor ecx, ecx\n 1: call 2f\n add rbx, rax\n inc ecx\n cmp "
      "ecx, 40\n "
      "je 3f\n cmp ecx, 80\n je 3f\n cmp ecx, 120\n jne 1b\n hlt\n 3: mov rax, [rdi]\n xchg rax, [rsi]\n mov "
      "[rdi], rax\n"
      " invlpg [rip + 2f]\n jmp 1b\n .skip 4096\n 2: mov eax, 1\n ret");
TEST_F(Chain, FunctionOnAnotherPageIsMappedAnew) {
    const uint64_t page = code_at + 0x1000, other = data_at;
    static constexpr uint8_t function[] = {0xb8, 100, 0, 0, 0, 0xc3};  // mov eax, 100; ret
    std::memset(rig.memory.host(other), 0x90, 0x200);                  // wherever it is entered
    rig.load(other + 0x200, function);
    // The two page-table entries that the guest swaps; the second one is only a place in memory.
    const uint64_t entry_at =
        static_cast<uint64_t>(reinterpret_cast<uint8_t*>(&rig.pte(page)) - rig.memory.host(0));
    const uint64_t spare_at = data_at + 0x1000;
    rig.at<uint64_t>(spare_at) = (rig.pte(page) & 0xfff) | other;
    rig.core->state().r[isa::RSI] = entry_at;
    rig.core->state().r[isa::RDI] = spare_at;
    rig.map(entry_at & ~0xfffull, entry_at & ~0xfffull, P | W);
    run_code(GUEST_BYTES(far_remap));
    EXPECT_EQ(rig.reg(RBX), 40u * 1 + 40u * 100 + 40u * 1);
}

// However often a chain is cut, and wherever, the counters are the same.
TEST_F(Chain, SlicesChangeNothing) {
    Rig whole;
    whole.load(code_at, GUEST_BYTES(far_rewrite));
    ASSERT_EQ(whole.run(), Stop::idle_forever);
    rig.load(code_at, GUEST_BYTES(far_rewrite));
    Stop stop = Stop::until;
    for (Cycles at = 7; stop == Stop::until; at += 13) stop = rig.run(at);
    EXPECT_EQ(stop, Stop::idle_forever);
    EXPECT_EQ(rig.reg(RBX), whole.reg(RBX));
    EXPECT_EQ(rig.core->counters().cycles, whole.core->counters().cycles);
    EXPECT_EQ(rig.core->counters().uops, whole.core->counters().uops);
    EXPECT_EQ(rig.core->counters().phase, whole.core->counters().phase);
}

}  // namespace stile::model::test
