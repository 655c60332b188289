/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways for a program to end, by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char* volatile nowhere = (char*)0x123456;

__attribute__((noinline)) static int deep(int depth) {
    volatile char frame[4000];
    frame[0] = (char)depth;
    return depth ? deep(depth - 1) + frame[0] : 0;
}

int main(int argc, char** argv) {
    const char* how = argc > 1 ? argv[1] : "";
    if (!strcmp(how, "status")) return 42;
    if (!strcmp(how, "deadlock")) {
        int ends[2];
        char byte;
        return pipe(ends) || read(ends[0], &byte, 1);
    }
    if (!strcmp(how, "unknown call")) return syscall(333, 0) == -1 && errno == ENOSYS ? 5 : 6;
    if (!strcmp(how, "write nowhere")) *nowhere = 1;
    if (!strcmp(how, "read the kernel")) return *(volatile char*)0xffffffff80200000;
    if (!strcmp(how, "run data")) {
        volatile unsigned char *data = malloc(10);
        *data = 0xc3; /* ret */
        ((void (*)(void))data)();
    }
    if (!strcmp(how, "write code")) *(volatile char*)main = 1;
    if (!strcmp(how, "privileged")) __asm__ volatile("cli");
    if (!strcmp(how, "invalid")) __asm__ volatile("ud2");
    if (!strcmp(how, "abort")) abort();
    if (!strcmp(how, "beyond the file")) {
        int fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
        char* at = mmap(0, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
        return ftruncate(fd, 100) || *(volatile char*)(at + 4096);
    }
    if (!strcmp(how, "all memory"))
        for (;;) {
            char* p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1;
        }
    if (!strcmp(how, "all stack")) return deep(1 << 20);
    if (!strcmp(how, "for ever"))
        for (;;) usleep(1000);
    return 99;
}
