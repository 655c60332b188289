/* SPDX-License-Identifier: Apache-2.0
 *
 * The client: the run ends with it. It warms the channel, makes the timed calls, then checks an answer.
 * Exit status: 0 done or refused, 1 wrong.
 *
 * Markers (STILE_MARK) are no-operations of the processor that the simulator sees: they say what is to be
 * measured, take no time, and do nothing on a real machine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/lib/region.h"
#include "service.h"

static struct stile_channel ch;
static size_t numbers;
static pid_t server = -1;

static int failed(const char* what, long error) {
    fprintf(stderr, "@NAME@: %s: %s\n", what, error < 0 ? strerror((int)-error) : "wrong");
    return 1;
}

/* This mechanism is not on offer here: no failure, but a line of refused.csv. */
static int refused(int error) {
    STILE_MARK(STILE_MARK_REFUSED, -error, 0, 0);
    return 0;
}

static int start_server(char** argv) {
    char* const arguments[] = {"/bin/@NAME@_server", argv[1], argv[2], ch.handover, NULL};
    server = fork();
    if (server == 0) {
        execv(arguments[0], arguments);
        _exit(127);
    }
    return server < 0 ? -errno : 0;
}

static int stop_server(void) {
    void* in;
    int status;
    if (server < 0) return 0;
    const long r = stile_channel_call(&ch, OP_STOP, 0, &in);
    if (r < 0) return failed("stop", r);
    if (waitpid(server, &status, 0) != server || status != 0) return failed("server", 0);
    return 0;
}

/* Whether there was an answer. */
static int call(uint32_t code, uint64_t* answer) {
    void* in;
    const long length = stile_channel_call(&ch, code, numbers * 8, &in);
    if (length != sizeof *answer) return 0;
    *answer = *(const uint64_t*)in;
    return 1;
}

static long timed_calls(long warmup, long repetitions) {
    long answers = 0;
    uint64_t sum;
    stile_region_warm_up(); /* --fast-forward roi runs ahead to here */
    for (long i = 0; i < warmup; ++i) call(OP_TIMED, &sum);
    stile_region_begin();
    for (long i = 0; i < repetitions; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        answers += call(OP_TIMED, &sum);
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
    }
    stile_region_end();
    return answers;
}

/* The request is filled with words that occur nowhere else, so that the simulator can count who copies them
 * until the server has them (CENSUS_STOP there). */
static int checked_call(void) {
    const uint64_t seed = 42;
    uint64_t sum = 0, answer = 0;
    stile_payload_fill(ch.out, numbers * 8, seed);
    for (size_t i = 0; i < numbers; ++i) sum += ((const uint64_t*)ch.out)[i];
    STILE_MARK(STILE_MARK_CENSUS_ARM, seed, numbers * 8, 0);
    const int right = call(OP_CHECKED, &answer) && answer == sum;
    STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    return right;
}

int main(int argc, char** argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s MECHANISM NUMBERS WARMUP REPETITIONS\n", argv[0]);
        return 2;
    }
    numbers = strtoul(argv[2], NULL, 10);
    int error = service_open(&ch, argv[1], numbers);
    if (error) return failed(argv[1], error);
    if ((error = ch.mechanism->prepare(&ch)) != 0) return refused(error);
    if (ch.mechanism->flags & STILE_FORKED && (error = start_server(argv)) != 0)
        return failed("server", error);
    if ((error = ch.mechanism->connect(&ch)) != 0) return refused(error);

    const long answers = timed_calls(strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
    STILE_MARK(STILE_MARK_REPORT, "answers", answers, 0);
    const int right = checked_call();
    if (stop_server() != 0) return 1;
    printf("@NAME@ mechanism=%s numbers=%zu answers=%ld\n", argv[1], numbers, answers);
    return right ? 0 : failed("answer", 0);
}
