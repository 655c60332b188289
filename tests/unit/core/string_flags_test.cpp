// SPDX-License-Identifier: Apache-2.0
//
// Question: which flags does somebody see who looks into the middle of a repeated comparison, because a page
// is missing or an interrupt is due? Those of the last element compared, as on AMD's processors
// (docs/core.md); those from before the instruction if there is none.
#include "model/core/fault.h"
#include "model/timing/make_timing.h"
#include "tests/support/nothing_below.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::R12;
using isa::R13;
using isa::R14;
using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDI;
using isa::RSI;

namespace {

constexpr uint64_t left = 0x600000, right = 0x900000, pages = 4, last = left + pages * 0x1000;
constexpr uint64_t arithmetic = 0x8d5;

// Of a comparison of bytes.
uint64_t flags_of(uint8_t a, uint8_t b) {
    const auto d = static_cast<uint8_t>(a - b);
    uint64_t f = 0;
    if (a < b) f |= flag::CF;
    if (__builtin_parity(d) == 0) f |= flag::PF;
    if ((a & 15) < (b & 15)) f |= flag::AF;
    if (d == 0) f |= flag::ZF;
    if (d & 0x80) f |= flag::SF;
    if (((a ^ b) & (a ^ d)) & 0x80) f |= flag::OF;
    return f;
}

GUEST(sf_fault, "mov r12, [rsp + 24]\n mov r13, [rsp + 8]\n mov r14, cr2\n hlt");
GUEST(sf_repe_cmps, "push rbx\n popfq\n repe cmpsb\n hlt");
GUEST(sf_repne_cmps, "push rbx\n popfq\n repne cmpsb\n hlt");
GUEST(sf_repe_scas, "push rbx\n popfq\n repe scasb\n hlt");
GUEST(sf_repne_scas, "push rbx\n popfq\n repne scasb\n hlt");

// What it saw of `repeated` once an element was done: r12 collects flags that were set, r13 those that always
// were.
GUEST(sf_tick,
      "push rax\n push rcx\n push rdx\n mov rax, [rsp + 24]\n cmp rax, r10\n jne 1f\n cmp rcx, rbp\n je 1f\n"
      " mov rax, [rsp + 40]\n or r12, rax\n and r13, rax\n inc r14\n"
      " 1: mov ecx, 0x80b\n xor eax, eax\n xor edx, edx\n wrmsr\n pop rdx\n pop rcx\n pop rax\n iretq");
#define SF_TIMER                                                                                          \
    "xor edx, edx\n mov ecx, 0x80f\n mov eax, 0x1ff\n wrmsr\n mov ecx, 0x83e\n mov eax, 0xb\n wrmsr\n"    \
    " mov ecx, 0x832\n mov eax, 0x20040\n wrmsr\n mov ecx, 0x838\n mov eax, r9d\n wrmsr\n mov rcx, rbp\n" \
    " lea r10, [rip + 1f]\n mov eax, 7\n push rbx\n sti\n popfq\n 1: "
GUEST(sf_long_cmps, SF_TIMER "repe cmpsb\n pushfq\n cli\n pop r15\n hlt");
GUEST(sf_long_scas, SF_TIMER "repne scasb\n pushfq\n cli\n pop r15\n hlt");

class StringFlags : public ::testing::TestWithParam<CoreModel> {
  protected:
    void SetUp() override {
        MachineConfig c;
        c.core.model = GetParam();
        rig = std::make_unique<Rig>(ProtectionKind::none, nullptr, c);
        Core& core = *rig->core;
        if (GetParam() != CoreModel::functional)
            core.set_timing(make_timing(core.config(), rig->memory, lower, core.state(), core.counters()));
        core.set_model(GetParam());
        for (uint64_t i = 0; i < 512; ++i) {
            rig->map(left + i * 0x1000, 0x2000000 + i * 0x1000, P | W);
            rig->map(right + i * 0x1000, 0x2200000 + i * 0x1000, P | W);
        }
        rig->gate(VEC_PF, handler_at);
        rig->gate(0x40, handler_at + 0x100);
        rig->load(handler_at, GUEST_BYTES(sf_fault));
        rig->load(handler_at + 0x100, GUEST_BYTES(sf_tick));
    }
    stile::test::NothingBelow lower;
    std::unique_ptr<Rig> rig;
};

}  // namespace

