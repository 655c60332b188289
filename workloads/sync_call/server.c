/* SPDX-License-Identifier: Apache-2.0
 *
 * The server: waits for calls and serves them. Exit status 0 when it was told to stop or the client has gone.
 */
#include "workloads/sync_call/arguments.h"
#include "workloads/sync_call/service.h"

int main(int argc, char** argv) {
    struct arguments a;
    if (argc < 1 + COMMON_ARGUMENTS || argc > 2 + COMMON_ARGUMENTS) {
        fprintf(stderr, "usage: %s MECHANISM SIZE TOUCH POLICY CLIENT-CORE SERVER-CORE [HANDOVER]\n",
                argv[0]);
        return 2;
    }
    if (!read_arguments(argv, &a)) return 2;
    struct stile_channel ch;
    struct service service;
    int error = stile_channel_open(&ch, a.mechanism, a.size);
    ch.policy = a.policy;
    if (argc == 2 + COMMON_ARGUMENTS) snprintf(ch.handover, sizeof ch.handover, "%s", argv[argc - 1]);
    /* A core that is not there: the client has asked before, and refused. */
    if (!error && a.server_core >= 0) error = (int)stile_run_on((unsigned)a.server_core);
    if (!error) error = service_init(&service, &ch, a.size, a.touch);
    if (!error) error = ch.mechanism->serve ? ch.mechanism->serve(&ch) : -22;
    if (error) fprintf(stderr, "sync_call server: %s: %s\n", a.mechanism, strerror(-error));
    return error ? 1 : 0;
}
