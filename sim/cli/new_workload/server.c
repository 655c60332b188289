/* SPDX-License-Identifier: Apache-2.0
 *
 * The server: serves calls until it is told to stop or the client has gone. What it answers is in
 * service.c.
 */
#include <stdio.h>
#include <string.h>

#include "service.h"

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: %s MECHANISM NUMBERS [HANDOVER]\n", argv[0]);
        return 2;
    }
    struct stile_channel ch;
    int error = service_open(&ch, argv[1], strtoul(argv[2], NULL, 10));
    /* A server that the client has started is told what it inherits, such as its ends of pipes. */
    if (argc == 4) snprintf(ch.handover, sizeof ch.handover, "%s", argv[3]);
    if (!error) error = ch.mechanism->serve(&ch);
    if (error) fprintf(stderr, "@NAME@ server: %s: %s\n", argv[1], strerror(-error));
    return error ? 1 : 0;
}
