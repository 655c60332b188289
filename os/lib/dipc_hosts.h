/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread structures for visitors (docs/dipc.md): threads of this process that do nothing but lend theirs. A
 * header, so that only programs that want it link the thread library.
 */
#ifndef STILE_OS_LIB_DIPC_HOSTS_H
#define STILE_OS_LIB_DIPC_HOSTS_H

#include <pthread.h>

#include "os/lib/dipc.h"

static void* dipc_host_(void* unused) {
    while (stile_syscall3(STILE_SYS_visit_host, 0, 0, 0) == -4 /* EINTR */) continue;
    return unused;
}

/* Makes n of them; 0, or an error number. They are there when the kernel has run each once. */
static inline int dipc_host_visitors(unsigned n) {
    int error = 0;
    for (unsigned i = 0; i < n && !error; ++i) {
        pthread_t thread;
        error = pthread_create(&thread, NULL, dipc_host_, NULL);
        if (!error) pthread_detach(thread);
    }
    return error;
}

#endif
