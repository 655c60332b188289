/* SPDX-License-Identifier: Apache-2.0
 *
 * What client and server agree on: a request is numbers of 8 bytes each, its answer their sum, 8 bytes as
 * well.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdlib.h>

#include "abi/syscall.h"
#include "os/lib/channel.h"

/* The code that comes with a call. */
enum {
    OP_TIMED,
    OP_CHECKED, /* outside the timed calls: here copies of the request are counted */
    OP_STOP,    /* the server serves no more */
};

/* Opens a channel for so many numbers, with the service behind it. 0 or -errno. */
int service_open(struct stile_channel* ch, const char* mechanism, size_t numbers);

#endif
