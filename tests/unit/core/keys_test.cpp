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
constexpr uint64_t cr4_pke = 1 << 22;

class KeyMachine : public Rig {
  public:
    explicit KeyMachine(ProtectionKind kind = ProtectionKind::mpk, uint64_t cr4 = cr4_pke) : Rig(kind) {
        user_pages();
        for (unsigned v = 0; v < 32; ++v) {
            gate(v, handler_at + 16 * v);
            Rig::load(handler_at + 16 * v, GUEST_BYTES(keys_stop));
        }
        core->state().cr4 |= cr4;
        for (unsigned key = 0; key < 16; ++key)
            map(user_data + key * 0x1000, user_data + key * 0x1000, P | W | U | NX | uint64_t{key} << 59);
    }
    void at_ring3(std::span<const uint8_t> code) {
        Rig::load(user_code, code);
        enter_user(user_code);
        ASSERT_EQ(run(), Stop::idle_forever) << core->dump();
    }
    void at_ring0(std::span<const uint8_t> code) {
        Rig::load(code_at, code);
        ASSERT_EQ(run(), Stop::idle_forever) << core->dump();
    }
    // Of the exception that ended it; -1: none.
    int vector() {
        const uint64_t rip = core->state().rip;
        return rip < handler_at ? -1 : static_cast<int>((rip - handler_at) / 16);
    }
    uint64_t word(unsigned i) { return at<uint64_t>(reg(isa::R15) + 8 * i); }
};

class KeyInstructions : public ::testing::Test {
  protected:
    void at_ring3(std::span<const uint8_t> code) { rig.at_ring3(code); }
    KeyMachine rig;
};

GUEST(key_roundtrip,
      "xor ecx, ecx\n mov rdx, 0xffffffff00000000\n mov rax, 0x1234567855554554\n wrpkru\n"
      "mov rax, -1\n mov rdx, -1\n mov rcx, 0xffffffff00000000\n rdpkru\n mov rsi, rdx\n mov rbx, rax\n hlt");
TEST_F(KeyInstructions, WriteAndReadThirtyTwoBitsAndIgnoreTheUpperHalves) {
    at_ring3(GUEST_BYTES(key_roundtrip));
    EXPECT_EQ(rig.vector(), int{VEC_GP}) << "the hlt";
    EXPECT_EQ(rig.core->state().pkru, 0x55554554u);
    EXPECT_EQ(rig.reg(RBX), 0x55554554u);
    EXPECT_EQ(rig.reg(RSI), 0u);
    EXPECT_EQ(rig.reg(RCX), 0xffffffff00000000u) << "only the low half counts";
}

GUEST(key_no_rcx, "mov ecx, 1\n xor eax, eax\n xor edx, edx\n rdpkru");
GUEST(key_no_rcx_write, "mov ecx, 1\n xor eax, eax\n xor edx, edx\n wrpkru");
GUEST(key_no_rdx_write, "xor ecx, ecx\n xor eax, eax\n mov edx, 1\n wrpkru");
TEST(KeyOperands, MustBeZeroInEcxAndEdx) {
    for (const auto code :
         {GUEST_BYTES(key_no_rcx), GUEST_BYTES(key_no_rcx_write), GUEST_BYTES(key_no_rdx_write)}) {
        KeyMachine rig;
        rig.core->state().pkru = 0xc;
        rig.at_ring3(code);
        EXPECT_EQ(rig.vector(), int{VEC_GP});
        EXPECT_EQ(rig.word(0), 0u);
        EXPECT_EQ(rig.word(1), user_code + 9);
        EXPECT_EQ(rig.core->state().pkru, 0xcu);
    }
}

GUEST(key_locked, ".byte 0xf0, 0x0f, 0x01, 0xee");
GUEST(key_prefixed, ".byte 0xf3, 0x0f, 0x01, 0xef");
GUEST(key_prefixed66, ".byte 0x66, 0x0f, 0x01, 0xee");
TEST(KeyOperands, HaveNoPrefixes) {
    for (const auto code :
         {GUEST_BYTES(key_locked), GUEST_BYTES(key_prefixed), GUEST_BYTES(key_prefixed66)}) {
        KeyMachine rig;
        rig.at_ring3(code);
        EXPECT_EQ(rig.vector(), int{VEC_UD});
    }
}

