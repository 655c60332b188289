// SPDX-License-Identifier: Apache-2.0
//
// Which encodings of one and two opcode bytes does Stile lack, and why? Every opcode, every ModRM byte and
// the prefixes that choose between forms are tried. What Capstone knows and Stile refuses must be in the list
// below, with the extension that it belongs to, which CPUID does not report; what is in the list must be
// refused. So an instruction of the baseline (x86-64-v1) cannot be missing unnoticed, and the list cannot
// claim what is no longer true.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "isa/decode.h"
#include "isa/translate.h"
#include "tests/unit/isa/uop_text.h"

using namespace stile::isa;

namespace {

struct Extension {
    const char* name;
    const char* instructions;
};
constexpr Extension extensions[] = {
    {"SSE3", "addsubpd addsubps fisttp haddpd haddps hsubpd hsubps lddqu movddup movshdup movsldup"},
    {"SSE4a", "extrq insertq movntsd movntss"},
    {"POPCNT", "popcnt"},
    {"3DNow!", "femms"},
    {"MONITOR", "monitor mwait"},
    {"SEP: sysenter is Intel's in long mode", "sysenter sysexit"},
    {"XSAVE: OSXSAVE is 0",
     "xgetbv xsetbv xsave xsave64 xrstor xrstor64 xsaveopt xsaveopt64 xsavec xsavec64 xsaves xsaves64 "
     "xrstors "
     "xrstors64"},
    {"CLFLUSHOPT, CLWB, PCOMMIT", "clflushopt clwb pcommit"},
    {"RDRAND, RDSEED", "rdrand rdseed"},
    {"RTM", "xabort xbegin xend xtest"},
    {"SGX", "encls enclu"},
    {"SMX", "getsec"},
    {"system management mode", "rsm"},
    {"VMX", "vmcall vmclear vmfunc vmlaunch vmptrld vmptrst vmread vmresume vmwrite vmxoff vmxon"},
    {"SVM", "clgi invlpga skinit stgi vmload vmmcall vmrun vmsave"},
    {"PadLock", "montmul xcryptcbc xcryptcfb xcryptctr xcryptecb xcryptofb xsha1 xsha256 xstorerng"},
};

std::map<std::string, std::string> listed() {
    std::map<std::string, std::string> out;
    for (const Extension& e : extensions) {
        std::istringstream names(e.instructions);
        for (std::string name; names >> name;) out[name] = e.name;
    }
    return out;
}

class Scan {
  public:
    enum class Answer { executed, invalid, lacking };
    Answer ask(std::span<const uint8_t> code) {
        const BlockCode b = translator_.translate_block(code, code.size(), 1);
        const Op op = b.uops.back().op;
        return op == Op::unsupported ? Answer::lacking : op == Op::ud ? Answer::invalid : Answer::executed;
    }
    std::string name(std::span<const uint8_t> code) {
        const std::string text = translator_.disassemble(code, 0, nullptr);
        return text.substr(0, text.find(' '));
    }
    std::string text(std::span<const uint8_t> code) { return translator_.disassemble(code, 0, nullptr); }

  private:
    Translator translator_;
};

std::vector<uint8_t> instruction(const std::vector<uint8_t>& prefix, bool two_bytes, unsigned opcode,
                                 unsigned modrm) {
    std::vector<uint8_t> code = prefix;
    if (two_bytes) code.push_back(0x0f);
    code.push_back(static_cast<uint8_t>(opcode));
    code.push_back(static_cast<uint8_t>(modrm));
    code.resize(code.size() + 13);
    return code;
}

bool chooses(uint8_t prefix) { return prefix == 0x66 || prefix == 0xf2 || prefix == 0xf3; }

// Prefix bytes and escapes begin other instructions; VEX and EVEX ones (AVX and beyond) Stile lacks as a
// whole.
bool is_opcode(bool two_bytes, unsigned opcode) {
    static const std::set<unsigned> one = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65,
                                           0x66, 0x67, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3};
    if (two_bytes) return opcode != 0x38 && opcode != 0x3a;
    return !one.contains(opcode) && (opcode & 0xf0) != 0x40;
}

const std::vector<std::vector<uint8_t>> prefixes = {
    {},           {0x66},       {0xf2},       {0xf3},       {0x48},      {0x66, 0x48}, {0xf2, 0x48},
    {0xf3, 0x48}, {0x67},       {0x67, 0x66}, {0x2e},       {0x64},      {0x41},       {0x4f},
    {0xf0},       {0xf0, 0x48}, {0xf0, 0x66}, {0x66, 0xf2}, {0x66, 0xf3}};

}  // namespace

