// SPDX-License-Identifier: Apache-2.0
//
// dIPC's part of a process.
#pragma once

#include "os/kernel/dipc/domain.h"

namespace stile::os {

struct DipcThread;

// A thread structure of this process's libc that a visiting thread may use as its own: that of a thread which
// sleeps in visit_host, or of the one that registered an entry last.
struct TlsHost {
    Link link;
    uint64_t fs_base = 0;
    const DipcThread* visitor = nullptr;  // lent to
};

struct DipcProcess {
    Domain* domain = nullptr;  // the default one: everything the process maps without saying where
    TlsHost registrar;
    List<TlsHost, &TlsHost::link> hosts;

    TlsHost* lend_to(const DipcThread* visitor);  // nullptr: all are lent
    void give_back(const DipcThread* visitor);
};

// visit_host: returns -EINTR when a signal or the process's end wakes the thread.
Status visit_host();

}  // namespace stile::os
