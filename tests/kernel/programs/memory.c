/* SPDX-License-Identifier: Apache-2.0
 *
 * mmap and its kin, shared and private; the heap; a growing stack. */
#include "check.h"

__attribute__((noinline)) static int deep(int depth) {
    volatile char frame[4000];
    frame[0] = frame[3999] = (char)depth;
    return depth ? deep(depth - 1) + (frame[0] == (char)depth) : 0;
}

int main(void) {
    const int rw = PROT_READ | PROT_WRITE;
    int* shared = mmap(0, 8192, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int* private = mmap(0, 8192, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    *shared = *private = 1;
    pid_t child = fork();
    if (!child) {
        shared[0] = shared[1024] = 42;
        private[0] = 42;
        _exit(private[0] != 42);
    }
    CHECK(status_of(child) == 0);
    CHECK(shared[0] == 42 && shared[1024] == 42 && private[0] == 1);

    char* area = mmap(0, 5 * 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(area, 3, 5 * 4096);
    CHECK(munmap(area + 4096, 4096) == 0);
    CHECK(mmap(area + 4096, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + 4096);
    CHECK(area[4096] == 0 && area[0] == 3 && area[8192] == 3);
    CHECK(madvise(area, 4096, MADV_DONTNEED) == 0 && area[0] == 0 && area[8192] == 3);
    CHECK(mprotect(area, 5 * 4096, PROT_READ) == 0 && mprotect(area, 5 * 4096, rw) == 0 && area[8192] == 3);
    CHECK_ERROR(munmap(area + 1, 4096), EINVAL);
    CHECK_ERROR(mprotect((void*)0x10000000000, 4096, PROT_READ), ENOMEM);
    CHECK((errno = 0, mmap(0, 0, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) && errno == EINVAL);
    CHECK((errno = 0, mmap(0, 4096, rw, MAP_PRIVATE, 77, 0) == MAP_FAILED) && errno == EBADF);
    char* grown = mremap(area, 5 * 4096, 400 * 4096, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[8192] == 3 && grown[399 * 4096] == 0);
    CHECK(mremap(grown, 400 * 4096, 4096, 0) == grown);

    char* block = malloc(200000);
    memset(block, 1, 200000);
    block = realloc(block, 5000000);
    CHECK(block && block[0] == 1 && block[199999] == 1);
    memset(block, 2, 5000000);
    free(block);
    char* heap_end = sbrk(0);
    CHECK(heap_end != (char*)-1);
    unsigned long sum = 0;
    for (int i = 1; i < 2000; i++) {
        unsigned char* p = malloc(i);
        memset(p, i, i);
        sum += p[i - 1] == (unsigned char)i;
        if (i % 3) free(p);
    }
    CHECK(sum == 1999);
    CHECK(deep(500) == 500);
    return END;
}
