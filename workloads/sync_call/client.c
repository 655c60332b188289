/* SPDX-License-Identifier: Apache-2.0
 *
 * The client: sets a channel up, warms it, times calls, then checks that what arrives is right and lets the
 * observer count copies, in calls of their own. Prints one line. Exit status: 0 done or refused, 1 wrong.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/lib/region.h"
#include "workloads/sync_call/arguments.h"
#include "workloads/sync_call/service.h"

enum { CHECKED_CALLS = 3 };

static struct stile_channel ch;
static struct service service; /* the handler of same-process mechanisms; the scratch of all */
static pid_t server = -1;

static int failed(const char* what, long error) {
    fprintf(stderr, "sync_call: %s: %s: %s\n", ch.mechanism->name, what, strerror((int)-error));
    if (server > 0) kill(server, SIGKILL);
    return 1;
}

static int refused(int error, const char* why) {
    printf("sync_call mechanism=%s size=%zu refused=%s%s%s\n", ch.mechanism->name, ch.capacity,
           strerror(-error), why ? ": " : "", why ? why : "");
    fflush(stdout);
    STILE_MARK(STILE_MARK_REFUSED, -error, why, 0);
    if (server > 0) kill(server, SIGKILL);
    return 0;
}

/* The server lies beside the client unless a path is given. */
static int start_server(char** argv, const char* path) {
    char beside[256];
    if (!path) {
        const char* slash = strrchr(argv[0], '/');
        const int folder = slash ? (int)(slash + 1 - argv[0]) : 0;
        snprintf(beside, sizeof beside, "%.*ssync_server", folder, argv[0]);
        path = beside;
    }
    server = fork();
    if (server < 0) return -errno;
    if (server > 0) return 0;
    char* const arguments[] = {(char*)path, argv[1], argv[2],     argv[3], argv[4],
                               argv[5],     argv[6], ch.handover, NULL};
    execv(path, arguments);
    fprintf(stderr, "sync_call: %s: %s\n", path, strerror(errno));
    _exit(127);
}

/* Client and server where they are to be. 0 or refused: the server's core is tried here too, because nobody
 * could say later that there is no such core. */
static int place(const struct arguments* a) {
    const int elsewhere = a->client_core != a->server_core;
    if (elsewhere && (ch.mechanism->flags & (STILE_SAME_PROCESS | STILE_CALLER_CROSSES))) {
        refused(-EINVAL, "the caller's own thread runs the callee, so it does so on the caller's core");
        return 1;
    }
    if (a->server_core >= 0 && stile_run_on((unsigned)a->server_core) != 0) {
        refused(-EINVAL, "this machine has no such core for the server (machine.cores)");
        return 1;
    }
    if (a->client_core >= 0 && stile_run_on((unsigned)a->client_core) != 0) {
        refused(-EINVAL, "this machine has no such core for the client (machine.cores)");
        return 1;
    }
    return 0;
}

static int stop_server(void) {
    void* in;
    int status;
    if (server < 0) return 0;
    const long r = stile_channel_call(&ch, CODE(OP_STOP, 0), 0, &in);
    if (r < 0) return failed("stop", r);
    if (waitpid(server, &status, 0) != server) return failed("wait", -errno);
    if (status != 0)
        fprintf(stderr, "sync_call: %s: server ended with status %#x\n", ch.mechanism->name, status);
    return status != 0;
}

static void touch(void* in, long length) {
    stile_touch(service.touch, in, (size_t)length, !(ch.mechanism->flags & STILE_IN_READ_ONLY),
                service.scratch);
}

static long timed_calls(long warmup, long repetitions) {
    void* in;
    stile_region_warm_up();
    for (long i = 0; i < warmup; ++i) {
        const long n = stile_channel_call(&ch, CODE(OP_TIMED, 0), service.size, &in);
        if (n < 0) return n;
        touch(in, n);
    }
    stile_region_begin();
    for (long i = 0; i < repetitions; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        const long n = stile_channel_call(&ch, CODE(OP_TIMED, 0), service.size, &in);
        if (n < 0) return n;
        touch(in, n);
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
    }
    stile_region_end();
    return 0;
}

/* 1 right, 0 wrong, or -errno. */
static long verified_call(uint32_t code) {
    void* in;
    const int census = OP_OF(code) == OP_CENSUS;
    stile_payload_fill(ch.out, service.size, REQUEST_SEED(code));
    if (census) STILE_MARK(STILE_MARK_CENSUS_ARM, REQUEST_SEED(code), service.size, 0);
    const long n = stile_channel_call(&ch, code, service.size, &in);
    if (census) STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    if (n < 0) return n;
    return (size_t)n == service.size && stile_payload_matches(in, (size_t)n, ANSWER_SEED(code));
}

/* 1 when every byte of every call was right. */
static long checked_calls(void) {
    long all = 1;
    for (long i = 0; i < CHECKED_CALLS; ++i) {
        const long right = verified_call(CODE(OP_CHECKED, i + 1));
        if (right < 0) return right;
        all &= right;
    }
    const long right = verified_call(CODE(OP_CENSUS, 1));
    if (right < 0) return right;
    all &= right;
    STILE_MARK(STILE_MARK_CHECKED, all, 0, 0);
    return all;
}

int main(int argc, char** argv) {
    struct arguments a;
    long warmup, repetitions;
    if (argc < 3 + COMMON_ARGUMENTS || argc > 4 + COMMON_ARGUMENTS) {
        fprintf(stderr,
                "usage: %s MECHANISM SIZE TOUCH POLICY CLIENT-CORE SERVER-CORE WARMUP REPETITIONS "
                "[SERVER-PATH]\n",
                argv[0]);
        return 2;
    }
    if (!read_arguments(argv, &a) || !number_argument(argv[1 + COMMON_ARGUMENTS], &warmup) ||
        !number_argument(argv[2 + COMMON_ARGUMENTS], &repetitions))
        return 2;
    int error = stile_channel_open(&ch, a.mechanism, a.size);
    if (error) {
        fprintf(stderr, "sync_call: no mechanism named %s\n", a.mechanism);
        return 2;
    }
    ch.policy = a.policy;
    if (place(&a)) return 0;
    /* A gate that is written by hand keeps all properties or none; a proxy is generated for those that are
     * asked for. */
    if (a.policy != STILE_POLICY_LOW && a.policy != STILE_POLICY_HIGH && strcmp(a.mechanism, "dipc") != 0)
        return refused(-EINVAL, "only dipc has policies other than low and high");
    if (service_init(&service, &ch, a.size, a.touch) != 0) return failed("memory", -ENOMEM);
    if ((error = ch.mechanism->prepare(&ch)) != 0) return refused(error, NULL);
    if ((ch.mechanism->flags & STILE_FORKED) &&
        (error = start_server(argv, argc == 4 + COMMON_ARGUMENTS ? argv[argc - 1] : NULL)) != 0)
        return failed("fork", error);
    if ((error = ch.mechanism->connect(&ch)) != 0) return refused(error, NULL);

    const long timed = timed_calls(warmup, repetitions);
    if (timed < 0) return failed("timed call", timed);
    /* The empty system call has no receiver: nothing arrives that could be checked. */
    const int has_receiver = strcmp(a.mechanism, "syscall") != 0;
    const long right = has_receiver ? checked_calls() : 1;
    if (right < 0) return failed("checked call", right);
    if (stop_server() != 0) return 1;
    printf("sync_call mechanism=%s size=%zu calls=%ld checked=%s\n", a.mechanism, a.size, repetitions,
           !has_receiver ? "-"
           : right       ? "ok"
                         : "WRONG");
    return right ? 0 : 1;
}
