// SPDX-License-Identifier: Apache-2.0
//
// Question: do ordinary programs behave as on Linux, and do those that go wrong say how?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Program : public Stile {
  protected:
    // Compiles with plain musl-gcc, as a user would.
    void compile(const std::string& source, const std::string& flags = "-static") {
        write("p.c", source);
        const Output made = shell(STILE_MUSL_GCC " " + flags + " -O2 p.c -o p");
        ASSERT_EQ(made.code, 0) << made.err;
    }
    Output simulate(const std::string& more = "", const std::string& arguments = "") {
        write("program.yaml", "workload:\n  name: program\n  path: p\n" + more);
        return stile("run program.yaml --out r " + arguments);
    }
};

TEST_F(Program, PrintsTheSameAsOnTheHost) {
    std::filesystem::copy(STILE_SOURCE_DIR "/examples/hello.c", "hello.c");
    ASSERT_EQ(shell(STILE_MUSL_GCC " -static hello.c -o p").code, 0);
    const Output output = simulate("  args: [a, \"b c\"]\n");
    ASSERT_EQ(output.code, 0) << output.err;
    const Output native = shell("bash -c \"exec -a /bin/p '" + folder_ + "/p' a 'b c'\"");
    EXPECT_THAT(native.out, HasSubstr("Hello from /bin/p a b c"));
    EXPECT_EQ(contents("r/console.txt"), native.out);
    EXPECT_THAT(output.out, testing::ContainsRegex("program +exit 0"));
    EXPECT_THAT(contents("r/report.html"), HasSubstr("<td>program<td>exit 0<td>"));
    // The resolved configuration runs from anywhere.
    EXPECT_EQ(stile("run r/config.yaml --out again").code, 0);
    EXPECT_EQ(contents("again/console.txt"), native.out);
}

TEST_F(Program, GetsArgumentsEnvironmentInputAndFiles) {
    compile(
        "#include <stdio.h>\n#include <stdlib.h>\n"
        "int main(int c, char** v) { char b[99]; FILE* f = fopen(\"/etc/motd\", \"r\");\n"
        "printf(\"%d %s %s\\n\", c, v[1], getenv(\"COLOUR\")); fgets(b, 99, stdin); fputs(b, stdout);\n"
        "fgets(b, 99, f); fputs(b, stdout); return 3; }\n");
    write("input", "typed\n");
    std::filesystem::create_directories("guest/etc");
    write("guest/etc/motd", "welcome\n");
    const Output output =
        simulate("  args: [one]\n  env: [COLOUR=red]\n  stdin: input\n  files: guest\n  expect_exit: 3\n");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_EQ(contents("r/console.txt"), "2 one red\ntyped\nwelcome\n");
}

TEST_F(Program, LeavesBehindWhatKeepNames) {
    std::filesystem::create_directories("guest/data/empty");
    write("guest/data/old", "old\n");
    std::filesystem::create_symlink("old", "guest/data/link");
    compile(
        "#include <stdio.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
        "int main() { FILE* f = fopen(\"new\", \"w\"); for (int i = 0; i < 9999; i++) fprintf(f, \"%d\\n\", "
        "i);\n"
        "fclose(f); chmod(\"new\", 0750); mkdir(\"d\", 0700); symlink(\"../new\", \"d/up\"); return 0; }\n");
    const Output output = simulate("  files: guest\n  cwd: /data\n  keep: [/data, /nowhere]\n");
    ASSERT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, HasSubstr("keep: /nowhere was not there at the end"));
    std::string numbers;
    for (int i = 0; i < 9999; ++i) numbers += std::to_string(i) + "\n";
    EXPECT_EQ(contents("r/files/data/new"), numbers);
    EXPECT_EQ(contents("r/files/data/old"), "old\n");
    EXPECT_EQ(std::filesystem::status("r/files/data/new").permissions(), std::filesystem::perms{0750});
    EXPECT_EQ(std::filesystem::read_symlink("r/files/data/d/up"), "../new");
    EXPECT_EQ(std::filesystem::read_symlink("r/files/data/link"), "old");
    EXPECT_TRUE(std::filesystem::is_directory("r/files/data/empty"));
    // A later run replaces an earlier one, files and all.
    EXPECT_EQ(stile("run program.yaml --out r --set workload.keep=[]").code, 0);
    EXPECT_FALSE(std::filesystem::exists("r/files"));
}

TEST_F(Program, APlaceThatIsNoneIsSaidBeforeItRuns) {
    compile("int main() { return 0; }\n");
    Output output = simulate("  cwd: data\n");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("'data' is no absolute path in the guest"));
    output = simulate("  keep: [out]\n");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("'out' is no absolute path in the guest"));
}

