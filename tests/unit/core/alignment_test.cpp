// SPDX-License-Identifier: Apache-2.0
//
// Is misaligned data refused exactly where RFLAGS.AC, CR0.AM and ring 3 come together (Intel SDM vol.
// 3, 6.15, interrupt 17), and does a fast path that was warm before not answer? The sizes are those that a
// processor of AMD's was seen to check.
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

GUEST(ac_stop, "mov r15, rsp\n hlt");
constexpr uint64_t cr0_am = 1 << 18;

struct Access {
    const char* name;
    const uint8_t *begin, *end;
    unsigned size;  // alignment asked for; 0: #GP whatever AC says, 1: none
};

// rbx is the address; rax, rcx and xmm0 are free.
#define ACCESS(name, text, size) GUEST(ac_##name, text);
#define ACCESSES                                                  \
    ACCESS(byte, "mov al, [rbx]", 1)                              \
    ACCESS(word, "mov ax, [rbx]", 2)                              \
    ACCESS(dword, "mov [rbx], eax", 4)                            \
    ACCESS(qword, "add [rbx], rax", 8)                            \
    ACCESS(locked, "lock xadd [rbx], rax", 8)                     \
    ACCESS(cx8, "cmpxchg8b [rbx]", 8)                             \
    ACCESS(movups, "movups xmm0, [rbx]", 16)                      \
    ACCESS(movaps, "movaps xmm0, [rbx]", 0)                       \
    ACCESS(movlps, "movlps [rbx], xmm0", 8)                       \
    ACCESS(movss, "addss xmm0, [rbx]", 4)                         \
    ACCESS(extended, "fld tbyte ptr [rbx]", 8)                    \
    ACCESS(environment, "fnstenv [rbx]", 4)                       \
    ACCESS(short_environment, ".byte 0x66\n fnstenv [rbx]", 2)    \
    ACCESS(saved, "fnsave [rbx]", 4)                              \
    ACCESS(control, "ldmxcsr [rbx + 0x100]", 4)                   \
    ACCESS(string, "mov rdi, rbx\n mov ecx, 4\n rep stosd", 4)    \
    ACCESS(copy, "mov rdi, rbx\n lea rsi, [rbx + 64]\n movsw", 2) \
    ACCESS(masked, "mov rdi, rbx\n maskmovdqu xmm0, xmm1", 8)     \
    ACCESS(masked_8, "mov rdi, rbx\n maskmovq mm0, mm1", 8)       \
    ACCESS(stack, "lea rsp, [rbx + 16]\n push rax", 8)            \
    ACCESS(frame, "lea rsp, [rbx + 64]\n enter 16, 1", 8)         \
    ACCESS(selector, "mov word ptr [rbx], ds", 2)
ACCESSES
#undef ACCESS
#define ACCESS(name, text, size) {#name, ac_##name##_begin, ac_##name##_end, size},
const Access accesses[] = {ACCESSES};

class Alignment : public ::testing::TestWithParam<Access> {
  protected:
    // The vector of what happened at an address this far into the page, 0 for nothing. Code is run twice, so
    // that the software TLB knows the page when AC is set.
    int fault_at(unsigned offset, bool check, bool mask = true, unsigned ring = 3) {
        Rig rig;
        rig.user_pages();
        for (unsigned v = 0; v < 32; ++v) {
            rig.gate(v, handler_at + 16 * v);
            rig.load(handler_at + 16 * v, GUEST_BYTES(ac_stop));
        }
        CpuState& s = rig.core->state();
        if (!mask) s.cr0 &= ~cr0_am;
        const uint64_t code = ring == 3 ? user_code : code_at;
        const uint32_t mxcsr = 0x1f80;
        std::memcpy(rig.memory.host(user_data + 0x100 + offset), &mxcsr, sizeof mxcsr);
        for (const bool ac : {false, check}) {
            rig.load(code, {GetParam().begin, GetParam().end});
            static constexpr uint8_t ud2[] = {0x0f, 0x0b};
            rig.load(code + static_cast<uint64_t>(GetParam().end - GetParam().begin), ud2);
            s.halted = false;
            rig.enter_user(code);
            if (ring == 0) s.cpl = 0, s.cs = 8, s.ss = 0x10;
            rig.core->set_rflags(ac ? 2 | flag::AC : 2);
            s.r[isa::RBX] = user_data + offset;
            EXPECT_EQ(rig.run(), Stop::idle_forever);
        }
        const auto vector = static_cast<int>((s.rip - handler_at) / 16);
        if (vector == VEC_AC) {
            EXPECT_EQ(rig.at<uint64_t>(s.r[isa::R15]), 0u) << "the error code";
        }
        return vector == VEC_UD ? 0 : vector;
    }
};

}  // namespace

TEST_P(Alignment, IsCheckedAtRing3WithBothBitsSet) {
    const unsigned size = GetParam().size;
    for (unsigned offset = 0; offset < 32; ++offset) {
        const int expected = size == 0 ? (offset % 16 ? VEC_GP : 0) : offset % size ? VEC_AC : 0;
        EXPECT_EQ(fault_at(offset, true), expected) << offset;
    }
}

TEST_P(Alignment, IsNotCheckedWithoutOneOfThem) {
    const int expected = GetParam().size == 0 ? VEC_GP : 0;
    EXPECT_EQ(fault_at(1, false), expected) << "RFLAGS.AC is 0";
    EXPECT_EQ(fault_at(1, true, false), expected) << "CR0.AM is 0";
    EXPECT_EQ(fault_at(1, true, true, 0), expected) << "ring 0";
}

INSTANTIATE_TEST_SUITE_P(All, Alignment, ::testing::ValuesIn(accesses),
                         [](const auto& info) { return std::string(info.param.name); });

// A misaligned access to a page that is not there is misaligned first; one to a non-canonical address is
// that.
GUEST(ac_order, "mov rbx, [rbx]");
TEST(AlignmentOrder, ComesBeforeThePageAndAfterTheAddress) {
    for (const auto& [address, vector] :
         {std::pair{0x9000001ull, VEC_AC}, {0x9000000ull, VEC_PF}, {0x800000000001ull, VEC_GP}}) {
        Rig rig;
        rig.user_pages();
        for (unsigned v = 0; v < 32; ++v) {
            rig.gate(v, handler_at + 16 * v);
            rig.load(handler_at + 16 * v, GUEST_BYTES(ac_stop));
        }
        rig.load(user_code, GUEST_BYTES(ac_order));
        rig.enter_user(user_code);
        rig.core->set_rflags(2 | flag::AC);
        rig.core->state().r[isa::RBX] = address;
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        EXPECT_EQ((rig.core->state().rip - handler_at) / 16, uint64_t{vector}) << std::hex << address;
    }
}

}  // namespace stile::model::test
