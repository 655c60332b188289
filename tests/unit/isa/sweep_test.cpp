// SPDX-License-Identifier: Apache-2.0
//
// Question: does our decoder agree with Capstone on code that compilers really emit, and does Stile have
// every instruction of it? Linear sweep over the host's musl and busybox, whose .text holds no data. Busybox
// carries a C library with versions of its functions for processors of all ages: what CPUID does not report
// is lacking there by design, and some of it Capstone does not know either.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "isa/decode.h"
#include "isa/translate.h"
#include "tests/unit/isa/elf_text.h"

using namespace stile::isa;

namespace {

// Extensions that CPUID does not report, as far as busybox uses them: VEX and EVEX by their first byte, the
// others by name (lfence: Capstone's reading of incssp).
bool by_design(std::span<const uint8_t> code, const std::string& name) {
    static const std::set<std::string> names = {
        "fisttp", "lfence", "movbe",  "palignr", "pcmpistri", "pminud", "pshufb", "xabort", "xbegin", "xend",
        "xrstor", "xsave",  "xsavec", "xtest",   "tzcnt",     "lzcnt",  "popcnt", "xgetbv", "rdpid"};
    return code[0] == 0xc4 || code[0] == 0xc5 || code[0] == 0x62 || names.contains(name);
}

struct Tally {
    uint64_t instructions = 0, bad = 0, mismatches = 0;
    std::map<std::string, unsigned> lacking;  // mnemonic -> count
};

Tally sweep(const std::string& path) {
    Tally t;
    Translator translator;
    for (const TextSection& s : text_sections(path)) {
        unsigned lost = 0;  // out of step for some instructions after bytes that Capstone does not know
        for (size_t at = 0; at < s.bytes.size();) {
            const std::span<const uint8_t> code(s.bytes.data() + at, s.bytes.size() - at);
            unsigned length = 0;
            const std::string text = translator.disassemble(code, s.address + at, &length);
            Insn insn;
            const Decoded decoded = decode(code, insn);
            ++t.instructions;
            const std::string name = text.substr(0, text.find(' '));
            lost = text == "(bad)" ? 32 : lost - (lost > 0);
            if (text == "(bad)") {
                ++t.bad;
            } else if (decoded == Decoded::no_form) {
                if (lost == 0 && !by_design(code, name)) ++t.lacking[name];
            } else if (decoded == Decoded::ok && insn.length != length) {
                ++t.mismatches;
                ADD_FAILURE() << path << std::hex << " at " << s.address + at << ": " << text << ": "
                              << length << " bytes, ours " << unsigned{insn.length};
            } else {
                const BlockCode block = translator.translate_block(code, code.size(), 1);
                EXPECT_EQ(block.bytes, length) << text;
                if (!block.uops.empty() && block.uops.front().op == Op::unsupported) ++t.lacking[text];
            }
            at += length;
        }
    }
    for (const auto& [name, count] : t.lacking)
        std::cout << path << " lacks " << name << " x " << count << "\n";
    std::cout << path << ": " << t.instructions << " instructions, " << t.bad << " bad bytes\n";
    return t;
}

void expect_all(const char* path, uint64_t at_least, bool all_known) {
    ASSERT_TRUE(std::filesystem::exists(path))
        << path << " is missing; scripts/packages.txt names its package";
    const Tally t = sweep(path);
    EXPECT_GT(t.instructions, at_least);
    EXPECT_TRUE(t.bad == 0 || !all_known) << t.bad;
    EXPECT_EQ(t.mismatches, 0u);
    EXPECT_TRUE(t.lacking.empty());
}

}  // namespace

TEST(Sweep, MuslLibc) { expect_all("/usr/lib/x86_64-linux-musl/libc.so", 90'000, true); }
TEST(Sweep, Busybox) { expect_all("/bin/busybox", 100'000, false); }