// Elements at the end of what is mapped: the last may differ from the others, but the comparison goes on.
TEST_P(StringFlags, AFaultLeavesThoseOfTheLastElement) {
    struct {
        std::span<const uint8_t> code;
        unsigned length;
        bool two, equal;
    } const kinds[] = {{GUEST_BYTES(sf_repe_cmps), 2, true, true},
                       {GUEST_BYTES(sf_repne_cmps), 2, true, false},
                       {GUEST_BYTES(sf_repe_scas), 2, false, true},
                       {GUEST_BYTES(sf_repne_scas), 2, false, false}};
    rig->pte(last) = 0;
    for (const auto& kind : kinds)
        for (const unsigned good : {0u, 1u, 2u, 34u, 2047u, 2048u, 2049u, 5000u})
            for (const uint64_t before : {uint64_t{2}, 2 | arithmetic}) {
                std::memset(rig->memory.host(0x2000000), 0x31, pages * 0x1000);
                std::memset(rig->memory.host(0x2200000), kind.equal ? 0x31 : 0x7f, 0x10000);
                uint8_t& previous = rig->at<uint8_t>(0x2000000 + pages * 0x1000 - 1);
                if (!kind.equal) previous = 0x94;
                CpuState& s = rig->core->state();
                rig->write_code(code_at, kind.code);
                s.r[RAX] = kind.equal ? 0x31 : 0x7f;
                s.r[RBX] = before;
                s.r[RCX] = good + 100;
                s.r[RDI] = last - good;
                s.r[RSI] = right;
                if (kind.two) std::swap(s.r[RSI], s.r[RDI]);
                s.r[isa::RSP] = stack_top;
                s.rip = code_at;
                s.halted = false;
                ASSERT_EQ(rig->run(), Stop::idle_forever);
                const uint8_t at_fault = rig->at<uint8_t>(0x2000000 + pages * 0x1000 - 1),
                              other = static_cast<uint8_t>(s.r[RAX]);
                uint64_t want = before & arithmetic;
                if (good > 0)
                    want =
                        kind.two ? flags_of(at_fault, kind.equal ? 0x31 : 0x7f) : flags_of(other, at_fault);
                EXPECT_EQ(rig->reg(R14), last);
                EXPECT_EQ(rig->reg(R13), code_at + 2);
                EXPECT_EQ(rig->reg(RCX), 100u);
                EXPECT_EQ(rig->reg(kind.two ? RSI : RDI), last);
                EXPECT_EQ(rig->reg(R12) & arithmetic, want) << good << " " << std::hex << before;
            }
}

TEST_P(StringFlags, AnInterruptFindsThemToo) {
    for (const bool two : {false, true})
        for (const uint64_t before : {uint64_t{2}, 2 | arithmetic}) {
            constexpr uint64_t count = 200'000;
            std::memset(rig->memory.host(0x2000000), 0x55, count);
            std::memset(rig->memory.host(0x2200000), 0x55, count);
            CpuState& s = rig->core->state();
            rig->write_code(code_at, two ? GUEST_BYTES(sf_long_cmps) : GUEST_BYTES(sf_long_scas));
            s.r[RBX] = before | 0x200;
            s.r[RSI] = left, s.r[RDI] = right, s.r[isa::RBP] = count;
            s.r[isa::R9] = GetParam() == CoreModel::functional ? 60 : 3000;  // a cycle there is 2048 elements
            s.r[R12] = 0, s.r[R13] = ~0ull, s.r[R14] = 0;
            s.r[isa::RSP] = stack_top;
            s.rip = code_at;
            s.halted = false;
            ASSERT_EQ(rig->run(100'000'000), Stop::idle_forever);
            const uint64_t want = two ? flags_of(0x55, 0x55) : flags_of(7, 0x55);
            EXPECT_GE(rig->reg(R14), 2u) << "interrupts in its middle";
            EXPECT_EQ(rig->reg(R12) & arithmetic, want);
            EXPECT_EQ(rig->reg(R13) & arithmetic, want);
            EXPECT_EQ(rig->reg(isa::R15) & arithmetic, want);
            EXPECT_EQ(rig->reg(RCX), 0u);
        }
}

INSTANTIATE_TEST_SUITE_P(Models, StringFlags,
                         testing::Values(CoreModel::functional, CoreModel::inorder, CoreModel::ooo),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace stile::model::test
