/* SPDX-License-Identifier: Apache-2.0
 *
 * mremap, madvise, mincore, memfd, limits of memory, mappings at addresses of the program's choice. */
#include "check.h"

#include <setjmp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { page = 4096 };
static sigjmp_buf back;
static void jump_back(int number, siginfo_t* info, void* context) {
    signal_info = *info;
    siglongjmp(back, number);
}
static int faults(volatile char* at, int write) {
    const int number = sigsetjmp(back, 1);
    if (number) return number;
    if (write)
        *at = 1;
    else
        (void)*at;
    return 0;
}
static char* get(size_t pages, int prot, int flags) {
    return mmap(0, pages * page, prot, MAP_ANONYMOUS | flags, -1, 0);
}

static void moves(void) {
    char* a = get(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (int i = 0; i < 4; i++) a[i * page] = (char)('a' + i);
    char* to = get(8, PROT_NONE, MAP_PRIVATE);
    CHECK(mremap(a, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK(to[0] == 'a' && to[3 * page] == 'd' && faults(a, 0) == SIGSEGV);
    CHECK(faults(to + 5 * page, 0) == SIGSEGV);
    CHECK((long)mremap(to, page, page, MREMAP_FIXED, a) == -1 && errno == EINVAL);
    CHECK((long)mremap(to, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to + page) == -1 &&
          errno == EINVAL);
    CHECK((long)mremap(to + 100, page, page, MREMAP_MAYMOVE) == -1 && errno == EINVAL);
    munmap(a, 4 * page);
    char* twice = mmap(0, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((long)mremap(twice, 0, page, MREMAP_MAYMOVE | MREMAP_FIXED, twice) == -1 && errno == EFAULT);
    CHECK((long)mremap(a, page, 2 * page, MREMAP_MAYMOVE) == -1 && errno == EFAULT);
    char* moved = mremap(to, 4 * page, 4 * page, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, 0);
    CHECK(moved != MAP_FAILED && moved[page] == 'b' && to[page] == 0);
    char* larger = mremap(moved, 4 * page, 64 * page, MREMAP_MAYMOVE);
    CHECK(larger != MAP_FAILED && larger[2 * page] == 'c' && larger[63 * page] == 0);
    CHECK(mremap(larger, 64 * page, 2 * page, 0) == larger && faults(larger + 2 * page, 0) == SIGSEGV);
    /* Of shared memory: a second view. */
    char* shared = get(2, PROT_READ | PROT_WRITE, MAP_SHARED);
    char* view = mremap(shared, 0, 2 * page, MREMAP_MAYMOVE);
    shared[page] = 'z';
    CHECK(view != MAP_FAILED && view != shared && view[page] == 'z');
}

static void advice(void) {
    char* a = get(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(a, 'x', 4 * page);
    CHECK(madvise(a + page, page, MADV_DONTNEED) == 0 && a[page] == 0 && a[0] == 'x');
    CHECK(madvise(a, 4 * page, MADV_HUGEPAGE) == 0 || errno == EINVAL);
    CHECK(madvise(a, page, 18 /* MADV_WIPEONFORK */) == 0);
    CHECK(madvise(a + 3 * page, page, MADV_DONTFORK) == 0);
    pid_t child = fork();
    if (!child) _exit(a[0] == 0 && a[2 * page] == 'x' && faults(a + 3 * page, 0) == SIGSEGV ? 0 : 1);
    CHECK(status_of(child) == 0 && a[0] == 'x');
    CHECK_ERROR(madvise(a + 1, page, MADV_DONTNEED), EINVAL);
    CHECK_ERROR(madvise(a, page, 999), EINVAL);
    munmap(a + 2 * page, page);
    CHECK_ERROR(madvise(a, 4 * page, MADV_DONTNEED), ENOMEM);
    CHECK_ERROR(mprotect(a, 4 * page, PROT_READ), ENOMEM);
    CHECK_ERROR(msync(a, 4 * page, MS_SYNC), ENOMEM);
    CHECK(msync(a, page, MS_SYNC) == 0);
    CHECK_ERROR(msync(a, page, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK(mlock(a, page) == 0 && munlock(a, page) == 0);
    CHECK_ERROR(mlock(a, 4 * page), ENOMEM);
    unsigned char resident[4];
    char* fresh = get(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    fresh[2 * page] = 1;
    CHECK(mincore(fresh, 4 * page, resident) == 0 && !(resident[0] & 1) && (resident[2] & 1));
    munmap(fresh, 4 * page);
    CHECK_ERROR(mincore(fresh, page, resident), ENOMEM);
}

static void places(void) {
    char* a = get(8, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK(mmap(a + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000 /* MAP_FIXED_NOREPLACE */,
               -1, 0) == MAP_FAILED &&
          errno == EEXIST);
    munmap(a + 4 * page, page);
    char* hole = mmap(a + 4 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0);
    CHECK(hole == a + 4 * page);
    CHECK(mprotect(a + page, page, PROT_READ) == 0 && faults(a + page, 1) == SIGSEGV && !faults(a, 1));
    CHECK(mprotect(a, 8 * page, PROT_NONE) == 0 && faults(a, 0) == SIGSEGV);
    CHECK(mprotect(a, 8 * page, PROT_READ | PROT_WRITE) == 0 && a[0] == 1);
    /* Reservations cost nothing; what could never be met is refused. */
    char* huge = mmap(0, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(huge != MAP_FAILED && mprotect(huge + (1ul << 39), page, PROT_READ | PROT_WRITE) == 0);
    CHECK(!faults(huge + (1ul << 39), 1) && faults(huge, 0) == SIGSEGV && munmap(huge, 1ul << 40) == 0);
    CHECK(mmap(0, 1ul << 46, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
          errno == ENOMEM);
    CHECK(mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(a + 1, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED &&
          errno == EINVAL);
    char* low = mmap(0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CHECK(low != MAP_FAILED && (unsigned long)low < 1ul << 31 && !faults(low, 1));
}

static void files(void) {
    int fd = (int)syscall(SYS_memfd_create, "name", 1u);
    CHECK(fd >= 0 && ftruncate(fd, 3 * page) == 0);
    char* shared = mmap(0, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char* private = mmap(0, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    shared[page] = 'q';
    CHECK(private[page] == 'q');
    private[page] = 'p';
    CHECK(shared[page] == 'q' && faults(shared + 3 * page, 0) == SIGBUS);
    char byte = 0;
    CHECK(pread(fd, &byte, 1, page) == 1 && byte == 'q');
    CHECK(pwrite(fd, "w", 1, 0) == 1 && shared[0] == 'w');
    pid_t child = fork();
    if (!child) {
        shared[2 * page] = 'c';
        private[2 * page] = 'd';
        _exit(0);
    }
    CHECK(status_of(child) == 0 && shared[2 * page] == 'c' && private[2 * page] != 'd');
    /* A file that shrinks takes its pages out of all mappings, copies of them too, whoever has them. */
    private[page] = 'p';
    private[2 * page] = 'd';
    int gone[2], ready[2];
    CHECK(pipe(gone) == 0 && pipe(ready) == 0);
    child = fork();
    if (!child) {
        char c;
        const int before = faults(shared + 2 * page, 0) | faults(private + 2 * page, 0);
        close(gone[1]);
        write(ready[1], "", 1);
        if (read(gone[0], &c, 1) != 0) _exit(2);
        _exit(before || faults(shared + 2 * page, 0) != SIGBUS || faults(private + 2 * page, 1) != SIGBUS);
    }
    CHECK(read(ready[0], &byte, 1) == 1 && ftruncate(fd, page + 100) == 0);
    close(gone[1]);
    CHECK(status_of(child) == 0);
    CHECK(faults(shared + 2 * page, 0) == SIGBUS && faults(private + 2 * page, 0) == SIGBUS);
    CHECK(private[page] == 'p' && shared[0] == 'w');
    CHECK(ftruncate(fd, 3 * page) == 0 && !shared[2 * page] && !private[2 * page]);
    close(gone[0]), close(ready[0]), close(ready[1]);
    shared[2 * page] = 'c';
    close(fd);
    CHECK(shared[2 * page] == 'c');
    CHECK(mmap(0, page, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
}

static int depth_of_stack(int n, const volatile char* above) {
    volatile char room[16384];
    room[0] = 1;
    return n ? depth_of_stack(n - 1, room) + above[0] : 0;
}
static void limits(void) {
    pid_t child = fork();
    if (!child) {
        struct rlimit l = {64 << 20, RLIM_INFINITY};
        if (setrlimit(RLIMIT_AS, &l)) _exit(1);
        if (mmap(0, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
            errno != ENOMEM)
            _exit(2);
        l.rlim_cur = 16 << 10;
        if (setrlimit(RLIMIT_DATA, &l) || sbrk(1 << 20) != (void*)-1 || errno != ENOMEM) _exit(3);
        l.rlim_cur = 5;
        l.rlim_max = 5;
        if (setrlimit(RLIMIT_NOFILE, &l)) _exit(4);
        int last = 0;
        for (int i = 0; i < 8; i++) {
            const int fd = dup(1);
            if (fd < 0) break;
            last = fd;
        }
        if (errno != EMFILE || last != 4) _exit(5);
        l.rlim_cur = 6;
        if (setrlimit(RLIMIT_NOFILE, &l) != -1 || errno != EINVAL) _exit(6);
        _exit(0);
    }
    CHECK(status_of(child) == 0);
    child = fork();
    if (!child) {
        struct rlimit l = {1 << 20, RLIM_INFINITY};
        setrlimit(RLIMIT_STACK, &l);
        _exit(depth_of_stack(120, "\1"));
    }
    CHECK((status_of(child) & 127) == SIGSEGV);
    child = fork();
    if (!child) _exit(depth_of_stack(120, "\1") == 120 ? 3 : 4);
    CHECK(status_of(child) == 3 << 8);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    static char memory[32768];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory};
    sigaltstack(&alternate, 0);
    on_signal(SIGSEGV, jump_back, 0);
    on_signal(SIGBUS, jump_back, 0);
    moves();
    advice();
    places();
    files();
    limits();
    return END;
}
