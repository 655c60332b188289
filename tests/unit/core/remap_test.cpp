// SPDX-License-Identifier: Apache-2.0
//
// When the guest changes a mapping and says so (INVLPG, CR3), does everything that was remembered under the
// old one give way: software TLB, translated blocks, links between them? Would these tests notice if it did
// not?
#include "model/core/core_impl.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::R12;
using isa::R13;
using isa::R14;
using isa::R15;
using isa::RAX;

namespace {

constexpr uint64_t moved = 0x600000, one = 0x250000, other = 0x252000, fault_code = 0x180000;

// #PF: where and why.
GUEST(on_page_fault, "pop r14\n mov r15, cr2\n mov r13, 1\n hlt");

class Remap : public ::testing::Test {
  protected:
    Rig rig;

    void SetUp() override {
        rig.load(fault_code, GUEST_BYTES(on_page_fault));
        rig.gate(14, fault_code);
        rig.map(moved, one, P | W);
        rig.map(moved + 0x1000, one + 0x1000, P | W);
        // The page table of the window is in reach of the guest.
        const uint64_t table =
            rig.at<uint64_t>((rig.at<uint64_t>(rig.at<uint64_t>(tables_at) & ~0xfffull) & ~0xfffull) +
                             (moved >> 21) * 8) &
            ~0xfffull;
        rig.map(0x700000, table, P | W);
        rig.core->state().r[R12] = 0x700000 + (moved >> 12 & 511) * 8;  // its entry
        rig.core->mmu().flush_all();
    }
    void run_code(std::span<const uint8_t> code) {
        rig.load(code_at, code);
        ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    }
    void forget_invlpg() {
        rig.core->impl().translated = [](Block& b) {
            for (isa::Uop& u : b.code.uops)
                if (u.op == isa::Op::invlpg)
                    u.handler = reinterpret_cast<const void*>(
                        static_cast<Handler>([](Exec& x, const Uop* u) { return leave_serial(x, u); }));
        };
    }
};

}  // namespace

// Reads, writes through the window until the software TLB knows it; moves it; reads again.
GUEST(move_data,
      "mov rbx, 0x600000\n mov ecx, 10\n 1: mov eax, [rbx]\n inc dword ptr [rbx]\n loop 1b\n"
      " mov qword ptr [r12], 0x252003\n invlpg [rbx]\n mov eax, [rbx]\n mov dword ptr [rbx], 77\n hlt");
TEST_F(Remap, DataIsThatOfTheNewPage) {
    rig.at<uint32_t>(other) = 1234;
    run_code(GUEST_BYTES(move_data));
    EXPECT_EQ(rig.reg(RAX), 1234u);
    EXPECT_EQ(rig.at<uint32_t>(other), 77u);
    EXPECT_EQ(rig.at<uint32_t>(one), 10u);
}
TEST_F(Remap, DataIsThatOfTheOldPageIfInvlpgIsForgotten) {
    rig.at<uint32_t>(other) = 1234;
    forget_invlpg();
    run_code(GUEST_BYTES(move_data));
    EXPECT_EQ(rig.reg(RAX), 10u);
    EXPECT_EQ(rig.at<uint32_t>(other), 1234u);
}

GUEST(protect_data,
      "mov rbx, 0x600000\n mov ecx, 10\n 1: inc dword ptr [rbx]\n loop 1b\n"
      " mov qword ptr [r12], 0x250001\n invlpg [rbx]\n mov eax, [rbx]\n inc dword ptr [rbx]\n hlt");
TEST_F(Remap, APageMadeReadOnlyIs) {
    run_code(GUEST_BYTES(protect_data));
    EXPECT_EQ(rig.reg(R13), 1u);
    EXPECT_EQ(rig.reg(R14), PF_PRESENT | PF_WRITE);
    EXPECT_EQ(rig.reg(R15), moved);
    EXPECT_EQ(rig.at<uint32_t>(one), 10u);
}
TEST_F(Remap, APageMadeReadOnlyIsNotIfInvlpgIsForgotten) {
    forget_invlpg();
    run_code(GUEST_BYTES(protect_data));
    EXPECT_EQ(rig.reg(R13), 0u);
    EXPECT_EQ(rig.at<uint32_t>(one), 11u);
}

// A function of three linked blocks, called until it is hot.
GUEST(linked, "jmp 1f\n .byte 0xcc\n 1: test eax, eax\n jne 2f\n 2: mov eax, 1\n ret");
GUEST(linked_other, "jmp 1f\n .byte 0xcc\n 1: test eax, eax\n jne 2f\n 2: mov eax, 2\n ret");
GUEST(move_code,
      "mov rbx, 0x600000\n mov ebp, 10\n 1: call rbx\n dec ebp\n jne 1b\n mov r8d, eax\n"
      " mov qword ptr [r12], 0x252003\n invlpg [rbx]\n call rbx\n hlt");
