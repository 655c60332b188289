// SPDX-License-Identifier: Apache-2.0
//
// Question: does an instruction that Stile lacks name itself, wherever it is met and however often, and end
// the run as promised?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

class Unsupported : public Stile {
  protected:
    void compile(const std::string& source, const std::string& flags = "",
                 const std::string& compiler = STILE_MUSL_GCC " -static") {
        write("p.c",
              "#define _GNU_SOURCE\n#include <signal.h>\n#include <stdio.h>\n#include <string.h>\n"
              "#include <sys/mman.h>\n#include <sys/wait.h>\n#include <ucontext.h>\n#include <unistd.h>\n" +
                  source);
        const Output made = shell(compiler + " -O2 -w p.c -o p " + flags);
        ASSERT_EQ(made.code, 0) << made.err;
    }
    // Code at a fixed address, under a name.
    static std::string at(const std::string& section, const std::string& name, const std::string& code) {
        return "__asm__(\".section " + section + ",\\\"ax\\\",@progbits\\n.type " + name + ",@function\\n" +
               name + ": " + code + "; ret\\n.size " + name + ",.-" + name + "\\n.text\");\nvoid " + name +
               "(void);\n";
    }
    Output simulate(const std::string& more = "") {
        write("program.yaml", "workload:\n  name: program\n  path: p\n" + more);
        return stile("run program.yaml --out r");
    }
};

const char* const skipping =
    "static int length;\nstatic void skip(int n, siginfo_t* i, void* c) {\n"
    "    ((ucontext_t*)c)->uc_mcontext.gregs[REG_RIP] += length; }\n"
    "static void catch_it(int n) { length = n; struct sigaction a = {.sa_sigaction = skip, .sa_flags = "
    "SA_SIGINFO};\n"
    "    sigaction(SIGILL, &a, 0); }\n";

struct Lacking {
    const char *assembly, *bytes, *text;
};
constexpr Lacking kinds[] = {
    {"vaddps %ymm0,%ymm0,%ymm0", "c5 fc 58 c0", "vaddps ymm0, ymm0, ymm0"},
    {"vpxor %xmm1,%xmm2,%xmm3", "c5 e9 ef d9", "vpxor xmm3, xmm2, xmm1"},
    {"vaddps %zmm0,%zmm1,%zmm2", "62 f1 74 48 58 d0", "vaddps zmm2 , zmm1, zmm0"},
    {"pcmpistri $0,%xmm1,%xmm0", "66 0f 3a 63 c1 00", "pcmpistri xmm0, xmm1, 0"},
    {"crc32l %ecx,%eax", "f2 0f 38 f1 c1", "crc32 eax, ecx"},
    {"popcnt %eax,%ecx", "f3 0f b8 c8", "popcnt ecx, eax"},
    {"andn %eax,%ebx,%ecx", "c4 e2 60 f2 c8", "andn ecx, ebx, eax"},
    {"rdrand %eax", "0f c7 f0", "rdrand eax"},
    {"xgetbv", "0f 01 d0", "xgetbv"},
    {"pshufb %xmm1,%xmm0", "66 0f 38 00 c1", "pshufb xmm0, xmm1"},
};

TEST_F(Unsupported, EachKindKillsItsChildAndFailsTheRun) {
    std::string source, children, link;
    unsigned index = 0;
    for (const Lacking& k : kinds) {
        const std::string name = "kind" + std::to_string(index);
        source += at(".lack" + std::to_string(index), name, k.assembly);
        children += "run(" + name + ");\n";
        link += " -Wl,--section-start=.lack" + std::to_string(index) + "=0x5" + std::to_string(10 + index) +
                "000";
        ++index;
    }
    compile(
        source +
            "static int bad; static void run(void (*f)(void)) { int status; pid_t c = fork(); if (!c) { f(); "
            "_exit(0); }\nwaitpid(c, &status, 0); bad += status != SIGILL; }\nint main() {\n" +
            children + "return bad; }\n",
        link);
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.out, testing::ContainsRegex("program +exit 0"));
    index = 0;
    for (const Lacking& k : kinds) {
        const std::string place =
            "0x5" + std::to_string(10 + index) + "000 kind" + std::to_string(index) + "+0x0 (/bin/p)";
        EXPECT_THAT(output.err, HasSubstr(std::string("stile: program 0 B: unsupported instruction ") +
                                          k.bytes + " (" + k.text + ") at " + place + ", 1 time\n"));
        EXPECT_THAT(output.err,
                    HasSubstr("process " + std::to_string(index + 2) + " (/bin/p) was killed by SIGILL at " +
                              place + ": Stile lacks the instruction '" + k.text + "'\n"));
        ++index;
    }
    EXPECT_THAT(contents("r/stats.txt"), testing::ContainsRegex("core.unsupported.vaddps +2 "));
    EXPECT_THAT(contents("r/stats.json"), HasSubstr("\"core.unsupported.rdrand\": 1"));
}

