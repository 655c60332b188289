/* SPDX-License-Identifier: Apache-2.0
 *
 * A, who calls the first stage: sets the pipeline up, warms it, times calls, then checks that what comes back
 * went through every stage, and lets the observer count copies. Prints one line. Exit status: 0 done or
 * refused, 1 wrong.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "os/lib/region.h"
#include "workloads/pipeline/stages.h"

enum { CHECKED_CALLS = 3 };

static struct stile_channel ch;
static struct arguments a;
static void* scratch; /* A's new words, and what it expects */
static pid_t first = -1;

static int failed(const char* what, long error) {
    fprintf(stderr, "pipeline: %s: %s: %s\n", a.mechanism, what, strerror((int)-error));
    if (first > 0) kill(first, SIGKILL);
    return 1;
}

static int refused(int error, const char* why) {
    printf("pipeline mechanism=%s depth=%u size=%zu refused=%s%s%s\n", a.mechanism, a.depth, a.size,
           strerror(-error), why ? ": " : "", why ? why : "");
    fflush(stdout);
    STILE_MARK(STILE_MARK_REFUSED, -error, why, 0);
    if (first > 0) kill(first, SIGKILL);
    return 0;
}

/* NULL, or why somebody cannot be where they should. Every core is tried here, as no stage could refuse. */
static const char* place(void) {
    for (unsigned i = a.depth + 1; i-- > 0;) {
        const long core = core_of(&a, i);
        if (core < 0) continue;
        if (core != core_of(&a, 0) && (ch.mechanism->flags & (STILE_SAME_PROCESS | STILE_CALLER_CROSSES)))
            return "the caller's own thread runs the stages, so it does so on the caller's core";
        if (stile_run_on((unsigned)core) != 0) return "this machine has no such core (machine.cores)";
    }
    return NULL;
}

/* The stages lie beside A unless a path is given. */
static int start_first(char** argv, const char* path) {
    char beside[256];
    if (!path) {
        const char* slash = strrchr(argv[0], '/');
        const int folder = slash ? (int)(slash + 1 - argv[0]) : 0;
        snprintf(beside, sizeof beside, "%.*spipeline_stage", folder, argv[0]);
        path = beside;
    }
    first = start_stage(argv, path, 1, ch.handover);
    return first < 0 ? -errno : 0;
}

static int stop(void) {
    void* in;
    int status;
    if (first < 0) return 0;
    const long r = stile_channel_call(&ch, CODE(OP_STOP, 0), 0, &in);
    if (r < 0) return failed("stop", r);
    if (waitpid(first, &status, 0) != first) return failed("wait", -errno);
    if (status != 0) fprintf(stderr, "pipeline: %s: stages ended with status %#x\n", a.mechanism, status);
    return status != 0;
}

/* 0 or -errno. */
static inline long timed_call(void) {
    void* in;
    const long n = stile_channel_call(&ch, CODE(OP_TIMED, 0), a.size, &in);
    if (n != (long)a.size) return n < 0 ? n : -EIO;
    stile_touch(a.touch, in, a.size, !(ch.mechanism->flags & STILE_IN_READ_ONLY), scratch);
    return 0;
}

