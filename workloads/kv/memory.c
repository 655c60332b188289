/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/kv/memory.h"

#include <errno.h>
#include <string.h>

#include "os/lib/dipc.h"
#include "os/lib/domain.h"
#include "os/lib/keys/gate.h"

/* Absent in programs without a second domain. */
extern long stile_domain_handle __attribute__((weak));

static int is(const struct kv_memory* m, const char* mechanism) {
    return strcmp(m->mechanism, mechanism) == 0;
}

static long domain_memory(const char* name, size_t bytes, void** at) {
    const long domain = dipc_dom_create(name);
    if (domain < 0) return domain;
    const long address = dipc_dom_mmap(domain, NULL, (bytes + 4095) & ~(size_t)4095, PROT_READ | PROT_WRITE);
    if (address < 0) return address;
    *at = (void*)address;
    return domain;
}

static void touch(char* at, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char*)at)[i] = 0;
}

/* A domain that its own process may write and others, who find it by name, may read. */
static int shown_heap(struct kv_memory* m) {
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    m->heap_domain = domain_memory("kv.heap", m->heap_bytes, &m->heap);
    if (m->heap_domain < 0) return (int)m->heap_domain;
    long r = dipc_grant_create(own, m->heap_domain);
    if (r >= 0) touch(m->heap, m->heap_bytes);
    const long shown = r < 0 ? r : dipc_dom_copy(m->heap_domain, STILE_RIGHT_READ);
    if (shown < 0) return (int)shown;
    r = dipc_name_publish("kv.heap", shown);
    return r < 0 ? (int)r : 0;
}

/* Pages are there from the beginning, as everywhere: for that the program has the right for a moment. */
static long touched_domain(const char* name, size_t bytes, void** at) {
    const long own = dipc_dom_default();
    const long domain = own < 0 ? own : domain_memory(name, bytes, at);
    const long grant = domain < 0 ? domain : dipc_grant_create(own, domain);
    if (grant < 0) return grant;
    touch(*at, bytes);
    const long r = dipc_grant_revoke(grant);
    return r < 0 ? r : domain;
}

static int domains(struct kv_memory* m) {
    m->index_domain = touched_domain("kv.index", m->index_bytes, &m->index);
    if (m->index_domain < 0) return (int)m->index_domain;
    m->heap_domain = touched_domain("kv.heap", m->heap_bytes, &m->heap);
    return m->heap_domain < 0 ? (int)m->heap_domain : 0;
}

int kv_memory_make(struct kv_memory* m) {
    if (is(m, "codoms")) return domains(m);
    m->index = stile_channel_memory(m->index_bytes);
    if (is(m, "dipc") && m->in_place) return m->index ? shown_heap(m) : -ENOMEM;
    m->heap = stile_channel_memory(m->heap_bytes);
    return m->index && m->heap ? 0 : -ENOMEM;
}

int kv_memory_give(struct kv_memory* m) {
    long r = 0;
    if (is(m, "codoms")) {
        r = dipc_grant_create(stile_domain_handle, m->index_domain);
        if (r >= 0) r = dipc_grant_create(stile_domain_handle, m->heap_domain);
        const long own = r < 0 || !m->in_place ? r : dipc_dom_default();
        const long shown = own < 0 || !m->in_place ? own : dipc_dom_copy(m->heap_domain, STILE_RIGHT_READ);
        if (m->in_place) r = shown < 0 ? shown : dipc_grant_create(own, shown);
    } else if (is(m, "mpk")) {
        const int data = PROT_READ | PROT_WRITE;
        r = stile_syscall6(SYS_pkey_mprotect, (long)m->index, (long)((m->index_bytes + 4095) & ~(size_t)4095),
                           data, STILE_KEY_SERVER, 0, 0);
        if (r >= 0)
            r = stile_syscall6(SYS_pkey_mprotect, (long)m->heap,
                               (long)((m->heap_bytes + 4095) & ~(size_t)4095), data, STILE_KEY_SERVER, 0, 0);
    }
    return r < 0 ? (int)r : 0;
}

int kv_memory_see(const struct kv_memory* m) {
    if (!m->in_place || !is(m, "dipc")) return 0;
    const long own = dipc_dom_default();
    long heap = own;
    while (heap >= 0 && (heap = dipc_name_lookup("kv.heap")) == -ENOENT) {
        stile_syscall3(SYS_sched_yield, 0, 0, 0);
        heap = 0;
    }
    if (heap < 0) return (int)heap;
    const long r = dipc_grant_create(own, heap);
    return r < 0 ? (int)r : 0;
}
