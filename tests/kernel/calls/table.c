/* SPDX-License-Identifier: Apache-2.0
 *
 * The system calls whose outcome is determined: no times, no addresses that the kernel chooses, no waiting.
 */
#include <sys/syscall.h>

#include "calls.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define CALL(name, arguments, shows) {#name, SYS_##name, arguments, shows},
const struct Call calls[] = {
    /* open files */
    CALL(read, "fbn", "a") CALL(write, "fbn", "") CALL(pread64, "fbno", "a") CALL(pwrite64, "fbno", "")
        CALL(readv, "fvc", "a") CALL(writev, "fvc", "") CALL(preadv, "fvco0", "a") CALL(pwritev, "fvco0", "")
            CALL(preadv2, "fvco0u", "a") CALL(pwritev2, "fvco0u", "") CALL(lseek, "fow", "")
                CALL(lseek, "fow", "") CALL(close, "f", "") CALL(dup, "f", "") CALL(dup2, "ff", "") CALL(
                    dup3, "ffO", "") CALL(fcntl, "fFA", "a") CALL(fcntl, "fFA", "a") CALL(ioctl, "fIb", "a")
                    CALL(flock, "fK", "") CALL(ftruncate, "fo", "") CALL(fallocate, "fVoo", "")
                        CALL(fsync, "f", "") CALL(fdatasync, "f", "") CALL(fstat, "fb", "s") CALL(
                            getdents64, "fbn", "d") CALL(fadvise64, "fooj", "") CALL(readahead, "fon", "")
                            CALL(sync_file_range, "foox", "") CALL(close_range, "gGi", "")
                                CALL(copy_file_range, "fqfqnZ", "a") CALL(sendfile, "ffqn", "a") CALL(
                                    splice, "fqfqnS", "a") CALL(tee, "ffnS", "") CALL(vmsplice, "fvcS", "a")
                                    CALL(fchmod, "fm", "") CALL(fchown, "fUU", "") CALL(fchdir, "f", "w")
                                        CALL(fstatfs, "fb", "") CALL(memfd_create, "pi", "")
    /* names */
    CALL(open, "pOm", "") CALL(open, "pOm", "") CALL(open, "pOm", "") CALL(openat, "fpOm", "")
        CALL(creat, "pm", "") CALL(stat, "pb", "s") CALL(lstat, "pb", "s") CALL(newfstatat, "fpbX", "s")
            CALL(statx, "fpXyb", "x") CALL(access, "pi", "") CALL(faccessat, "fpi", "") CALL(
                faccessat2, "fpiX", "") CALL(truncate, "po", "") CALL(rename, "pp", "") CALL(rename, "pp", "")
                CALL(renameat, "fpfp", "") CALL(renameat2, "fpfpj", "") CALL(mkdir, "pm", "")
                    CALL(mkdir, "pm", "") CALL(mkdirat, "fpm", "") CALL(rmdir, "p", "") CALL(unlink, "p", "")
                        CALL(unlinkat, "fpX", "") CALL(link, "pp", "") CALL(linkat, "fpfpX", "")
                            CALL(symlink, "pp", "") CALL(symlink, "pp", "") CALL(symlinkat, "pfp", "") CALL(
                                readlink, "pbn", "a") CALL(readlinkat, "fpbn", "a") CALL(chmod, "pm", "")
                                CALL(fchmodat, "fpm", "") CALL(fchmodat2, "fpmX", "") CALL(chown, "pUU", "")
                                    CALL(lchown, "pUU", "") CALL(fchownat, "fpUUX", "") CALL(mknod, "pNz", "")
                                        CALL(mknodat, "fpNz", "") CALL(umask, "m", "") CALL(chdir, "p", "w")
                                            CALL(getcwd, "bn", "W") CALL(utimensat, "fptX", "") CALL(
                                                utime, "pt", "") CALL(utimes, "pt", "") CALL(statfs, "pb", "")
    /* pipes, events */
    CALL(pipe2, "bY", "a") CALL(eventfd2, "nY", "") CALL(epoll_create1, "Y", "") CALL(epoll_ctl, "fEfe", "")
        CALL(epoll_ctl, "fEfe", "") CALL(epoll_wait, "fbil", "e") CALL(epoll_pwait, "fbilhk", "e")
            CALL(timerfd_create, "CY", "") CALL(timerfd_settime, "fiTb", "") CALL(timerfd_gettime, "fb", "")
                CALL(signalfd4, "fhkY", "") CALL(poll, "Qil", "a") CALL(ppoll, "Qithk", "")
                    CALL(select, "ibbb*", "") CALL(pselect6, "ibbbt0", "")
    /* memory */
    CALL(mmap, "PLRMfH", "m") CALL(mmap, "PLRMfH", "m") CALL(mmap, "PLRMfH", "m") CALL(munmap, "PL", "m")
        CALL(mprotect, "PLR", "m") CALL(mprotect, "PLR", "m") CALL(mremap, "PLLDP", "m") CALL(
            mremap, "PLLDP", "m") CALL(madvise, "PLJ", "m") CALL(msync, "PLi", "") CALL(mincore, "PLb", "")
            CALL(mlock, "PL", "m") CALL(mlock2, "PLi", "m") CALL(munlock, "PL", "") CALL(munlockall, "", "")
    /* signals */
    CALL(rt_sigaction, "s!bk", "") CALL(rt_sigaction, "s!bk", "") CALL(rt_sigprocmask, "ihbk", "a")
        CALL(rt_sigpending, "bk", "a") CALL(sigaltstack, "%b", "") CALL(kill, ":s", "") CALL(tkill, ":s", "")
            CALL(tgkill, "::s", "") CALL(rt_sigtimedwait, "hbtk", "") CALL(rt_sigqueueinfo, ":s+", "")
                CALL(rt_tgsigqueueinfo, "::s+", "")
    /* time, futexes */
    CALL(clock_gettime, "Cb", "") CALL(clock_getres, "Cb", "") CALL(clock_nanosleep, "C$tb", "") CALL(
        nanosleep, "tb", "") CALL(gettimeofday, "bb", "") CALL(getitimer, "ib", "") CALL(setitimer, "iTb", "")
        CALL(timer_create, "C?b", "") CALL(timer_settime, "iiTb", "") CALL(timer_gettime, "ib", "")
            CALL(timer_getoverrun, "i", "") CALL(timer_delete, "i", "") CALL(futex, "#~it#i", "")
                CALL(futex, "#~it#i", "") CALL(set_robust_list, "bk", "") CALL(get_robust_list, ":bb", "")
    /* processes */
    CALL(wait4, "^xb0", "p") CALL(waitid, "i^bx0", "p") CALL(getpgid, ":", "p") CALL(getsid, ":", "p")
        CALL(getpriority, "i:", "") CALL(setpriority, "i:k", "") CALL(sched_getparam, ":b", "a") CALL(
            sched_setparam, ":B", "") CALL(sched_getscheduler, ":", "") CALL(sched_setscheduler, ":iB", "")
            CALL(sched_get_priority_max, "i", "") CALL(sched_get_priority_min, "i", "") CALL(
                sched_rr_get_interval, ":b", "") CALL(sched_getaffinity, ":nb", "p") CALL(getrlimit, "ib", "")
                CALL(prlimit64, ":r0b", "") CALL(getrusage, "ib", "") CALL(times, "b", "p")
                    CALL(sysinfo, "b", "") CALL(uname, "b", "") CALL(prctl, "|iiii", "") CALL(setuid, "U", "")
                        CALL(setgid, "U", "") CALL(setreuid, "UU", "") CALL(setresuid, "UUU", "")
                            CALL(getresuid, "bbb", "a") CALL(getgroups, "ib", "") CALL(setfsuid, "U", "")
                                CALL(capget, "bb", "") CALL(personality, "0", "") CALL(getrandom, "bnx", "")
                                    CALL(membarrier, "iii", "p") CALL(getcpu, "bb0", "")
                                        CALL(sched_getattr, ":bni", "") CALL(arch_prctl, "ib", "")
                                            CALL(execve, "phh", "") CALL(execveat, "fphhX", "")
                                                CALL(setpgid, "::", "")};
const unsigned call_count = sizeof calls / sizeof *calls;
