/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lib/dipc_service.h"

#include <errno.h>
#include <stdio.h>

enum { CALL, ATTACH, ENTRIES };
enum { NAME_BYTES = 40 };

/* Both sides must state the same signatures. */
static void describe(struct stile_entry entries[ENTRIES], unsigned policy) {
    for (int i = 0; i < ENTRIES; ++i)
        entries[i] = (struct stile_entry){.int_args = 2, .results = 1, .policy = policy};
}

static const char* name_of(const char* service, const char* what, char name[NAME_BYTES]) {
    snprintf(name, NAME_BYTES, "%s.%s", service, what);
    return name;
}

int dipc_service_possible(void) {
    const long domain = dipc_dom_default();
    if (domain < 0) return (int)domain;
    dipc_close(domain);
    return 0;
}

size_t dipc_service_half(size_t capacity) {
    const size_t pages = (capacity + 4095) / 4096;
    return (pages ? pages : 1) * 4096;
}

static long look_up(const char* service, const char* what) {
    char name[NAME_BYTES];
    long handle;
    name_of(service, what, name);
    while ((handle = dipc_name_lookup(name)) == -ENOENT) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return handle;
}

int dipc_service_find(const char* name, unsigned policy, struct dipc_service* found) {
    struct stile_entry entries[ENTRIES];
    describe(entries, policy);
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long buffers = look_up(name, "buffers");
    if (buffers < 0) return (int)buffers;
    const long exported = look_up(name, "entries");
    if (exported < 0) return (int)exported;
    const long buffers_grant = dipc_grant_create(own, buffers);
    if (buffers_grant < 0) return (int)buffers_grant;
    const long proxies = dipc_entry_request(exported, entries, ENTRIES);
    if (proxies < 0) return (int)proxies;
    const long proxies_grant = dipc_grant_create(own, proxies);
    if (proxies_grant < 0) return (int)proxies_grant;
    *found = (struct dipc_service){entries[CALL].proxy, entries[ATTACH].proxy, buffers};
    return 0;
}

long dipc_service_buffers(const char* name, size_t bytes, char** at) {
    char full[NAME_BYTES];
    const long own = dipc_dom_default();
    if (own < 0) return own;
    const long buffers = dipc_dom_create(name_of(name, "buffers", full));
    if (buffers < 0) return buffers;
    const long grant = dipc_grant_create(own, buffers);
    if (grant < 0) return grant;
    const long address = dipc_dom_mmap(buffers, NULL, bytes, PROT_READ | PROT_WRITE);
    if (address < 0) return address;
    *at = (char*)address;
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char*)*at)[i] = 0;
    return dipc_dom_copy(buffers, STILE_RIGHT_WRITE);
}

int dipc_service_offer(const char* name, unsigned policy, struct dipc_service_entry call,
                       struct dipc_service_entry attach, long buffers) {
    struct stile_entry entries[ENTRIES];
    char full[NAME_BYTES];
    const int isolated = dipc_service_isolated(policy);
    describe(entries, policy);
    entries[CALL].address = (uint64_t)(isolated ? call.isolated : call.plain);
    entries[ATTACH].address = (uint64_t)(isolated ? attach.isolated : attach.plain);
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long exported = dipc_entry_register(own, entries, ENTRIES);
    if (exported < 0) return (int)exported;
    long r = dipc_name_publish(name_of(name, "buffers", full), buffers);
    if (r >= 0) r = dipc_name_publish(name_of(name, "entries", full), exported);
    return r < 0 ? (int)r : 0;
}