TEST_F(Program, AnotherExitStatusIsAFailure) {
    compile("int main() { return 5; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err,
                HasSubstr("the main process ended with exit status 5; workload.expect_exit is 0"));
    EXPECT_TRUE(std::filesystem::exists("r/stats.txt"));
    EXPECT_EQ(results("r").rows.size(), 0u);
    const Csv failed = parse_csv(contents("r/failed.csv"));
    ASSERT_EQ(failed.rows.size(), 1u);
    EXPECT_EQ(failed.at(0, "mechanism"), "program");
    EXPECT_EQ(failed.at(0, "status"), "failed");
    EXPECT_EQ(failed.at(0, "reason"), "the main process ended with exit status 5; workload.expect_exit is 0");
}

TEST_F(Program, ACrashNamesSignalPlaceAndAddress) {
    compile(
        "#include <stdio.h>\nint main() { puts(\"before\"); fflush(stdout); *(volatile int*)0x1234 = 1; "
        "return 0; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("SIGSEGV"));
    EXPECT_THAT(output.err, HasSubstr("0x1234"));
    EXPECT_THAT(output.err, HasSubstr("main"));
    EXPECT_EQ(contents("r/console.txt"), "before\n");
}

TEST_F(Program, AnUnknownInstructionNamesItself) {
    // vaddps ymm0, ymm0, ymm0: valid x86, and not in this version.
    compile("int main() { __asm__ volatile(\".byte 0xc5,0xfc,0x58,0xc0\"); return 0; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("c5 fc 58 c0"));
    EXPECT_THAT(output.err, HasSubstr("vaddps"));
    EXPECT_THAT(output.err, HasSubstr("main"));
}

TEST_F(Program, AnEndlessOneIsStopped) {
    compile(
        "#include <stdio.h>\nint main() { puts(\"round\"); fflush(stdout); for (volatile int i = 0;; ++i) {} "
        "}\n");
    const Output output = simulate("", "--max-time '5 ms'");
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err, HasSubstr("it had not ended after 5 ms of simulated time (measure.max_time)"));
    EXPECT_THAT(output.err, HasSubstr("main"));
    EXPECT_EQ(contents("r/console.txt"), "round\n");
}

TEST_F(Program, ChildrenThatAreKilledOnPurposeAreNotNamedAndThoseThatCrashAre) {
    compile(
        "#include <signal.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
        "int main() { int s; pid_t c = fork(); if (c == 0) pause(); kill(c, SIGTERM); wait(&s);\n"
        "int p[2]; pipe(p); close(p[0]); if (fork() == 0) { write(p[1], p, 1); _exit(0); } wait(&s);\n"
        "if (fork() == 0) *(volatile int*)8 = 1; wait(&s); return 0; }\n",
        "-static -w");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.err, testing::Not(HasSubstr("SIGTERM")));
    EXPECT_THAT(output.err, testing::Not(HasSubstr("SIGPIPE")));
    EXPECT_THAT(output.err, HasSubstr("process 4 (/bin/p) was killed by SIGSEGV at "));
}

TEST_F(Program, ADeadlockIsNoticedAtOnce) {
    compile("#include <unistd.h>\nint main() { int p[2]; char c; pipe(p); return read(p[0], &c, 1); }\n",
            "-static -w");
    const Output output = simulate();
    EXPECT_EQ(output.code, 1);
    EXPECT_THAT(output.err,
                HasSubstr("every thread waits, and nothing is left that could wake one (deadlock)"));
}

TEST_F(Program, AMissingSystemCallIsCountedAndNamed) {
    compile(
        "#include <unistd.h>\n#include <errno.h>\n#include <sys/syscall.h>\n"
        "int main() { return syscall(SYS_quotactl, 0, 0, 0, 0) == -1 && errno == ENOSYS ? 0 : 1; }\n");
    const Output output = simulate();
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_THAT(output.err, HasSubstr("quotactl"));
    EXPECT_THAT(contents("r/stats.txt"), testing::ContainsRegex("kernel.enosys.quotactl +1 "));
}

TEST_F(Program, ConsoleIsShownAsItComes) {
    compile("#include <stdio.h>\nint main() { puts(\"here I am\"); return 0; }\n");
    const Output output = simulate("", "--console");
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.err, HasSubstr("here I am\n"));
    EXPECT_THAT(output.out, testing::Not(HasSubstr("here I am")));
}

TEST_F(Program, WhatCannotRunIsRefusedBeforehand) {
    compile("int main() { return 0; }\n");
    EXPECT_EQ(simulate("  path2: x\n").code, 2);
    write("p", "not a program");
    const Output output = simulate();
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("program.yaml:3:9: error: 'workload.path'"));
    EXPECT_FALSE(std::filesystem::exists("r"));
}

}  // namespace
}  // namespace stile::sim
