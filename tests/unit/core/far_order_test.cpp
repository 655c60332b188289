// SPDX-License-Identifier: Apache-2.0
//
// Question: of several things that are wrong with a far return or call, which one does a program see? Manuals
// leave it open or differ; expected is what an AMD processor was seen to do in the same situations
// (docs/core.md).
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

GUEST(fo_stop, "mov r15, rsp\n mov r14, cr2\n hlt");
constexpr uint64_t frame_end = user_data + 0x1000;
constexpr int no_address = -1;

GUEST(fo_retf, "rex.W retf");
GUEST(fo_retf_imm, "rex.W retf 64");
GUEST(fo_retf_narrow, ".byte 0xcb");
GUEST(fo_iretq, "iretq");
GUEST(fo_call, ".byte 0x48\n call far ptr [rsi]");
GUEST(fo_jump, ".byte 0x48\n jmp far ptr [rsi]");

struct FarCase {
    const char* name;
    std::span<const uint8_t> code;
    uint16_t cs, ss;
    uint64_t rip;
    unsigned room;  // bytes from RSP to the end of the page, behind which there is none
    unsigned vector, error;
    int beyond;  // of a page fault: at most so many bytes behind the page's end
};

constexpr uint64_t fine = user_code + 0x80;
const FarCase far_cases[] = {
    {"an_inner_ring_is_refused_after_a_look_at_the_outer_stack", GUEST_BYTES(fo_retf), 8, 0, fine, 16, VEC_PF,
     4, 8},
    {"and_before_anything_is_known_of_it", GUEST_BYTES(fo_retf), 8, 0, fine, 64, VEC_GP, 8, no_address},
    {"so_is_null", GUEST_BYTES(fo_retf), 0, 0, fine, 16, VEC_PF, 4, 8},
    {"null_of_the_own_ring_has_no_outer_stack", GUEST_BYTES(fo_retf), 3, 0, fine, 16, VEC_GP, 0, no_address},
    {"nor_has_one_beyond_the_table", GUEST_BYTES(fo_retf), 0xfffb, 0, fine, 16, VEC_GP, 0xfff8, no_address},
    {"of_an_inner_ring_it_has", GUEST_BYTES(fo_retf), 0xfff9, 0, fine, 16, VEC_PF, 4, 8},
    {"the_selector_before_the_address", GUEST_BYTES(fo_retf), 0x23, 0, hole, 16, VEC_GP, 0x20, no_address},
    {"of_an_inner_ring_as_well", GUEST_BYTES(fo_retf), 8, 0, hole, 64, VEC_GP, 8, no_address},
    {"then_the_address", GUEST_BYTES(fo_retf), 0x2b, 0, hole, 16, VEC_GP, 0, no_address},
    {"half_a_frame", GUEST_BYTES(fo_retf), 0x2b, 0, hole, 8, VEC_PF, 4, 0},
    {"the_outer_stack_lies_behind_what_is_released", GUEST_BYTES(fo_retf_imm), 8, 0, fine, 32, VEC_PF, 4, 56},
    {"half_of_its_pointer", GUEST_BYTES(fo_retf_imm), 8, 0, fine, 88, VEC_PF, 4, 0},
    {"all_of_it", GUEST_BYTES(fo_retf_imm), 8, 0, fine, 96, VEC_GP, 8, no_address},
    {"which_a_return_to_the_own_ring_does_not_read", GUEST_BYTES(fo_retf_imm), 0x2b, 0, hole, 32, VEC_GP, 0,
     no_address},
    {"narrow", GUEST_BYTES(fo_retf_narrow), 8, 0, fine, 8, VEC_PF, 4, 4},
    {"narrow_half", GUEST_BYTES(fo_retf_narrow), 8, 0, fine, 12, VEC_PF, 4, 0},
    {"narrow_whole", GUEST_BYTES(fo_retf_narrow), 8, 0, fine, 16, VEC_GP, 8, no_address},
    {"iret_reads_its_frame_first", GUEST_BYTES(fo_iretq), 8, 0x23, fine, 24, VEC_PF, 4, 8},
    {"then_looks_at_the_code_segment", GUEST_BYTES(fo_iretq), 8, 0x18, hole, 40, VEC_GP, 8, no_address},
    {"then_at_the_address", GUEST_BYTES(fo_iretq), 0x2b, 0x10, hole, 40, VEC_GP, 0, no_address},
    {"then_at_the_stack_segment", GUEST_BYTES(fo_iretq), 0x2b, 0x10, fine, 40, VEC_GP, 0x10, no_address},
    {"call_checks_the_selector_before_it_pushes", GUEST_BYTES(fo_call), 0x10, 0, fine, 0, VEC_GP, 0x10,
     no_address},
    {"null_too", GUEST_BYTES(fo_call), 0, 0, fine, 0, VEC_GP, 0, no_address},
    {"and_the_address", GUEST_BYTES(fo_call), 0x2b, 0, hole, 0, VEC_GP, 0, no_address},
    {"jump_checks_the_selector_first", GUEST_BYTES(fo_jump), 0x10, 0, hole, 0, VEC_GP, 0x10, no_address},
};

