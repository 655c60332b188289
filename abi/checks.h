/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that the kernel adds to those of the hardware so that domains hold (docs/codoms.md, section 9, and
 * docs/dipc.md). Each can be turned off, `os.checks.<name>: false`, to see what it is for: the attack that it
 * stops then succeeds. X(name, what happens when it is off).
 */
#ifndef STILE_ABI_CHECKS_H
#define STILE_ABI_CHECKS_H

#define STILE_OS_CHECKS(X)                                                                                   \
    X(memory_calls, "code of a process may unmap, protect, move and discard pages of its other domains")     \
    X(domain_calls, "any code of a process may use its handles of domains, grants and entries")              \
    X(fork_caller, "any code of a process may fork, and finds itself in a copy without domains")             \
    X(handle_right, "a grant gives write, whatever right the handle holds")                                  \
    X(remap_owner, "dom_remap takes pages of any domain of the process")                                     \
    X(late_writes, "what a thread asks the kernel to write at its end is written with anybody's rights")     \
    X(signal_entry,                                                                                          \
      "any code may install handlers and alternate stacks, anywhere; they find all capabilities")            \
    X(signal_return, "rt_sigreturn goes wherever the frame says, in the name of the domain that lies there") \
    X(signal_record, "rt_sigreturn gives back what an activation had that has returned meanwhile")           \
    X(signal_visit, "handlers run, and change registers, while the thread is in another process's code")     \
    X(clone_rights, "a new thread's stack capability lends the rights of the domain that owns the stack")    \
    X(fresh_thread, "new threads and programs find the capability registers of their makers")                \
    X(zeroed_storage, "capability-storage pages are not zeroed before they are given")                       \
    X(counter_reuse, "where a revocation counter was, capability storage may be mapped again or discarded")  \
    X(tag_sweep, "capabilities of a domain that has gone are left for the domain that gets its tag")         \
    X(revoke_everywhere, "a revoked grant leaves the APL cache of the calling core only")                    \
    X(proxy_stack, "proxies do not ask whose stack RSP points to")                                           \
    X(proxy_guards, "proxies can be entered at every multiple of 64, not at their beginning only")           \
    X(proxy_registers, "proxies leave capability registers and FS base as the callee left them")

enum stile_os_check {
#define STILE_OS_CHECK_ENUM(name, off) STILE_OS_CHECK_##name,
    STILE_OS_CHECKS(STILE_OS_CHECK_ENUM)
#undef STILE_OS_CHECK_ENUM
        STILE_OS_CHECK_COUNT
};

#endif
