/* SPDX-License-Identifier: Apache-2.0
 *
 * An empty system call (getpid): the floor of anything that enters the kernel. It carries no payload and has
 * no server, so the handler is not called and the code is not delivered.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "os/lib/channel.h"

static int prepare(struct stile_channel* ch) {
    if (ch->capacity != 0) return -EINVAL;
    ch->out = stile_channel_memory(0);
    return ch->out ? 0 : -ENOMEM;
}

static int connect(struct stile_channel* ch) { return 0; }

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->out;
    const long r = stile_syscall3(SYS_getpid, 0, 0, 0);
    return r < 0 ? r : 0;
}

static const struct stile_mechanism empty_syscall = {
    .name = "syscall", .flags = STILE_SAME_PROCESS, .prepare = prepare, .connect = connect, .call = call};
STILE_MECHANISM(empty_syscall);
