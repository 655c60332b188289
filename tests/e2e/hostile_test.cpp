// SPDX-License-Identifier: Apache-2.0
//
// Question: whatever a user names and whatever a guest does, does it end soon, with a message or a status,
// and never with the simulator?
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Hostile : public Stile {
  protected:
    void compile(const std::string& source) {
        write("p.c",
              "#define _GNU_SOURCE\n#include <errno.h>\n#include <fcntl.h>\n#include <signal.h>\n"
              "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n"
              "#include <sys/wait.h>\n#include <unistd.h>\n" +
                  source);
        const Output made = shell(STILE_MUSL_GCC " -static -O1 -w p.c -o p");
        ASSERT_EQ(made.code, 0) << made.err;
    }
    Output simulate(const std::string& more = "", const std::string& arguments = "") {
        write("program.yaml",
              "machine: {core: {model: functional}}\nworkload:\n  name: program\n  path: p\n" + more);
        return stile("run program.yaml --out r " + arguments);
    }
};

TEST_F(Hostile, AForkBombMeetsALimitAndEnds) {
    compile("int main() { for (;;) if (fork() < 0) { printf(\"errno %d\\n\", errno); return 0; } }\n");
    const Output output = simulate("", "--max-time '2 s' --set machine.memory.size='64 MiB'");
    EXPECT_THAT(output.code, testing::AnyOf(0, 1)) << output.err;
    EXPECT_THAT(output.err, testing::Not(HasSubstr("bug in Stile")));
    EXPECT_THAT(output.err, testing::Not(HasSubstr("panic")));
}

TEST_F(Hostile, AMemoryHogIsEndedAndItsParentLives) {
    compile(
        "int main() { int status; pid_t c = fork();\n"
        "if (!c) for (;;) { char* p = mmap(0, 1 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
        "if (p == MAP_FAILED) { _exit(errno); } memset(p, 1, 1 << 20); }\n"
        "waitpid(c, &status, 0); printf(\"%s\\n\", WIFSIGNALED(status) || WEXITSTATUS(status) == ENOMEM ? "
        "\"ended\" "
        ": \"?\");\nreturn malloc(1 << 20) ? 0 : 1; }\n");
    const Output output = simulate("", "--max-time '20 s' --set machine.memory.size='64 MiB'");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(contents("r/console.txt"), HasSubstr("ended\n"));
}

