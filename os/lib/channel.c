/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lib/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* The bounds of the section that STILE_MECHANISM fills; named by the linker. */
extern const struct stile_mechanism* const __start_stile_mechanisms[];
extern const struct stile_mechanism* const __stop_stile_mechanisms[];

int stile_channel_open(struct stile_channel* ch, const char* mechanism, size_t capacity) {
    memset(ch, 0, sizeof *ch);
    ch->capacity = capacity;
    for (const struct stile_mechanism* const* m = __start_stile_mechanisms; m != __stop_stile_mechanisms;
         ++m) {
        if (strcmp((*m)->name, mechanism) == 0) {
            ch->mechanism = *m;
            return 0;
        }
    }
    return -ENOENT;
}

void* stile_channel_memory(size_t bytes) {
    bytes = (bytes + 4095) & ~(size_t)4095;
    if (bytes == 0) bytes = 4096;
    void* p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char*)p)[i] = 0;
    return p;
}