static uint64_t time_stamp(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n rdtsc\n lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static long timed_calls(long warmup, long repetitions, uint64_t* cycles) {
    long r = 0;
    stile_region_warm_up();
    for (long i = 0; i < warmup && r == 0; ++i) r = timed_call();
    stile_region_begin();
    *cycles = time_stamp();
    for (long i = 0; i < repetitions && r == 0; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        r = timed_call();
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
    }
    *cycles = time_stamp() - *cycles;
    stile_region_end();
    return r;
}

/* 1 right, 0 wrong, or -errno. */
static long checked_call(uint32_t code) {
    void* in;
    stile_payload_fill(scratch, a.size, REQUEST_SEED(code));
    memcpy(ch.out, scratch, a.size);
    const long n = stile_channel_call(&ch, code, a.size, &in);
    if (n < 0) return n;
    for (unsigned i = 1; i <= a.depth; ++i) stage_transform(i, THERE, scratch, scratch, a.size);
    for (unsigned i = a.depth; i >= 1; --i) stage_transform(i, BACK, scratch, scratch, a.size);
    return (size_t)n == a.size && memcmp(in, scratch, a.size) == 0;
}

static long census_call(uint32_t code) {
    void* in;
    stile_payload_fill(ch.out, a.size, REQUEST_SEED(code));
    STILE_MARK(STILE_MARK_CENSUS_ARM, REQUEST_SEED(code), a.size, 0);
    const long n = stile_channel_call(&ch, code, a.size, &in);
    STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    if (n < 0) return n;
    return (size_t)n == a.size && stile_payload_matches(in, a.size, ANSWER_SEED(code));
}

/* 1 when every byte of every call was right. */
static long checked_calls(void) {
    long all = 1;
    for (long i = 0; i < CHECKED_CALLS; ++i) {
        const long right = checked_call(CODE(OP_CHECKED, i + 1));
        if (right < 0) return right;
        all &= right;
    }
    const long right = census_call(CODE(OP_CENSUS, 1));
    if (right < 0) return right;
    all &= right;
    STILE_MARK(STILE_MARK_CHECKED, all, 0, 0);
    return all;
}

/* Whether every stage can be reached is known after the first call. 0 or -errno. */
static long first_call(const char** why) {
    void* in;
    const long n = stile_channel_call(&ch, CODE(OP_TIMED, 0), a.size, &in);
    *why = n == -EMFILE ? "the calling thread would visit more processes than it can (docs/dipc.md)" : NULL;
    return n < 0 ? n : 0;
}

int main(int argc, char** argv) {
    long warmup, repetitions;
    const char* why = NULL;
    if (argc < 3 + COMMON_ARGUMENTS || argc > 4 + COMMON_ARGUMENTS || !read_arguments(argv, &a) ||
        !number_argument(argv[1 + COMMON_ARGUMENTS], &warmup) ||
        !number_argument(argv[2 + COMMON_ARGUMENTS], &repetitions)) {
        fprintf(stderr, "usage: %s MECHANISM SIZE TOUCH POLICY DEPTH CORES WARMUP REPETITIONS [STAGE-PATH]\n",
                argv[0]);
        return 2;
    }
    int error = stile_channel_open(&ch, a.mechanism, a.size);
    if (error) {
        fprintf(stderr, "pipeline: no mechanism named %s\n", a.mechanism);
        return 2;
    }
    ch.policy = a.policy;
    name_service(&ch, &a, 1);
    if ((why = place()) != NULL) return refused(-EINVAL, why);
    if (!(scratch = stile_channel_memory(a.size))) return failed("memory", -ENOMEM);
    if (ch.mechanism->flags & STILE_SAME_PROCESS) {
        if ((error = make_stages(&ch, &a, &why)) != 0) return refused(error, why);
    } else {
        if ((error = ch.mechanism->prepare(&ch)) != 0) return refused(error, NULL);
        if ((ch.mechanism->flags & STILE_FORKED) &&
            (error = start_first(argv, argc == 4 + COMMON_ARGUMENTS ? argv[argc - 1] : NULL)) != 0)
            return failed("fork", error);
        if ((error = ch.mechanism->connect(&ch)) != 0) return refused(error, NULL);
    }
    long r = first_call(&why);
    if (r < 0) return why ? refused((int)r, why) : failed("first call", r);
    uint64_t cycles;
    if ((r = timed_calls(warmup, repetitions, &cycles)) < 0) return failed("timed call", r);
    /* The empty system call has no receiver: nothing arrives that could be checked. */
    const int has_receiver = strcmp(a.mechanism, "syscall") != 0;
    const long right = has_receiver ? checked_calls() : 1;
    if (right < 0) return failed("checked call", right);
    if (stop() != 0) return 1;
    STILE_MARK(STILE_MARK_REPORT, "hops", a.depth, 0);
    if (repetitions > 0)
        STILE_MARK(STILE_MARK_REPORT, "cycles_per_hop", cycles / ((uint64_t)repetitions * a.depth), 0);
    printf("pipeline mechanism=%s depth=%u size=%zu calls=%ld checked=%s\n", a.mechanism, a.depth, a.size,
           repetitions,
           !has_receiver ? "-"
           : right       ? "ok"
                         : "WRONG");
    return right ? 0 : 1;
}