void PrintTo(const FarCase& c, std::ostream* out) { *out << c.name; }

class FarOrder : public ::testing::TestWithParam<FarCase> {};

}  // namespace

TEST_P(FarOrder, IsThatOfARealProcessor) {
    const FarCase& c = GetParam();
    for (const bool timed : {false, true}) {
        Rig rig(ProtectionKind::none, timed ? std::make_unique<Recorder>() : nullptr);
        rig.user_pages();
        rig.map(frame_end, 0, 0);
        for (unsigned v = 0; v < 32; ++v) {
            rig.gate(v, handler_at + 16 * v);
            rig.load(handler_at + 16 * v, GUEST_BYTES(fo_stop));
        }
        rig.load(user_code, c.code);
        rig.enter_user(user_code);
        CpuState& s = rig.core->state();
        const uint64_t rsp = frame_end - c.room;
        s.r[isa::RSP] = rsp;
        const bool narrow = c.code.data() == fo_retf_narrow_begin, iret = c.code.data() == fo_iretq_begin;
        uint64_t frame[5] = {c.rip, c.cs, 0x202, rsp, c.ss};
        if (narrow) frame[0] = c.rip | static_cast<uint64_t>(c.cs) << 32;
        if (c.room == 0) {  // jumps and calls
            s.r[isa::RSP] = frame_end + 0x800;
            s.r[isa::RSI] = user_data + 0x100;
            std::memcpy(rig.memory.host(user_data + 0x100), frame, 10);
        } else {
            if (!iret) frame[2] = rsp, frame[3] = c.ss;
            std::memcpy(rig.memory.host(rsp), frame, std::min<size_t>(c.room, narrow ? 8 : iret ? 40 : 32));
        }
        const uint64_t before = s.r[isa::RSP];
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        const uint64_t at = rig.reg(isa::R15);
        EXPECT_EQ((s.rip - handler_at) / 16, c.vector);
        EXPECT_EQ(rig.at<uint64_t>(at), c.error);
        EXPECT_EQ(rig.at<uint64_t>(at + 8), user_code) << "RIP";
        EXPECT_EQ(rig.at<uint64_t>(at + 16), 0x2bu) << "CS";
        EXPECT_EQ(rig.at<uint64_t>(at + 32), before) << "RSP";
        if (c.beyond == no_address) continue;
        EXPECT_GE(rig.reg(isa::R14), frame_end);
        EXPECT_LE(rig.reg(isa::R14), frame_end + static_cast<unsigned>(c.beyond))
            << "which word of it first is the vendor's";
    }
}
INSTANTIATE_TEST_SUITE_P(Core, FarOrder, ::testing::ValuesIn(far_cases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace stile::model::test
