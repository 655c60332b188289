// SPDX-License-Identifier: Apache-2.0
//
// Question: where do blocks begin and end? Page edges, missing bytes, branches, markers, limits.
#include <gtest/gtest.h>

#include <numeric>

#include "isa/translate.h"
#include "tests/unit/isa/uop_text.h"

using namespace stile::isa;

namespace {

BlockCode translate(std::string_view hex, size_t page_left = 4096, unsigned max_insns = 64) {
    static Translator translator;
    return translator.translate_block(bytes_of(hex), page_left, max_insns);
}

std::string repeat(std::string_view hex, unsigned times) {
    std::string out;
    while (times-- > 0) out += hex;
    return out;
}

}  // namespace

TEST(Block, EndsAtABranchWithOffsetsFromItsStart) {
    // nop; add eax, ecx; call +0x10; nop
    const BlockCode b = translate("90 01c8 e810000000 90");
    EXPECT_EQ(block_text(b), "nop; add4_rr rax rax rcx; call #24 ->8");
    ASSERT_EQ(b.insns.size(), 3u);
    EXPECT_EQ(b.insns[2].offset, 3u);
    EXPECT_EQ(b.insns[2].length, 5u);
    EXPECT_EQ(b.insns[2].first_uop, 2u);
    EXPECT_EQ(b.bytes, 8u);
    EXPECT_EQ(b.markers, 0u);
}

TEST(Block, RipRelativeCountsFromTheBlocksStart) {
    EXPECT_EQ(block_text(translate("90 488b0510000000 c3")), "nop; ld8 rax [pc+24]; ret ->9");
}

TEST(Block, StopsBeforeAnInstructionThatCrossesThePage) {
    const BlockCode b = translate("90 90 b801000000", 4);
    EXPECT_EQ(block_text(b), "nop; nop; next ->2");
    EXPECT_FALSE(b.straddles);
    EXPECT_EQ(b.bytes, 2u);
}

TEST(Block, StopsAtThePageEdge) {
    const BlockCode b = translate("90 90 90 90", 2);
    EXPECT_EQ(block_text(b), "nop; nop; next ->2");
    EXPECT_FALSE(b.straddles);
}

TEST(Block, ACrossingFirstInstructionIsAlone) {
    const BlockCode b = translate("b801000000 90", 3);
    EXPECT_EQ(block_text(b), "movi8 rax #1; next ->5");
    EXPECT_TRUE(b.straddles);
    EXPECT_EQ(b.insns.size(), 1u);
}

TEST(Block, AsksForTheBytesItLacks) {
    // Every proper prefix of mov rax, [rip+1]; nothing may be decided from it.
    const std::string whole = "488b0501000000";
    for (size_t bytes = 1; bytes < 7; ++bytes) {
        const BlockCode b = translate(whole.substr(0, 2 * bytes), bytes);
        EXPECT_TRUE(b.needs_more) << bytes;
        EXPECT_TRUE(b.uops.empty() && b.insns.empty()) << bytes;
    }
    EXPECT_FALSE(translate(whole, 7).needs_more);
    EXPECT_FALSE(translate(whole, 7).straddles);
}

TEST(Block, AsksForTheBytesOfInstructionsThatItLacksToo) {
    EXPECT_TRUE(translate("c5f8", 2).needs_more);    // vzeroupper is c5 f8 77
    EXPECT_TRUE(translate("f30fb8", 3).needs_more);  // popcnt
    EXPECT_EQ(block_text(translate("f30fb8c3", 4)), "unsupported ->4");
}

TEST(Block, InvalidBytesAtThePageEdgeNeedNoMore) {
    EXPECT_EQ(block_text(translate("06", 1)), "ud ->1");
    EXPECT_EQ(block_text(translate("0f0b", 2)), "ud ->2");
    EXPECT_EQ(block_text(translate("0f3f", 2)), "ud ->2");
    EXPECT_EQ(translate("c7c8", 2).uops.at(0).op, Op::ud);  // C7 /1
}

TEST(Block, TruncatedLaterInstructionEndsTheBlockBeforeIt) {
    EXPECT_EQ(block_text(translate("90 488b05", 4)), "nop; next ->1");
}

TEST(Block, MoreThanFifteenBytesFaultLikePrivilege) {
    const BlockCode b = translate(repeat("66", 15) + "90");
    EXPECT_EQ(block_text(b), "io ->15");
    EXPECT_EQ(block_text(translate(repeat("66", 14) + "90", 4096, 1)), "nop; next ->15");
}

TEST(Block, RexBeforeALegacyPrefixMeansNothing) {
    EXPECT_EQ(block_text(translate("48 66 01c8", 4096, 1)), "add2_rr rax rax rcx; next ->4");
}

