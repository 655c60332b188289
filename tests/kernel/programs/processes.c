/* SPDX-License-Identifier: Apache-2.0
 *
 * fork, vfork, execve, wait, death by signal. */
#include "check.h"

static int* volatile nowhere = (int*)8;

int main(int argc, char** argv) {
    if (argc == 3 && !strcmp(argv[1], "again")) {
        const char* value = getenv("STILE_TEST");
        return !strcmp(argv[2], value ? value : "") ? 7 : 8;
    }
    int here = 5;
    pid_t child = fork();
    if (!child) _exit(++here);
    CHECK(status_of(child) == 6 << 8);
    CHECK(here == 5);
    CHECK_ERROR(waitpid(-1, 0, 0), ECHILD);

    child = fork();
    if (!child) _exit(getppid() == getpid() ? 1 : 0);
    CHECK(status_of(child) == 0);

    setenv("STILE_TEST", "value", 1);
    child = fork();
    if (!child) {
        execl(argv[0], argv[0], "again", "value", (char*)0);
        _exit(99);
    }
    CHECK(status_of(child) == 7 << 8);
    child = vfork();
    if (!child) {
        execl(argv[0], argv[0], "again", "value", (char*)0);
        _exit(99);
    }
    CHECK(status_of(child) == 7 << 8);
    CHECK_ERROR(execl("/no/such/program", "x", (char*)0), ENOENT);
    CHECK_ERROR(execl("/dev/null", "x", (char*)0), EACCES);

    child = fork();
    if (!child)
        for (;;) pause();
    kill(child, SIGTERM);
    CHECK(status_of(child) == SIGTERM);
    child = fork();
    if (!child)
        for (;;) getppid();
    usleep(20000);
    CHECK(waitpid(child, 0, WNOHANG) == 0);
    kill(child, SIGKILL);
    CHECK(status_of(child) == SIGKILL);
    child = fork();
    if (!child) *nowhere = 1;
    CHECK((status_of(child) & 0x7f) == SIGSEGV);
    child = fork();
    if (!child) __asm__ volatile("ud2");
    CHECK((status_of(child) & 0x7f) == SIGILL);

    /* A tree: grandchildren whose parent is gone do not disturb. */
    child = fork();
    if (!child) {
        if (!fork()) {
            usleep(1000);
            _exit(3);
        }
        _exit(2);
    }
    CHECK(status_of(child) == 2 << 8);

    /* Many at once, collected in any order. */
    int sum = 0, status;
    for (int i = 1; i <= 20; i++)
        if (!fork()) {
            if (i % 3 == 0) usleep(100 * i);
            _exit(i);
        }
    for (int i = 0; i < 20; i++)
        if (waitpid(-1, &status, 0) > 0) sum += WEXITSTATUS(status);
    CHECK(sum == 210);
    return END;
}
