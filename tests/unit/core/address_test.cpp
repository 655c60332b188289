// SPDX-License-Identifier: Apache-2.0
//
// What do addresses do that are not canonical (Intel SDM vol. 1, 3.3.7.1; vol. 3, 6.15)? Data raises #SS(0)
// where the stack segment is the one used, #GP(0) elsewhere; a near branch faults as the branch, with RSP
// where it was.
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

GUEST(na_stop, "mov r15, rsp\n hlt");

struct AddressCase {
    const char* name;
    const uint8_t *begin, *end;
    unsigned before;  // bytes of the snippet that come before the faulting instruction
    int vector;
};

// rbx, rbp and rsi hold the first address that is not canonical.
#define CASES                                                                    \
    CASE(load, "mov rax, [rbx]", 0, VEC_GP)                                      \
    CASE(store, "mov [rbx + 8], rax", 0, VEC_GP)                                 \
    CASE(through_rbp, "mov rax, [rbp]", 0, VEC_SS)                               \
    CASE(index_is_no_base, "mov rax, [rbp * 1 + 0]", 0, VEC_GP)                  \
    CASE(other_segment, "mov rax, fs:[rbp]", 0, VEC_GP)                          \
    CASE(ignored_override, ".byte 0x3e\n mov rax, [rbp]", 0, VEC_SS)             \
    CASE(ss_is_ignored_too, ".byte 0x36\n mov rax, [rbx]", 0, VEC_GP)            \
    CASE(last_bytes, "mov rax, [rbp - 2]", 0, VEC_SS)                            \
    CASE(string, "lodsb", 0, VEC_GP)                                             \
    CASE(push, "lea rsp, [rbx + 16]\n push rax", 4, VEC_SS)                      \
    CASE(pop, "mov rsp, rbx\n pop rax", 3, VEC_SS)                               \
    CASE(leave, "leave", 0, VEC_SS)                                              \
    CASE(enter, "lea rsp, [rbx + 64]\n enter 16, 0", 4, VEC_SS)                  \
    CASE(locked, "lock inc dword ptr [rbp]", 0, VEC_SS)                          \
    CASE(vector_load, "movups xmm0, [rbp]", 0, VEC_SS)                           \
    CASE(x87_load, "fld qword ptr [rbp]", 0, VEC_SS)                             \
    CASE(x87_state, "fnsave [rbp]", 0, VEC_SS)                                   \
    CASE(call_on_bad_stack, "lea rsp, [rbx + 16]\n call 1f\n 1: ud2", 4, VEC_SS) \
    CASE(return_on_bad_stack, "mov rsp, rbx\n ret", 3, VEC_SS)                   \
    CASE(far_return_on_bad_stack, "mov rsp, rbx\n retfd", 3, VEC_SS)             \
    CASE(jump, "jmp rbx", 0, VEC_GP)                                             \
    CASE(call, "call rbx", 0, VEC_GP)                                            \
    CASE(ret, "push rbx\n ret", 1, VEC_GP)                                       \
    CASE(ret_pops, "push rbx\n ret 24", 1, VEC_GP)                               \
    CASE(jump_through_memory, "push rbx\n jmp [rsp]", 1, VEC_GP)
#define CASE(name, text, before, vector) GUEST(na_##name, text);
CASES
#undef CASE
#define CASE(name, text, before, vector) {#name, na_##name##_begin, na_##name##_end, before, vector},
const AddressCase address_cases[] = {CASES};
#undef CASE
#undef CASES

class Canonical : public ::testing::TestWithParam<AddressCase> {};

}  // namespace

TEST_P(Canonical, FaultIsPreciseAndOfTheRightKind) {
    const AddressCase& c = GetParam();
    Rig rig;
    rig.user_pages();
    for (unsigned v = 0; v < 32; ++v) {
        rig.gate(v, handler_at + 16 * v);
        rig.load(handler_at + 16 * v, GUEST_BYTES(na_stop));
    }
    rig.load(user_code, {c.begin, c.end});
    rig.enter_user(user_code);
    CpuState& s = rig.core->state();
    s.r[isa::RBX] = s.r[isa::RBP] = s.r[isa::RSI] = hole;
    std::memset(rig.memory.host(user_stack - 64), 0x5a, 64);
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    const uint64_t frame = s.r[isa::R15];
    EXPECT_EQ(static_cast<int>((s.rip - handler_at) / 16), c.vector);
    EXPECT_EQ(rig.at<uint64_t>(frame), 0u) << "error code";
    EXPECT_EQ(rig.at<uint64_t>(frame + 8), user_code + c.before) << "rip";
    const uint64_t rsp = rig.at<uint64_t>(frame + 32);
    if (rsp <= user_stack && rsp + 8 >= user_stack) {
        EXPECT_EQ(rsp, user_stack - (c.before == 1 ? 8 : 0));
        if (c.before == 0) {
            EXPECT_EQ(rig.at<uint64_t>(user_stack - 8), 0x5a5a5a5a5a5a5a5au) << "a refused call pushed";
        }
    }
    // What was done in the name of user code: all but the instruction that faulted, and the handler's two.
    EXPECT_EQ(rig.core->counters().instructions - rig.core->counters().kernel_instructions, c.before != 0);
}

INSTANTIATE_TEST_SUITE_P(All, Canonical, ::testing::ValuesIn(address_cases),
                         [](const auto& info) { return std::string(info.param.name); });

// A stack that is not canonical when an exception is delivered to the same ring is a stack fault in turn;
// that and the first fault make a double fault (table 6-5).
GUEST(na_bad_kernel_stack, "mov rsp, 0x800000000000\n hlt\n ud2");
TEST(CanonicalStack, IsCheckedWhenAnExceptionIsPushed) {
    Rig rig;
    for (unsigned v = 0; v < 32; ++v) {
        rig.gate(v, handler_at + 16 * v, v == VEC_SS ? 1 : 0);
        rig.load(handler_at + 16 * v, GUEST_BYTES(na_stop));
    }
    rig.load(code_at, GUEST_BYTES(na_bad_kernel_stack));
    rig.core->state().rip = code_at + (na_bad_kernel_stack_end - na_bad_kernel_stack_begin) - 2;
    rig.core->state().r[isa::RSP] = hole + 64;
    ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    EXPECT_EQ((rig.core->state().rip - handler_at) / 16, uint64_t{VEC_SS}) << "#UD is benign: #SS follows it";
    EXPECT_EQ(rig.at<uint64_t>(rig.reg(isa::R15)) & ~1ull, 0u);
}

}  // namespace stile::model::test
