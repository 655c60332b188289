// SPDX-License-Identifier: Apache-2.0
//
// Question: who enters the gate of sync_call's second domain beside its entry point, what does he find? With
// the call right every multiple of 64 can be entered, and the gate may touch the server's domain. And who
// makes the return of its exit lead into the exit?
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "abi/codoms.h"
#include "sim/boot/elf_image.h"

namespace stile::sim {
namespace {

TEST(Gate, HoldsNothingThatCouldRunWhereItCanBeEnteredOrLeft) {
    std::ifstream in(SYNC_CALL "/sync_client_pie", std::ios::binary);
    const std::vector<uint8_t> file{std::istreambuf_iterator<char>(in), {}};
    const ElfImage image(file);
    const ElfSymbol *begin = image.find("stile_domain_gate"), *end = image.find("stile_domain_gate_end"),
                    *entry = image.find("domain_isolated_entry");
    ASSERT_TRUE(begin && end && entry);
    EXPECT_EQ(begin->address % 4096, 0u);
    EXPECT_EQ(end->address - begin->address, 4096u);
    EXPECT_EQ(entry->address, begin->address);
    const ElfSymbol *exit = image.find("stile_domain_exit"), *exit_end = image.find("stile_domain_exit_end");
    ASSERT_TRUE(exit && exit_end);
    EXPECT_EQ(exit->address, end->address);
    EXPECT_EQ(exit_end->address - exit->address, 4096u);
    for (const ElfSegment& s : image.segments()) {
        if (begin->address < s.vaddr || begin->address >= s.vaddr + s.memory_size) continue;
        ASSERT_LE(exit_end->address - s.vaddr, s.bytes.size());
        const uint8_t* code = s.bytes.data() + (begin->address - s.vaddr);
        EXPECT_EQ(code[0], 0xfc);  // cld
        for (unsigned at = STILE_ENTRY_ALIGN; at < 4096; at += STILE_ENTRY_ALIGN) {
            const bool undefined = code[at] == 0x0f && code[at + 1] == 0x0b, trap = code[at] == 0xcc;
            EXPECT_TRUE(undefined || trap) << at;
        }
        EXPECT_EQ(code[4096], 0xc3);  // ret
        for (unsigned at = 4097; at < 8192; ++at) EXPECT_EQ(code[at], 0xcc) << at;
        return;
    }
    FAIL() << "no segment holds the gate";
}

}  // namespace
}  // namespace stile::sim