// Whatever stands before the last prefix: REX prefixes there read like segment overrides, which mean nothing.
TEST(Block, RexAmongLegacyPrefixesMeansNothing) {
    static constexpr const char* legacy[] = {"66", "f3", "f2", "67", "64"};
    static constexpr const char* opcodes[] = {
        "89c8", "a39090909090909090", "a190909090", "0f10c1", "0f2ac1", "0fe6c1", "0fb8c1", "a5", "c3", "90",
        "06"};
    static constexpr const char* rex[][2] = {{"48", "3e"}, {"4f48", "3e3e"}, {"40414f", "3e3e3e"}};
    unsigned compared = 0;
    for (const char* opcode : opcodes)
        for (const auto& [with, without] : rex)
            for (const std::string first : {"", "66", "f3", "67"})
                for (const std::string second : legacy)
                    for (const std::string third : {"", "66", "f2", "f3"}) {
                        const std::string tail = second + third + opcode + repeat("90", 8);
                        const BlockCode got = translate(first + with + tail, 4096, 1);
                        EXPECT_EQ(block_text(got), block_text(translate(first + without + tail, 4096, 1)))
                            << first << with << tail;
                        ++compared;
                    }
    EXPECT_EQ(compared, 2640u);
    EXPECT_EQ(block_text(translate("4f486666f3a39090909090909090", 4096, 1)),
              "movi8 t3 #-8029759185026510704; st2 [t3] rax; next ->14");
}

TEST(Block, LimitsOfInstructionsAndMicroOperations) {
    BlockCode b = translate(repeat("90", 100), 4096);
    EXPECT_EQ(b.insns.size(), 64u);
    EXPECT_EQ(uop_text(b.uops.back()), "next ->64");
    b = translate(repeat("90", 10), 4096, 3);
    EXPECT_EQ(b.insns.size(), 3u);
    // enter with 31 levels, many times: the longest expansion of all.
    b = translate(repeat("c810001f", 20), 4096);
    EXPECT_LE(b.uops.size(), 255u);
    EXPECT_GE(b.insns.size(), 2u);
    EXPECT_EQ(b.uops.back().op, Op::next);
}

TEST(Block, MarkersEndTheBlockAndAreNotCounted) {
    const BlockCode b = translate("90 0f1f8001011157 90");
    EXPECT_EQ(block_text(b), "nop; mark #257 ->8");
    EXPECT_EQ(b.insns.size(), 2u);
    EXPECT_EQ(b.markers, 1u);
}

TEST(Block, OtherLongNopsAreNops) {
    for (const char* hex : {"0f1f8001000057", "0f1f8301001157", "660f1f8001001157", "0f1fc0", "0f18e0",
                            "f30f1ec8", "0f1f840001001157"}) {
        const BlockCode b = translate(hex, 4096, 1);
        EXPECT_EQ(b.uops.at(0).op, Op::nop) << hex;
        EXPECT_EQ(b.bytes, bytes_of(hex).size()) << hex;
        EXPECT_EQ(b.markers, 0u);
    }
}

TEST(Block, ClockReadersComeFirst) {
    EXPECT_EQ(block_text(translate("90 0f31 90")), "nop; next ->1");
    EXPECT_EQ(block_text(translate("0f31 90 c3")), "rdtsc; nop; ret ->4");
}

TEST(Block, FusesAComparisonWithTheBranchAfterIt) {
    // cmp eax, 5; jne -5
    BlockCode b = translate("83f805 75f9");
    EXPECT_EQ(b.uops.size(), 1u);
    EXPECT_EQ(b.uops[0].op, Op::cmp_jcc4_ri);
    EXPECT_EQ(static_cast<int32_t>(b.uops[0].imm), -2);
    EXPECT_EQ(static_cast<int32_t>(b.uops[0].imm >> 32), 5);
    EXPECT_EQ(b.uops[0].disp, 5);
    EXPECT_EQ(b.uops[0].insn, 1u);
    ASSERT_EQ(b.insns.size(), 2u);
    EXPECT_EQ(b.insns[1].first_uop, 0u);
    EXPECT_EQ(b.insns[1].offset, 3u);
    // cmp qword [rax], -1; jb +2: the load stays the comparison's
    b = translate("488338ff 7202");
    EXPECT_EQ(b.uops.size(), 2u);
    EXPECT_EQ(b.uops[0].insn, 0u);
    EXPECT_EQ(b.uops[1].op, Op::cmp_jcc8_ri);
    EXPECT_EQ(static_cast<int32_t>(b.uops[1].imm >> 32), -1);
    EXPECT_EQ(static_cast<int32_t>(b.uops[1].imm), 8);
    EXPECT_EQ(b.insns[1].first_uop, 1u);
    EXPECT_EQ(block_text(translate("84c0 7402")), "test_jcc1_rr rax rax #6 aux4 ->4");
    EXPECT_EQ(block_text(translate("4839c8 7702")), "cmp_jcc8_rr rax rcx #7 aux7 ->5");
    // Not with anything in between, nor with other flag writers.
    EXPECT_EQ(block_text(translate("4839c8 90 7702")), "cmp8_rr rax rcx; nop; jcc #8 aux7 ->6");
    EXPECT_EQ(block_text(translate("4829c8 7702")), "sub8_rr rax rax rcx; jcc #7 aux7 ->5");
}