TEST_F(Hostile, DeepRecursionIsASegmentationFault) {
    compile(
        "int f(int n) { volatile char a[100]; a[n % 100] = 1; return n < 0 ? 0 : f(n + 1) + a[5]; }\n"
        "int main() { return f(0); }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("was killed by SIGSEGV"));
    EXPECT_THAT(output.err, HasSubstr(" f+0x"));
}

TEST_F(Hostile, HugeArgumentsAreRefusedOrPassed) {
    compile("int main(int c, char** v) { printf(\"%d %zu\\n\", c, strlen(v[1])); return 0; }\n");
    const Output passed = simulate("  args: ['" + std::string(100000, 'x') + "']\n");
    EXPECT_EQ(passed.code, 0) << passed.err.substr(0, 500);
    EXPECT_EQ(contents("r/console.txt"), "2 100000\n");
    std::filesystem::remove_all("r");
    const Output refused = simulate("  args: ['" + std::string(1 << 20, 'x') + "']\n");
    EXPECT_NE(refused.code, 0);
    EXPECT_NE(refused.code, 3);
    EXPECT_THAT(refused.err, HasSubstr("arguments and environment of all processes exceed"));
}

TEST_F(Hostile, AFloodOnTheConsoleIsCutOff) {
    compile(
        "static char line[65536]; int main() { memset(line, 'x', sizeof line); line[sizeof line - 1] = "
        "'\\n';\n"
        "for (int i = 0; i < 32; i++) write(1, line, sizeof line); return 0; }\n");
    const Output all = simulate();
    EXPECT_EQ(all.code, 0) << all.err;
    EXPECT_EQ(std::filesystem::file_size("r/console.txt"), 2u << 20);
    const Output output = simulate("", "--set output.console_limit='1 MiB'");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(std::filesystem::file_size("r/console.txt"), 1u << 20);
    EXPECT_THAT(output.err,
                HasSubstr("warning: the guest printed 2097152 bytes; console.txt has the first 1048576 "
                          "(output.console_limit)"));
}

TEST_F(Hostile, InputThatDoesNotFitSaysSo) {
    compile(
        "int main() { char b[4096]; long n = 0, r; while ((r = read(0, b, sizeof b)) > 0) n += r; "
        "printf(\"%ld\\n\", "
        "n); return 0; }\n");
    ASSERT_EQ(shell("truncate -s 40M input").code, 0);
    EXPECT_EQ(simulate("  stdin: input\n").code, 0);
    EXPECT_EQ(contents("r/console.txt"), "41943040\n");
    const Output small = simulate("  stdin: input\n", "--set machine.memory.size='32 MiB'");
    EXPECT_EQ(small.code, 1);
    EXPECT_THAT(small.err, HasSubstr("does not fit into machine.memory.size"));
    ASSERT_EQ(shell("truncate -s 100G input").code, 0);
    const Output large = simulate("  stdin: input\n");
    EXPECT_EQ(large.code, 2);
    EXPECT_THAT(large.err, HasSubstr("input has 107374182400 bytes; at most 4294967295 fit"));
    std::filesystem::remove("input");
    std::filesystem::create_symlink("/dev/zero", "input");
    EXPECT_THAT(simulate("  stdin: input\n").err, HasSubstr("input is no regular file"));
}

TEST_F(Hostile, StrangeNamesAndFilesInTheFolder) {
    compile(
        "int main() { char b[9] = \"\"; int f = open(\"/a\\nb\", 0); read(f, b, 8); printf(\"%s\\n\", b); "
        "return 0; "
        "}\n");
    std::filesystem::create_directories("guest/empty");
    std::ofstream("guest/a\nb") << "newline";
    std::ofstream("guest/\xff\xfe \"'`$(x)") << "bytes";
    std::filesystem::create_symlink("loop", "guest/loop");
    std::filesystem::create_symlink(".", "guest/self");
    std::filesystem::create_symlink("/nowhere", "guest/dangling");
    const Output output = simulate("  files: guest\n");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(contents("r/console.txt"), "newline\n");
    ASSERT_EQ(mkfifo("guest/fifo", 0600), 0);
    const Output fifo = simulate("  files: guest\n");
    EXPECT_EQ(fifo.code, 2) << fifo.err;
    EXPECT_THAT(fifo.err, HasSubstr("guest/fifo"));
    std::filesystem::remove("guest/fifo");
    std::ofstream("guest/TRAILER!!!") << "x";
    const Output trailer = simulate("  files: guest\n");
    EXPECT_EQ(trailer.code, 2) << trailer.err;
    std::filesystem::remove("guest/TRAILER!!!");
    // A file where the guest needs a folder.
    std::ofstream("guest/bin") << "x";
    const Output clash = simulate("  files: guest\n");
    EXPECT_EQ(clash.code, 2) << clash.err;
    EXPECT_THAT(clash.err, HasSubstr("'workload.files': /bin must be a folder in the guest"));
    std::filesystem::remove("guest/bin");
    std::filesystem::create_symlink("usr/bin", "guest/bin");
    EXPECT_EQ(simulate("  files: guest\n").code, 2);
    std::filesystem::create_directories("guest/usr/bin");
    EXPECT_EQ(simulate("  files: guest\n").code, 0);
    std::ofstream("guest/usr/bin/p") << "not the program";
    EXPECT_EQ(simulate("  files: guest\n").code, 0);
    EXPECT_EQ(simulate("  files: program.yaml\n").code, 2);
    std::filesystem::create_symlink("chain", "chain");
    EXPECT_EQ(simulate("  files: chain\n").code, 2);
}

// Each ends by itself or is ended, and says which.
TEST_F(Hostile, EveryWayNotToEndIsNoticed) {
    const struct {
        const char *body, *said;
    } cases[] = {
        {"for (;;) {}", "it had not ended after 50 ms of simulated time (measure.max_time)"},
        {"sigset_t s; sigfillset(&s); sigprocmask(0, &s, 0); for (;;) getppid();",
         "it had not ended after 50 ms"},
        {"for (;;) sleep(1000);", "it had not ended after 50 ms"},
        {"pause();", "every thread waits, and nothing is left that could wake one (deadlock)"},
        {"raise(SIGSTOP);", "every thread waits, and nothing is left that could wake one (deadlock)"},
        {"int p[2]; pipe(p); char c; read(p[0], &c, 1);", "(deadlock)"},
        {"if (!fork()) pause(); wait(0);", "(deadlock)"},
        {"kill(getpid(), SIGKILL);", "was killed by SIGKILL"},
        {"abort();", "was killed by SIGABRT"},
        {"for (;;) vfork();", ""},
        {"for (;;) if (!fork()) { for (;;) write(1, \"x\", 1); }", ""},
        {"close(0); close(1); close(2); for (;;) if (open(\"/dev/null\", 0) < 0) return 9;",
         "the main process ended with exit status 9"},
        {"char* p = mmap(0, 1ul << 46, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);\n"
         "for (unsigned long i = 0; p != MAP_FAILED; i += 4096) p[i] = 1; return 8;",
         ""},
        {"for (;;) { char n[30]; static int i; sprintf(n, \"/tmp/%d\", i++); int f = open(n, O_CREAT | "
         "O_WRONLY, 0600);\n"
         "static char b[1 << 20]; if (f < 0 || write(f, b, sizeof b) < (long)sizeof b) return 7; close(f); }",
         ""},
        {"__asm__ volatile(\"mov $0x123, %%rsp; push %%rax\" ::: \"memory\");", "was killed by SIGSEGV"},
        {"((void (*)(void))0x800000000000)();", "was killed by SIGSEGV"},
        {"__asm__ volatile(\"int $0x80\");", "was killed by SIGSEGV"},
        {"__asm__ volatile(\"pushfq; orl $0x100, (%rsp); popfq; nop\");", "was killed by SIGTRAP"},
    };
    for (const auto& c : cases) {
        compile(std::string("int main() { ") + c.body + " return 1; }\n");
        std::filesystem::remove_all("r");
        const Output output = simulate("", "--max-time '50 ms' --set machine.memory.size='64 MiB'");
        EXPECT_EQ(output.code, 1) << c.body << "\n" << output.err;
        EXPECT_THAT(output.err, HasSubstr(c.said)) << c.body;
        EXPECT_THAT(output.err, testing::Not(HasSubstr("panic"))) << c.body;
        EXPECT_TRUE(std::filesystem::exists("r/stats.txt")) << c.body;
    }
}

}  // namespace
}  // namespace stile::sim
