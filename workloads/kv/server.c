/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's program: makes the table and serves until it is told to stop, or its clients have gone.
 */
#include <stdio.h>

#include "workloads/kv/arguments.h"

static struct load load;
static struct kv_arguments arguments;
static struct kv_service service;

static void begins(void* context, unsigned number) { load_place(&load, 1, number); }

int main(int argc, char** argv) {
    struct kv_memory memory = {0};
    if (kv_arguments_read(&arguments, &load, argc, argv) != 0) return 2;
    kv_memory_size(&memory, &arguments, &load);
    int error = kv_memory_make(&memory);
    if (!error)
        error = kv_init(&service.table, memory.index, memory.index_bytes, memory.heap, memory.heap_bytes);
    service.in_place = (int)arguments.in_place;
    load.pool.context = &service;
    load.pool.stopping = &service.stopping;
    load.pool.server_begins = begins;
    if (!error) error = load.pool.mechanism->serve ? load.pool.mechanism->serve(&load.pool) : -22;
    if (error) fprintf(stderr, "%s: %s: %s\n", argv[0], load.mechanism, strerror(-error));
    return error != 0;
}
