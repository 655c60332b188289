/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that the kernel adds to those of the hardware so that domains hold (docs/codoms.md, section 9, and
 * docs/dipc.md). Each can be turned off, `os.checks.<name>: false`, to see what it is for: the attack that it
 * stops then succeeds. X(name, what happens when it is off).
 */
#ifndef STILE_ABI_CHECKS_H
#define STILE_ABI_CHECKS_H

#define STILE_OS_CHECKS(X)                                                                                   \
    X(memory_calls,                                                                                          \
      "any code of a process may unmap, protect, move or discard pages of the process's other domains")      \
    X(domain_calls, "any code of a process may use the process's handles of domains, grants and entries")    \
    X(handle_right, "a grant gives write whatever right the handle holds")                                   \
    X(remap_owner, "dom_remap takes pages of any domain of the process")                                     \
    X(late_writes,                                                                                           \
      "what the kernel writes later (end of a thread, alternate signal stack) is written with the "          \
      "rights of the code that happens to run then")                                                         \
    X(signal_entry,                                                                                          \
      "a signal handler is entered wherever it lies, and finds the capabilities of the code that was "       \
      "interrupted")                                                                                         \
    X(signal_return, "rt_sigreturn goes wherever the frame says, in the name of the domain that lies there") \
    X(clone_rights, "a new thread's stack capability lends the rights of the domain that owns the stack")    \
    X(fresh_thread,                                                                                          \
      "a new thread, and one that executes a new program, keeps the capability registers of its maker")      \
    X(zeroed_storage, "capability-storage pages are not zeroed before they are given")                       \
    X(counter_reuse, "where a revocation counter was, capability storage may be mapped again or discarded")  \
    X(tag_sweep, "capabilities of a domain that has gone are left for the domain that gets its tag")         \
    X(revoke_everywhere, "a revoked grant leaves the APL cache of the calling core only")                    \
    X(proxy_stack, "proxies do not ask whose stack RSP points to")                                           \
    X(proxy_guards, "proxies can be entered at every multiple of 64, not at their beginning only")           \
    X(proxy_registers, "proxies leave capability registers as they are")

enum stile_os_check {
#define STILE_OS_CHECK_ENUM(name, off) STILE_OS_CHECK_##name,
    STILE_OS_CHECKS(STILE_OS_CHECK_ENUM)
#undef STILE_OS_CHECK_ENUM
        STILE_OS_CHECK_COUNT
};

#endif
