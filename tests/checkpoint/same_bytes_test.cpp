// SPDX-License-Identifier: Apache-2.0
//
// Question: does a row that begins with a checkpoint give the bytes of one that begins at reset, whatever it
// was doing at the hand-over and whatever machine goes on from there?
#include "tests/checkpoint/checkpoint.h"

namespace stile::sim {
namespace {

class SameBytes : public Checkpoint {
  protected:
    void use(const std::string& configuration, const std::string& more) {
        write("run.yaml", "extends: " STILE_SOURCE_DIR "/configs/runs/" + configuration + "\n" + more +
                              "measure: {warmup: 3, repetitions: 5}\n");
    }
};

TEST_F(SameBytes, EveryMechanism) {
    use("compare.yaml", "workload: {policies: [high], sizes: [64 B]}\n");
    for (const std::string moment : {"boot", "roi"}) {
        expect_no_difference("--core ooo --fast-forward " + moment, 6);
        EXPECT_EQ(results("plain").rows.size(), 5u);
    }
}

TEST_F(SameBytes, TwoCores) {
    use("placement.yaml", "workload: {mechanisms: [dipc, binder, pipe], sizes: [64 B]}\n");
    for (const std::string moment : {"boot", "roi", "'100 us'"})
        expect_no_difference("--core ooo --fast-forward " + moment, 6);
}

// Threads that sleep, wait for each other, for timers and for pipes; signals; a child; files; output that has
// not come to the end of its line. The hand-over is wherever the time falls.
TEST_F(SameBytes, AProgramInTheMiddleOfEverything) {
    write("p.c", R"(
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile int alarms;
static long done;
static double sum = 1;
static void on_alarm(int s) { ++alarms; }
static void* work(void* arg) {
    long me = (long)arg;
    for (int i = 0; i < 6; ++i) {
        struct timespec t = {0, 20000 + 7000 * me};
        nanosleep(&t, 0);
        pthread_mutex_lock(&lock);
        sum = sum * 1.25 + (double)me / 3;
        printf("thread %ld at %d, ", me, i);
        ++done;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}
int main(void) {
    int p[2], q[2];
    pipe(p);
    pipe(q);
    const pid_t child = fork();
    if (child == 0) {
        char c;
        while (read(p[0], &c, 1) == 1 && c) {
            c ^= 0x20;
            write(q[1], &c, 1);
        }
        _exit(7);
    }
    signal(SIGALRM, on_alarm);
    struct itimerval every = {{0, 90}, {0, 90}};
    setitimer(ITIMER_REAL, &every, 0);
    pthread_t t[3];
    for (long i = 0; i < 3; ++i) pthread_create(&t[i], 0, work, (void*)i);
    const int f = open("/tmp.txt", O_RDWR | O_CREAT, 0600);
    char text[64] = "";
    for (int i = 0; i < 20; ++i) {
        char c = 'a' + i, back = 0;
        write(p[1], &c, 1);
        while (read(q[0], &back, 1) != 1) {}
        write(f, &back, 1);
        strncat(text, &back, 1);
    }
    pthread_mutex_lock(&lock);
    while (done < 18) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 3; ++i) pthread_join(t[i], 0);
    every.it_value.tv_usec = every.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &every, 0);
    char zero = 0, all[64] = "";
    write(p[1], &zero, 1);
    int status = 0;
    while (waitpid(child, &status, 0) != child) {}
    lseek(f, 0, SEEK_SET);
    read(f, all, 20);
    printf("\n%s %s %d %.17g\n", text, all, WEXITSTATUS(status), sum);
    fprintf(stderr, "%s\n", alarms > 0 ? "alarms" : "no alarm");
    return strcmp(text, all) || strcmp(all, "ABCDEFGHIJKLMNOPQRST") || alarms == 0;
}
)");
    const Output made = shell(STILE_MUSL_GCC " -static -O2 p.c -o p");
    ASSERT_EQ(made.code, 0) << made.err;
    for (const std::string cores : {"1", "2"}) {
        write("run.yaml", "workload: {name: program, path: p}\nmachine: {cores: " + cores + "}\n");
        for (const std::string moment : {"boot", "'120 us'", "'190 us'", "'233 us'"})
            expect_no_difference("--core inorder --fast-forward " + moment, 1);
        EXPECT_THAT(contents("plain/console.txt"), testing::HasSubstr("ABCDEFGHIJKLMNOPQRST 7"));
    }
}

// One checkpoint; machines that differ in all that is time, cold structures and what a core looks up.
TEST_F(SameBytes, WhateverMachineGoesOn) {
    use("compare.yaml", "workload: {mechanisms: [dipc, codoms], policies: [low], sizes: [64 B]}\n");
    for (const std::string moment : {"boot", "roi"}) {
        const std::string common = "--fast-forward " + moment + " ";
        std::filesystem::remove_all("state");
        ASSERT_EQ(run(common + "--core functional --save state", "saved-" + moment).code, 0);
        std::vector<std::string> seen;
        for (const std::string machine :
             {"--core functional", "--core inorder", "--core ooo",
              "--core ooo --set machine.l1d.size='8 KiB' --set machine.l1i.ways=4",
              "--core ooo --set machine.l2.size='0 B' --set machine.llc.latency=60",
              "--core ooo --set machine.dtlb.entries=16 --set machine.stlb.entries=64",
              "--core ooo --set machine.core.ooo.rob=32 --set machine.core.ooo.width=2",
              "--core ooo --set machine.core.predictor.direction=tage --set machine.core.predictor.history=8",
              "--core inorder --set machine.core.latencies.load=9 --set machine.core.mispredict=40",
              "--core ooo --set machine.walker.latency=100 --set machine.memory.latency=500",
              "--core ooo --set machine.codoms.apl_cache.latency=3 --set machine.codoms.apl_cache.ports=1"}) {
            SCOPED_TRACE(common + machine);
            const std::string n = moment + std::to_string(seen.size());
            ASSERT_EQ(run(common + machine, "plain" + n).code, 0);
            const Output output = run(common + machine + " --restore state", "restored" + n);
            ASSERT_EQ(output.code, 0) << output.err;
            expect_same("plain" + n, "restored" + n);
            seen.push_back(contents("plain" + n + "/stats.txt"));
        }
        // The machines do differ.
        std::sort(seen.begin(), seen.end());
        EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
    }
}

// What the guest printed before comes out, once.
TEST_F(SameBytes, TheConsoleIsThatOfTheWholeRow) {
    write("p.c",
          "#include \"os/lib/region.h\"\n#include <stdio.h>\nint main(void) { printf(\"before\\nhalf a \"); "
          "fflush(stdout); stile_region_begin(); stile_region_end(); puts(\"line\"); return 0; }\n");
    ASSERT_EQ(shell(STILE_MUSL_GCC " -static -O2 -I" STILE_SOURCE_DIR " p.c -o p").code, 0);
    write("run.yaml", "workload: {name: program, path: p}\n");
    expect_no_difference("--fast-forward roi", 1);
    EXPECT_EQ(contents("restored/console.txt"), "before\nhalf a line\n");
    const Output shown = run("--fast-forward roi --restore state --console", "shown");
    EXPECT_THAT(shown.err, testing::StartsWith("before\nhalf a line\n"));
    // A limit that cuts off what came before counts.
    EXPECT_EQ(run("--fast-forward roi --restore state --set output.console_limit=3", "short").code, 0);
    EXPECT_EQ(contents("short/console.txt"), "bef");
    ASSERT_EQ(run("--fast-forward roi --save cut --set output.console_limit=3", "cut-saved").code, 0);
    EXPECT_EQ(run("--fast-forward roi --restore cut --set output.console_limit=3", "cut3").code, 0);
    const Output refused = run("--fast-forward roi --restore cut", "cut-all");
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, testing::HasSubstr("output.console_limit"));
}

}  // namespace
}  // namespace stile::sim
