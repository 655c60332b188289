/* SPDX-License-Identifier: Apache-2.0
 *
 * CHECK counts and names what does not hold; END prints the sum and is the exit status. The same programs run
 * on the host: what fails here must not fail there. */
#ifndef STILE_TESTS_KERNEL_CHECK_H
#define STILE_TESTS_KERNEL_CHECK_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int held, failed;
#define CHECK(condition)                                                              \
    do {                                                                              \
        if (condition) {                                                              \
            held++;                                                                   \
        } else {                                                                      \
            printf("%s:%d: %s does not hold\n", __FILE_NAME__, __LINE__, #condition); \
            failed++;                                                                 \
        }                                                                             \
    } while (0)
#define CHECK_ERROR(call, code) CHECK((errno = 0, (call) == -1) && errno == (code))
#define END (printf("%d hold, %d do not\n", held, failed), fflush(stdout), failed != 0)

static volatile sig_atomic_t signal_seen;
static siginfo_t signal_info;
__attribute__((unused)) static void note_signal(int number, siginfo_t* info, void* context) {
    signal_seen = number;
    signal_info = *info;
}
__attribute__((unused)) static void on_signal(int number, void (*handler)(int, siginfo_t*, void*),
                                              int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(number, &action, 0);
}
__attribute__((unused)) static int status_of(pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

#endif
