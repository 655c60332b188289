/* SPDX-License-Identifier: Apache-2.0
 *
 * A stage that is a process: serves the one before it, and is a client of the next, which it starts if the
 * mechanism wants that. Exit status 0 when it was told to stop or its client has gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "workloads/pipeline/arguments.h"
#ifdef STILE_STAGE_HOSTS
#include "os/lib/dipc_hosts.h"
#endif

static struct stile_channel own, onward;
static struct stage stage;
static int next = -1;

/* What this process was given is not for the stages that it starts: they would hold the ends of pipes by
 * which others notice that somebody is gone. */
static void keep_what_was_inherited(void) {
    for (int fd = 3; fd < 64; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int connect_onward(char** argv, const struct arguments* a, unsigned number) {
    int error = stile_channel_open(&onward, a->mechanism, a->size);
    if (error) return error;
    onward.policy = a->policy;
    name_service(&onward, a, number + 1);
    keep_what_was_inherited();
    if ((error = onward.mechanism->prepare(&onward)) != 0) return error;
    if (onward.mechanism->flags & STILE_FORKED) {
        next = start_stage(argv, argv[0], number + 1, onward.handover);
        if (next < 0) return -errno;
    }
    return onward.mechanism->connect(&onward);
}

static int wait_for_next(void) {
    int status = 0;
    if (next < 0) return 0;
    if (stage.error || !own.stopping) kill(next, SIGKILL);
    if (waitpid(next, &status, 0) != next) return -errno;
    return status && !stage.error && own.stopping ? -ECHILD : 0;
}

int main(int argc, char** argv) {
    struct arguments a;
    long number;
    if (argc < 2 + COMMON_ARGUMENTS || argc > 3 + COMMON_ARGUMENTS || !read_arguments(argv, &a) ||
        !number_argument(argv[1 + COMMON_ARGUMENTS], &number) || number < 1 || number > a.depth) {
        fprintf(stderr, "usage: %s MECHANISM SIZE TOUCH POLICY DEPTH CORES NUMBER [HANDOVER]\n", argv[0]);
        return 2;
    }
    const long core = core_of(&a, (unsigned)number);
    int error = stile_channel_open(&own, a.mechanism, a.size);
    own.policy = a.policy;
    name_service(&own, &a, (unsigned)number);
    if (argc == 3 + COMMON_ARGUMENTS) snprintf(own.handover, sizeof own.handover, "%s", argv[argc - 1]);
    if (!error && core >= 0) error = (int)stile_run_on((unsigned)core);
    if (!error && number < a.depth) error = connect_onward(argv, &a, (unsigned)number);
    if (!error) {
        if (number < a.depth) own.onward = &onward;
        stage_init(&stage, (unsigned)number, &own, number < a.depth ? &onward : NULL, a.size, a.touch);
#ifdef STILE_STAGE_HOSTS
        error = -dipc_host_visitors(STILE_STAGE_HOSTS);
#endif
    }
    if (!error) error = own.mechanism->serve ? own.mechanism->serve(&own) : -EINVAL;
    const int child = wait_for_next();
    if (!error) error = stage.error ? (int)stage.error : child;
    if (error) fprintf(stderr, "pipeline: stage %ld: %s: %s\n", number, a.mechanism, strerror(-error));
    return error ? 1 : 0;
}