TEST(Lacking, NothingButTheExtensionsThatAreListed) {
    Scan scan;
    const auto reasons = listed();
    std::set<std::string> refused;
    unsigned asked = 0, executed = 0, reserved = 0;
    for (const auto& prefix : prefixes)
        for (const bool two : {false, true})
            for (unsigned opcode = 0; opcode < 256; ++opcode)
                for (unsigned modrm = 0; modrm < 256 && is_opcode(two, opcode); ++modrm) {
                    const auto code = instruction(prefix, two, opcode, modrm);
                    const Scan::Answer answer = scan.ask(code);
                    ++asked;
                    executed += answer == Scan::Answer::executed;
                    if (answer != Scan::Answer::lacking) continue;
                    const std::string name = scan.name(code);
                    if (reasons.contains(name)) {
                        refused.insert(name);
                        continue;
                    }
                    // Otherwise it is an instruction that Stile has, after a 66, F2 or F3 that chooses none
                    // of its forms: reserved (Intel SDM vol. 2, 2.1.1). Capstone ignores the prefix, Stile
                    // refuses.
                    std::vector<uint8_t> plain;
                    for (const uint8_t p : prefix)
                        if (!chooses(p)) plain.push_back(p);
                    const bool has =
                        plain.size() < prefix.size() && two &&
                        scan.ask(instruction(plain, two, opcode, modrm)) == Scan::Answer::executed;
                    reserved += has;
                    EXPECT_TRUE(has) << scan.text(code) << ": not listed, opcode " << (two ? "0f " : "")
                                     << std::hex << opcode << " modrm " << modrm << " prefix "
                                     << (prefix.empty() ? 0 : prefix[0]);
                }
    for (const auto& [name, reason] : reasons) {
        EXPECT_TRUE(refused.contains(name)) << name << " is said to be lacking (" << reason << ")";
    }
    EXPECT_GT(asked, 2'000'000u);
    EXPECT_GT(executed, 1'000'000u);
    RecordProperty("reserved", static_cast<int>(reserved));
}

// LOCK is for the read-modify-write of memory by these and nothing else (Intel SDM vol. 2, LOCK); else #UD.
TEST(Lacking, LockIsAcceptedWhereTheManualAllowsIt) {
    const std::set<std::string> allowed = {"adc",        "add",       "and",  "btc",  "btr", "bts", "cmpxchg",
                                           "cmpxchg16b", "cmpxchg8b", "dec",  "inc",  "neg", "not", "or",
                                           "sbb",        "sub",       "xadd", "xchg", "xor"};
    Scan scan;
    std::set<std::string> accepted;
    for (const std::vector<uint8_t>& prefix : {std::vector<uint8_t>{0xf0}, {0xf0, 0x48}, {0xf0, 0x66}})
        for (const bool two : {false, true})
            for (unsigned opcode = 0; opcode < 256; ++opcode)
                for (unsigned modrm = 0; modrm < 256 && is_opcode(two, opcode); ++modrm) {
                    const auto code = instruction(prefix, two, opcode, modrm);
                    if (scan.ask(code) != Scan::Answer::executed) continue;
                    EXPECT_LT(modrm, 0xc0u) << scan.text(code);
                    const std::string text = scan.text(code);
                    const size_t begin = text.find(' ') + 1;
                    accepted.insert(text.substr(begin, text.find(' ', begin) - begin));
                }
    EXPECT_EQ(accepted, allowed);
}

// The maps 0F 38 and 0F 3A came with SSSE3: nothing of the baseline is there.
TEST(Lacking, NoRowIsInTheMapsOfLaterExtensions) {
    for (const Form& form : forms()) {
        EXPECT_TRUE(form.enc.map == Map::one || form.enc.map == Map::of) << form.encoding;
    }
}

// Where Capstone is wrong about the length our decoder is asked alone; its answers, by the manual.
TEST(Lacking, LengthsThatCapstoneGetsWrong) {
    Translator translator;
    struct {
        const char* bytes;
        unsigned length;
    } const cases[] = {{"66e800000000", 6}, {"6648c20000", 5}, {"6748c20000", 5},     {"6748e800000000", 7},
                       {"66f3680000", 5},   {"66f2680000", 5}, {"660f8400000000", 7}, {"6648e900000000", 7},
                       {"f2c3", 2},         {"f3c3", 2},       {"f2e800000000", 6},   {"66eb00", 3}};
    for (const auto& c : cases) {
        std::vector<uint8_t> code = bytes_of(c.bytes);
        code.resize(20);
        const BlockCode block = translator.translate_block(code, code.size(), 1);
        EXPECT_EQ(block.bytes, c.length) << c.bytes;
        EXPECT_NE(block.uops.back().op, Op::unsupported) << c.bytes;
        unsigned length = 0;
        translator.disassemble(code, 0, &length);
        EXPECT_EQ(length, c.length) << c.bytes;
    }
}