TEST_F(Unsupported, CaughtAThousandTimesInTwoPlacesItIsNamedAndTheRunSucceeds) {
    compile(at(".one", "one", "vaddps %ymm0,%ymm0,%ymm0") + at(".two", "two", "nop; popcnt %eax,%ecx") +
                skipping +
                "int main() { catch_it(4); for (int i = 0; i < 1000; i++) { one(); two(); } return 0; }\n",
            "-Wl,--section-start=.one=0x500000 -Wl,--section-start=.two=0x510000");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err,
                HasSubstr("stile: program 0 B: warning: unsupported instruction c5 fc 58 c0 (vaddps ymm0, "
                          "ymm0, ymm0) at 0x500000 one+0x0 (/bin/p), 1000 times\n"));
    EXPECT_THAT(output.err,
                HasSubstr("warning: unsupported instruction f3 0f b8 c8 (popcnt ecx, eax) at 0x510001 "
                          "two+0x1 (/bin/p), 1000 times\n"));
    EXPECT_THAT(contents("r/stats.txt"), testing::ContainsRegex("core.unsupported.vaddps +1000 "));
    EXPECT_THAT(contents("r/stats.txt"), testing::ContainsRegex("core.unsupported.popcnt +1000 "));
}

// A child that was caught doing something else does not make the parent's caught instruction a failure.
TEST_F(Unsupported, AnotherDeathIsAnotherMatter) {
    compile(
        at(".one", "one", "vaddps %ymm0,%ymm0,%ymm0") + skipping +
            "int main() { catch_it(4); one(); if (!fork()) *(volatile int*)16 = 1; wait(0); return 0; }\n",
        "-Wl,--section-start=.one=0x500000");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, HasSubstr("warning: unsupported instruction c5 fc 58 c0"));
}

TEST_F(Unsupported, AStatusThatWasExpectedDoesNotHideIt) {
    compile(at(".one", "one", "vaddps %ymm0,%ymm0,%ymm0") + "int main() { one(); return 0; }\n");
    const Output output = simulate("  expect_exit: 132\n");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("c5 fc 58 c0 (vaddps ymm0, ymm0, ymm0)"));
}

TEST_F(Unsupported, WithoutSymbolsTheFileIsNamed) {
    compile(at(".one", "one", "vaddps %ymm0,%ymm0,%ymm0") + "int main() { one(); return 0; }\n",
            "-s -Wl,--section-start=.one=0x500000");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err,
                HasSubstr("unsupported instruction c5 fc 58 c0 (vaddps ymm0, ymm0, ymm0) at 0x500000 "
                          "(/bin/p), 1 time\n"));
}

TEST_F(Unsupported, APositionIndependentProgramIsNamedByItsSymbols) {
    compile(at(".one", "one", "nop; vaddps %ymm0,%ymm0,%ymm0") + "int main() { one(); return 0; }\n", "",
            STILE_HOST_CC " -static-pie");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err,
                testing::ContainsRegex("unsupported instruction c5 fc 58 c0 \\(vaddps ymm0, ymm0, ymm0\\) at "
                                       "0x5555[0-9a-f]+ one\\+0x1 \\(/bin/p\\), 1 time\n"));
}

