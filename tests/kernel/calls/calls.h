/* SPDX-License-Identifier: Apache-2.0
 *
 * What the random system calls are made of: a call is a row, an argument is a letter. */
#ifndef STILE_TESTS_KERNEL_CALLS_H
#define STILE_TESTS_KERNEL_CALLS_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

/* One value, and how the log names it: an address would differ between machines. */
struct Argument {
    unsigned long value;
    char name[40];
};

struct Call {
    const char* name;
    long number;
    const char* arguments; /* a letter each: arguments.c */
    const char* shows;     /* what of the outcome is told besides the result: calls.c */
};
extern const struct Call calls[];
extern const unsigned call_count;

enum { area_pages = 4, window_pages = 24 };
#define AREA ((char*)0x200000000ul)      /* structures and buffers; nothing is mapped behind it */
#define READ_ONLY ((char*)0x201000000ul) /* one page */
#define WINDOW ((char*)0x300000000ul)    /* what mmap and its kin act upon */
#define LOG ((char*)0x400000000000ul)    /* shared with the parent */

uint64_t draw(void);
uint64_t below(uint64_t n);
void seed_with(uint64_t seed);
void fill_area(void);
struct Argument argument(char kind, const struct Call* call, const struct Argument* before);
void signal_handler(int number);
void signal_return(void);

#endif