GUEST(key_plain, "xor ecx, ecx\n xor eax, eax\n xor edx, edx\n rdpkru\n wrpkru\n hlt");
TEST_F(KeyInstructions, AreUnknownUntilTheKernelWantsThem) {
    rig.core->state().cr4 &= ~cr4_pke;
    at_ring3(GUEST_BYTES(key_plain));
    EXPECT_EQ(rig.vector(), int{VEC_UD});
    EXPECT_EQ(rig.word(0), user_code + 6);
}

GUEST(key_enable, "mov rax, cr4\n or eax, 0x400000\n mov cr4, rax\n hlt");
GUEST(key_features, "mov eax, 7\n xor ecx, ecx\n cpuid\n hlt");
TEST(KeyProcessors, OnlyOneUnitHasThem) {
    for (const auto kind :
         {ProtectionKind::none, ProtectionKind::paging, ProtectionKind::mpk, ProtectionKind::codoms}) {
        const bool has = kind == ProtectionKind::mpk;
        KeyMachine asked(kind, 0);
        asked.at_ring0(GUEST_BYTES(key_features));
        EXPECT_EQ(asked.reg(RCX), has ? 0x8u : 0u) << "PKU";
        KeyMachine enabled(kind, 0);
        enabled.at_ring0(GUEST_BYTES(key_enable));
        EXPECT_EQ(enabled.vector(), has ? -1 : int{VEC_GP}) << "a reserved bit of CR4";
        KeyMachine unknown(kind, 0);
        unknown.at_ring3(GUEST_BYTES(key_plain));
        EXPECT_EQ(unknown.vector(), int{VEC_UD});
    }
    KeyMachine on;
    on.at_ring0(GUEST_BYTES(key_features));
    EXPECT_EQ(on.reg(RCX), 0x18u) << "PKU, OSPKE";
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
    EXPECT_EQ(rig.vector(), int{VEC_PF});
    EXPECT_EQ(rig.word(0), uint64_t{PF_PRESENT | PF_WRITE | PF_USER | PF_KEY});
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
    EXPECT_EQ(rig.vector(), int{VEC_PF});
    EXPECT_EQ(rig.word(0), uint64_t{PF_PRESENT | PF_USER | PF_KEY});
    EXPECT_EQ(rig.reg(isa::R9), 50u);
}

// Ring 0 with the program's PKRU: a copy to a closed page faults, WD only where CR0.WP is set.
GUEST(key_kernel, "mov ebx, 0x486000\n mov rsi, [rbx]\n mov [rbx], rsi\n hlt");
TEST(KeyOperands, HoldForTheKernelsAccessesToUserPages) {
    const auto error = [](uint32_t pkru, bool wp) {
        KeyMachine rig;
        CpuState& s = rig.core->state();
        s.pkru = pkru;
        if (!wp) s.cr0 &= ~(1ull << 16);
        rig.at_ring0(GUEST_BYTES(key_kernel));
        return rig.vector() == VEC_PF ? rig.word(0) : 0;
    };
    EXPECT_EQ(error(0, true), 0u);
    EXPECT_EQ(error(1 << 12, true), uint64_t{PF_PRESENT | PF_KEY});
    EXPECT_EQ(error(2 << 12, true), uint64_t{PF_PRESENT | PF_WRITE | PF_KEY});
    EXPECT_EQ(error(2 << 12, false), 0u);
    EXPECT_EQ(error(1 << 12, false), uint64_t{PF_PRESENT | PF_KEY}) << "AD does not care for WP";
}

// A string that goes over from an open page into a closed one stops there, with what it did done.
GUEST(key_string, "mov edi, 0x486f00\n mov ecx, 512\n mov eax, 0x5a\n cld\n rep stosb\n hlt");
TEST_F(KeyInstructions, StringsStopAtTheFirstClosedByte) {
    rig.core->state().pkru = 2 << 14;
    at_ring3(GUEST_BYTES(key_string));
    EXPECT_EQ(rig.vector(), int{VEC_PF});
    EXPECT_EQ(rig.word(0), uint64_t{PF_PRESENT | PF_WRITE | PF_USER | PF_KEY});
    EXPECT_EQ(rig.reg(RCX), 256u);
    EXPECT_EQ(rig.at<uint8_t>(user_data + 0x6fff), 0x5au);
    EXPECT_EQ(rig.at<uint8_t>(user_data + 0x7000), 0u);
}

}  // namespace

}  // namespace stile::model::test