TEST_F(Unsupported, AcrossAPageItIsWhole) {
    compile(
        at(".one", "one", ".skip 0xffe,0x90; vaddps %ymm0,%ymm0,%ymm0") + "int main() { one(); return 0; }\n",
        "-Wl,--section-start=.one=0x500000");
    EXPECT_THAT(simulate().err,
                HasSubstr("unsupported instruction c5 fc 58 c0 (vaddps ymm0, ymm0, ymm0) at 0x500ffe "
                          "one+0xffe (/bin/p), 1 time\n"));
    // Where the second page is not there, that is what is wrong.
    compile(
        "int main() { char* p = mmap((void*)0x600000, 8192, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, "
        "0);\n"
        "memcpy(p + 0xffe, \"\\xc5\\xfc\\x58\\xc0\", 4); munmap(p + 4096, 4096);\n"
        "((void (*)(void))(p + 0xffe))(); return 0; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("SIGSEGV at 0x600ffe 0x600ffe: it tried to execute address 0x601000"));
    EXPECT_THAT(output.err, Not(HasSubstr("unsupported")));
}

TEST_F(Unsupported, WhatIsNoInstructionIsNotCalledLacking) {
    for (const auto& [bytes, said] :
         {std::pair{"0x06,0x0f,0xff", "bytes 06 0f ff"}, std::pair{"0x0f,0x0b", "(ud2)"},
          std::pair{"0x0f,0x04,0x01", "bytes 0f 04 01"}, std::pair{"0xf0,0x90", "bytes f0 90"}}) {
        compile(std::string("int main() { __asm__ volatile(\".byte ") + bytes + "\"); return 0; }\n");
        const Output output = simulate();
        EXPECT_EQ(output.code, 1);
        EXPECT_THAT(output.err, HasSubstr("was killed by SIGILL"));
        EXPECT_THAT(output.err, HasSubstr("it ran an invalid instruction"));
        EXPECT_THAT(output.err, HasSubstr(said));
        EXPECT_THAT(output.err, Not(HasSubstr("unsupported")));
        EXPECT_THAT(output.err, Not(HasSubstr("lacks")));
    }
}

TEST_F(Unsupported, InVeryManyPlacesTheFirstHundredAreNamed) {
    compile(std::string(skipping) +
            "int main() { catch_it(4); char* p = mmap(0, 1 << 20, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
            "for (int i = 0; i < 300; i++) { memcpy(p + 8 * i, \"\\xc5\\xfc\\x58\\xc0\\xc3\", 5);\n"
            "((void (*)(void))(p + 8 * i))(); } return 0; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err,
                HasSubstr("warning: unsupported instructions in more than 100 places: another 200 times\n"));
}

// Whoever asks CPUID before, as glibc's string functions do, never meets one.
TEST_F(Unsupported, AProgramThatAsksFirstMeetsNone) {
    compile(
        "#include <math.h>\n#include <stdlib.h>\n#include <wchar.h>\n"
        "static int by(const void* a, const void* b) { return memcmp(a, b, 8); }\n"
        "int main(int c, char** v) { static char s[70000], t[70000]; double sum = 0;\n"
        "for (int n = 1; n < 60000; n += n / 3 + 1) { memset(s, 'a' + n % 7, n); memcpy(t, s, n); memmove(t "
        "+ 1, t, "
        "n);\nsum += strlen(s) + memcmp(s, t, n) + !strchr(t, 'g') + !strstr(s, t) + strcmp(s, t) + sqrt(n) "
        "+ "
        "pow(n, c);\nsum += strncmp(s, t, n) + !memchr(s, 'b', n) + !strrchr(s, 'c') + strcspn(s, \"xyz\"); "
        "}\n"
        "qsort(t, 1000, 8, by); printf(\"%d %.6f\\n\", wcslen(L\"wide\"), sum); return 0; }\n",
        "-lm", STILE_HOST_CC " -static");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, Not(HasSubstr("unsupported")));
    EXPECT_THAT(contents("r/console.txt"), HasSubstr("4 "));
    EXPECT_THAT(contents("r/stats.txt"), Not(HasSubstr("core.unsupported")));
}

}  // namespace
}  // namespace stile::sim
