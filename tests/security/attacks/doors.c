/* SPDX-License-Identifier: Apache-2.0
 *
 * Doors that are not there: no switch opens them. The kernel looks for pages in its caller's part of the
 * shared table only, and has no calls that reach into another process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/security/attacks/attacker.h"

static int answer(long result) { return result < 0 ? told_no(result) : told_nothing(); }

int attack_map_over(void) {
    const long r = stile_syscall6(SYS_mmap, (long)address_of(AT_SECRET), 4096, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return answer(r);
}
int attack_unmap(void) { return answer(stile_syscall3(SYS_munmap, (long)address_of(AT_SECRET), 4096, 0)); }
int attack_protect(void) {
    return answer(stile_syscall3(SYS_mprotect, (long)address_of(AT_POLICY), 4096, PROT_READ | PROT_WRITE));
}
int attack_move(void) {
    return answer(stile_syscall6(SYS_mremap, (long)address_of(AT_SECRET), 4096, 8192, MREMAP_MAYMOVE, 0, 0));
}
int attack_discard(void) {
    return answer(stile_syscall3(SYS_madvise, (long)address_of(AT_RESULTS), 4096, MADV_DONTNEED));
}
int attack_remap(void) { return answer(dipc_dom_remap(own, own, (void*)address_of(AT_SECRET), 4096)); }
int attack_attach(void) { return answer(stile_syscall6(SYS_ptrace, 16 /* PTRACE_ATTACH */, 1, 0, 0, 0, 0)); }
int attack_read_process(void) {
    uint64_t value = 0;
    const struct iovec ours = {&value, 8}, theirs = {(void*)address_of(AT_SECRET), 8};
    const long r = stile_syscall6(SYS_process_vm_readv, 1, (long)&ours, 1, (long)&theirs, 1, 0);
    return r < 0 ? told_no(r) : have_secret(value);
}
int attack_process_memory(void) {
    uint64_t value = 0;
    const int file = open("/proc/1/mem", O_RDONLY);
    if (file < 0) return told_no(-errno);
    return pread(file, &value, 8, (off_t)address_of(AT_SECRET)) == 8 ? have_secret(value) : told_no(-errno);
}
/* A child has a table of its own, with its parent's pages only. */
int attack_look_from_child(void) {
    const uint64_t at = address_of(AT_SECRET);
    int status = 0;
    const pid_t child = fork();
    if (child == 0) _exit(*WORDS(at) == SECRET);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) ? got_in("a child read the secret") : told_no(-EFAULT);
}