TEST_F(Remap, CodeIsThatOfTheNewPage) {
    rig.load(one, GUEST_BYTES(linked));
    rig.load(other, GUEST_BYTES(linked_other));
    run_code(GUEST_BYTES(move_code));
    EXPECT_EQ(rig.reg(isa::R8), 1u);
    EXPECT_EQ(rig.reg(RAX), 2u);
}
TEST_F(Remap, CodeIsThatOfTheOldPageIfInvlpgIsForgotten) {
    rig.load(one, GUEST_BYTES(linked));
    rig.load(other, GUEST_BYTES(linked_other));
    forget_invlpg();
    run_code(GUEST_BYTES(move_code));
    EXPECT_EQ(rig.reg(RAX), 1u);
}

// `mov eax, imm32` whose immediate lies on the second page, which is the one that moves.
GUEST(move_second_page,
      "mov rbx, 0x600fff\n mov ebp, 10\n 1: call rbx\n dec ebp\n jne 1b\n mov r8d, eax\n"
      " mov qword ptr [r12 + 8], 0x252003\n invlpg [rbx + 1]\n call rbx\n hlt");
TEST_F(Remap, AnInstructionOnTwoPagesIsThatOfTheNewSecondPage) {
    rig.at<uint8_t>(one + 0xfff) = 0xb8;
    rig.at<uint64_t>(one + 0x1000) = 0xc300000005;
    rig.at<uint64_t>(other) = 0xc300000006;
    run_code(GUEST_BYTES(move_second_page));
    EXPECT_EQ(rig.reg(isa::R8), 5u);
    EXPECT_EQ(rig.reg(RAX), 6u);
}

// The page that runs takes its own right to run away: the instruction after INVLPG is refused.
GUEST(forbid_itself,
      "mov ecx, 10\n 1: dec ecx\n jne 1b\n mov rax, 0x8000000000250003\n mov [r12], rax\n invlpg [rip]\n inc "
      "r8\n"
      " hlt");
TEST_F(Remap, APageThatForbidsItselfStops) {
    rig.load(one, GUEST_BYTES(forbid_itself));
    rig.core->state().rip = moved;
    ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    EXPECT_EQ(rig.reg(R13), 1u);
    EXPECT_EQ(rig.reg(R14), PF_PRESENT | PF_FETCH);
    EXPECT_EQ(rig.reg(R15) & ~0xfffull, moved);
    EXPECT_EQ(rig.reg(isa::R8), 0u);
}

// Two address spaces that have different code in one place, visited in turn by way of CR3, with and without
// PCIDs and the no-flush bit: what was translated in one is never run in the other.
GUEST(
    two_spaces,
    "mov rbx, 0x600000\n mov rsi, cr3\n mov ebp, 20\n xor r8d, r8d\n 1: call rbx\n lea r8, [r8 + r8*2]\n add "
    "r8, rax\n xchg rsi, rdi\n mov cr3, rsi\n dec ebp\n jne 1b\n hlt");
TEST_F(Remap, EachAddressSpaceHasItsOwnCode) {
    uint64_t want = 0;
    for (unsigned i = 0; i < 20; ++i) want = want * 3 + (i % 2 ? 2 : 1);
    for (const bool pcid : {false, true}) {
        rig.load(one, GUEST_BYTES(linked));
        rig.load(other, GUEST_BYTES(linked_other));
        // A second tree, the same but for the window.
        constexpr uint64_t trees = 0x2000000;
        uint64_t from = tables_at, to = trees;
        for (unsigned level = 3;; --level) {
            std::memcpy(rig.memory.host(to), rig.memory.host(from), 0x1000);
            const uint64_t slot = (moved >> (12 + 9 * level) & 511) * 8;
            if (level == 0) {
                rig.at<uint64_t>(to + slot) = other | P | W;
                break;
            }
            from = rig.at<uint64_t>(from + slot) & 0xfffffff000;
            rig.at<uint64_t>(to + slot) = (to + 0x1000) | P | W | U;
            to += 0x1000;
        }
        CpuState& s = rig.core->state();
        s.cr4 = pcid ? s.cr4 | 1 << 17 : s.cr4;
        s.r[isa::RDI] = pcid ? trees | 5 | 1ull << 63 : trees;
        s.rip = code_at;
        s.halted = false;
        run_code(GUEST_BYTES(two_spaces));
        EXPECT_EQ(rig.reg(isa::R8), want) << "PCID " << pcid;
        s.cr3 = tables_at;
    }
}

}  // namespace stile::model::test
