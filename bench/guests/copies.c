// SPDX-License-Identifier: Apache-2.0
//
// copies N PROGRAM [ARGUMENT]: runs a program N times at once, the n-th on core n, and waits for all of them.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const int n = atoi(argv[1]);
    for (int i = 0; i < n; ++i) {
        if (fork() != 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        sched_setaffinity(0, sizeof one, &one);
        execv(argv[2], argv + 2);
        _exit(127);
    }
    int bad = 0, status;
    while (wait(&status) > 0) bad |= status;
    return bad ? 1 : 0;
}
