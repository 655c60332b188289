// SPDX-License-Identifier: Apache-2.0
//
// rdpkru and wrpkru, CR4.PKE and CPUID (Intel SDM vol. 2 and vol. 3, 4.6.2): which processors have them, what
// faults, and that an access behind a wrpkru of the same block is judged by the new value.
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;
using isa::RSI;

namespace {

GUEST(keys_stop, "mov r15, rsp\n mov r14, cr2\n hlt");
constexpr uint64_t handler_at = 0x180000, cr4_pke = 1 << 22;

class KeyInstructions : public ::testing::Test {
  protected:
    explicit KeyInstructions(ProtectionKind kind = ProtectionKind::mpk) : rig(kind) {
        rig.user_pages();
        for (unsigned v = 0; v < 32; ++v) {
            rig.gate(v, handler_at + 16 * v);
            rig.load(handler_at + 16 * v, GUEST_BYTES(keys_stop));
        }
        rig.core->state().cr4 |= cr4_pke;
        for (unsigned key = 0; key < 16; ++key)
            rig.map(user_data + key * 0x1000, user_data + key * 0x1000, P | W | U | NX | uint64_t{key} << 59);
    }
    void at_ring3(std::span<const uint8_t> code) {
        rig.load(user_code, code);
        rig.enter_user(user_code);
        ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    }
    unsigned vector() { return static_cast<unsigned>((rig.core->state().rip - handler_at) / 16); }
    uint64_t word(unsigned i) { return rig.at<uint64_t>(rig.reg(isa::R15) + 8 * i); }
    Rig rig;
};

GUEST(key_roundtrip,
      "xor ecx, ecx\n mov rdx, 0xffffffff00000000\n mov rax, 0x1234567855554554\n wrpkru\n"
      "mov rax, -1\n mov rdx, -1\n mov rcx, 0xffffffff00000000\n rdpkru\n mov rsi, rdx\n mov rbx, rax\n hlt");
TEST_F(KeyInstructions, WriteAndReadThirtyTwoBitsAndIgnoreTheUpperHalves) {
    at_ring3(GUEST_BYTES(key_roundtrip));
    EXPECT_EQ(vector(), unsigned{VEC_GP}) << "the hlt";
    EXPECT_EQ(rig.core->state().pkru, 0x55554554u);
    EXPECT_EQ(rig.reg(RBX), 0x55554554u);
    EXPECT_EQ(rig.reg(RSI), 0u);
    EXPECT_EQ(rig.reg(RCX), 0xffffffff00000000u) << "only the low half counts";
}

GUEST(key_no_rcx, "mov ecx, 1\n xor eax, eax\n xor edx, edx\n rdpkru");
GUEST(key_no_rcx_write, "mov ecx, 1\n xor eax, eax\n xor edx, edx\n wrpkru");
GUEST(key_no_rdx_write, "xor ecx, ecx\n xor eax, eax\n mov edx, 1\n wrpkru");
TEST_F(KeyInstructions, WantZeroInEcxAndEdx) {
    rig.core->state().pkru = 0xc;
    for (const auto& [code, at] :
         {std::pair{GUEST_BYTES(key_no_rcx), 9u}, std::pair{GUEST_BYTES(key_no_rcx_write), 9u},
          std::pair{GUEST_BYTES(key_no_rdx_write), 9u}}) {
        at_ring3(code);
        EXPECT_EQ(vector(), unsigned{VEC_GP});
        EXPECT_EQ(word(0), 0u);
        EXPECT_EQ(word(1), user_code + at);
        EXPECT_EQ(rig.core->state().pkru, 0xcu);
        rig.core->state().cs = 8;
        rig.core->state().cpl = 0;
    }
}

GUEST(key_locked, ".byte 0xf0, 0x0f, 0x01, 0xee");
GUEST(key_prefixed, ".byte 0xf3, 0x0f, 0x01, 0xef");
GUEST(key_prefixed66, ".byte 0x66, 0x0f, 0x01, 0xee");
TEST_F(KeyInstructions, HaveNoPrefixes) {
    for (const auto code :
         {GUEST_BYTES(key_locked), GUEST_BYTES(key_prefixed), GUEST_BYTES(key_prefixed66)}) {
        rig.core->state().r[RCX] = rig.core->state().r[RDX] = 0;
        at_ring3(code);
        EXPECT_EQ(vector(), unsigned{VEC_UD});
    }
}

GUEST(key_plain, "xor ecx, ecx\n xor eax, eax\n xor edx, edx\n rdpkru\n wrpkru\n hlt");
TEST_F(KeyInstructions, AreUnknownUntilTheKernelWantsThem) {
    rig.core->state().cr4 &= ~cr4_pke;
    at_ring3(GUEST_BYTES(key_plain));
    EXPECT_EQ(vector(), unsigned{VEC_UD});
    EXPECT_EQ(word(0), user_code + 6);
}

GUEST(key_enable,
      "mov rax, cr4\n or eax, 0x400000\n mov cr4, rax\n mov rbx, cr4\n mov eax, 7\n xor ecx, ecx\n cpuid\n "
      "hlt");
TEST(KeyProcessors, OnlyOneUnitHasThem) {
    for (const auto kind :
         {ProtectionKind::none, ProtectionKind::paging, ProtectionKind::mpk, ProtectionKind::codoms}) {
        Rig rig(kind);
        for (unsigned v = 0; v < 32; ++v) {
            rig.gate(v, handler_at + 16 * v);
            rig.load(handler_at + 16 * v, GUEST_BYTES(keys_stop));
        }
        rig.load(code_at, GUEST_BYTES(key_enable));
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        if (kind == ProtectionKind::mpk) {
            EXPECT_EQ(rig.reg(RCX), 0x18u) << "PKU, OSPKE";
            rig.core->state().rip = code_at + 14;
            rig.core->state().cr4 &= ~cr4_pke;
            ASSERT_EQ(rig.run(), Stop::idle_forever);
            EXPECT_EQ(rig.reg(RCX), 0x8u) << "PKU alone";
        } else {
            EXPECT_GE(rig.core->state().rip, handler_at + 16 * VEC_GP) << "reserved bit of CR4";
            EXPECT_LT(rig.core->state().rip, handler_at + 16 * (VEC_GP + 1));
            rig.core->state().rip = code_at + 14;
            ASSERT_EQ(rig.run(), Stop::idle_forever);
            EXPECT_EQ(rig.reg(RCX), 0u);
        }
    }
}

// Key 3's page is written, closed to stores, written again: all in one block, three times.
GUEST(key_in_block,
      "mov ebx, 0x483000\n mov edi, 3\n"
      "1: xor ecx, ecx\n xor edx, edx\n xor eax, eax\n wrpkru\n"
      "mov qword ptr [rbx], rdi\n"
      "mov eax, 0x80\n wrpkru\n mov rsi, [rbx]\n add r8, rsi\n"
      "dec edi\n jne 1b\n"
      "mov qword ptr [rbx], 99\n hlt");
TEST_F(KeyInstructions, ChangeWhatTheNextAccessMayDo) {
    at_ring3(GUEST_BYTES(key_in_block));
    EXPECT_EQ(vector(), unsigned{VEC_PF});
    EXPECT_EQ(word(0), uint64_t{PF_PRESENT | PF_WRITE | PF_USER | PF_KEY});
    EXPECT_EQ(rig.reg(isa::R14), user_data + 0x3000);
    EXPECT_EQ(rig.reg(isa::R8), 6u);
    EXPECT_EQ(rig.at<uint64_t>(user_data + 0x3000), 1u) << "the refused store did not happen";
}

// The same loop with a load that becomes forbidden while everything about it is warm.
GUEST(
    key_close,
    "mov ebx, 0x485000\n mov edi, 50\n xor ecx, ecx\n xor edx, edx\n xor eax, eax\n"
    "1: mov rsi, [rbx]\n inc r9\n cmp edi, 1\n jne 2f\n mov eax, 0x400\n wrpkru\n 2: dec edi\n jns 1b\n hlt");
TEST_F(KeyInstructions, CloseAPageUnderARunningLoop) {
    at_ring3(GUEST_BYTES(key_close));
    EXPECT_EQ(vector(), unsigned{VEC_PF});
    EXPECT_EQ(word(0), uint64_t{PF_PRESENT | PF_USER | PF_KEY});
    EXPECT_EQ(rig.reg(isa::R9), 50u);
}

// Ring 0 with the program's PKRU: a copy to a closed page faults, WD only where CR0.WP is set.
GUEST(key_kernel, "mov ebx, 0x486000\n mov rsi, [rbx]\n mov [rbx], rsi\n hlt");
TEST_F(KeyInstructions, HoldForTheKernelsAccessesToUserPages) {
    const auto run = [&](uint32_t pkru, bool wp) {
        CpuState& s = rig.core->state();
        s.pkru = pkru;
        s.cr0 = wp ? s.cr0 | 1 << 16 : s.cr0 & ~(1ull << 16);
        s.cpl = 0;
        s.cs = 8;
        s.ss = 16;
        s.rip = code_at;
        s.r[isa::RSP] = stack_top;
        rig.core->mmu().context_changed();
        rig.load(code_at, GUEST_BYTES(key_kernel));
        EXPECT_EQ(rig.run(), Stop::idle_forever);
        return s.rip >= handler_at ? word(0) : 0;
    };
    EXPECT_EQ(run(0, true), 0u);
    EXPECT_EQ(run(1 << 12, true), uint64_t{PF_PRESENT | PF_KEY});
    EXPECT_EQ(run(2 << 12, true), uint64_t{PF_PRESENT | PF_WRITE | PF_KEY});
    EXPECT_EQ(run(2 << 12, false), 0u);
    EXPECT_EQ(run(1 << 12, false), uint64_t{PF_PRESENT | PF_KEY}) << "AD does not care for WP";
}

// A string that goes over from an open page into a closed one stops there, with what it did done.
GUEST(key_string, "mov edi, 0x486f00\n mov ecx, 512\n mov eax, 0x5a\n cld\n rep stosb\n hlt");
TEST_F(KeyInstructions, StringsStopAtTheFirstClosedByte) {
    rig.core->state().pkru = 2 << 14;
    at_ring3(GUEST_BYTES(key_string));
    EXPECT_EQ(vector(), unsigned{VEC_PF});
    EXPECT_EQ(word(0), uint64_t{PF_PRESENT | PF_WRITE | PF_USER | PF_KEY});
    EXPECT_EQ(rig.reg(RCX), 256u);
    EXPECT_EQ(rig.at<uint8_t>(user_data + 0x6fff), 0x5au);
    EXPECT_EQ(rig.at<uint8_t>(user_data + 0x7000), 0u);
}

}  // namespace

}  // namespace stile::model::test
