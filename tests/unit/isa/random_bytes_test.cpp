// SPDX-License-Identifier: Apache-2.0
//
// Question: can any bytes at all break a block's invariants, which the executor relies on without checking?
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "isa/translate.h"
#include "tests/unit/isa/uop_text.h"

using namespace stile::isa;

namespace {

// Random bytes, with prefixes and two-byte opcodes as common as in code.
std::vector<uint8_t> random_code(std::mt19937_64& rng, size_t bytes) {
    static constexpr uint8_t favoured[] = {0x0f, 0x48, 0x66, 0xf3, 0xf2, 0x67, 0xf0, 0x64};
    std::vector<uint8_t> code(bytes);
    for (uint8_t& byte : code) {
        const uint64_t r = rng();
        byte = r & 0x700 ? static_cast<uint8_t>(r) : favoured[r % std::size(favoured)];
    }
    return code;
}

void check(const BlockCode& b, size_t code_bytes, size_t page_left) {
    if (b.needs_more) {
        EXPECT_TRUE(b.uops.empty() && b.insns.empty() && b.bytes == 0 && code_bytes < max_instruction_bytes);
        return;
    }
    ASSERT_FALSE(b.uops.empty());
    ASSERT_LE(b.uops.size(), 255u);
    ASSERT_LE(b.insns.size(), 64u);
    ASSERT_TRUE(op_info(b.uops.back().op).ends_block);
    for (size_t i = 0; i < b.uops.size(); ++i) {
        const Uop& u = b.uops[i];
        ASSERT_EQ(op_info(u.op).ends_block, i + 1 == b.uops.size()) << block_text(b);
        ASSERT_LT(u.insn, b.insns.size());
        ASSERT_GE(u.insn, i == 0 ? 0 : b.uops[i - 1].insn);
        ASSERT_LT(u.dst, NUM_NAMED_REGS);
        ASSERT_TRUE(u.dst != PCBASE && u.a < NUM_NAMED_REGS && u.b < NUM_NAMED_REGS && u.c < NUM_NAMED_REGS);
    }
    uint32_t offset = 0;
    for (const InsnInfo& insn : b.insns) {
        ASSERT_EQ(insn.offset, offset);
        ASSERT_GE(insn.length, 1u);
        ASSERT_LE(insn.length, max_instruction_bytes);
        ASSERT_LT(insn.first_uop, b.uops.size());
        offset += insn.length;
    }
    ASSERT_EQ(b.bytes, offset);
    ASSERT_LE(b.bytes, code_bytes);
    ASSERT_EQ(b.straddles, b.bytes > page_left);
    ASSERT_TRUE(!b.straddles || b.insns.size() == 1u);
}

}  // namespace

TEST(RandomBytes, KeepTheInvariantsOfABlock) {
    std::mt19937_64 rng(1);
    Translator translator;
    std::array<uint64_t, static_cast<size_t>(Op::count)> seen{};
    for (unsigned i = 0; i < 200'000 && !HasFatalFailure(); ++i) {
        const std::vector<uint8_t> code = random_code(rng, 1 + rng() % 40);
        const size_t page_left = 1 + rng() % code.size();
        const BlockCode b = translator.translate_block(code, page_left, 1 + rng() % 64);
        check(b, code.size(), page_left);
        for (const Uop& u : b.uops) ++seen[static_cast<size_t>(u.op)];
        unsigned length = 0;
        EXPECT_FALSE(translator.disassemble(code, 0, &length).empty());
        EXPECT_TRUE(length >= 1 && length <= code.size());
    }
    const auto kinds = std::count_if(seen.begin(), seen.end(), [](uint64_t n) { return n != 0; });
    EXPECT_GT(kinds, 300);  // of the micro-operations; the test would be worth little if it met few
}
