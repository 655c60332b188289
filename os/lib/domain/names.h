/* SPDX-License-Identifier: Apache-2.0
 *
 * Included first by sources of a second domain (os/lib/domain.h), which can touch nothing outside: what they
 * call of libc and os/lib is then the domain's own copy (libc_domain.c, payload_domain.c). libc's functions
 * get another symbol rather than another name, so that calls which the compiler makes by itself go to the
 * copy, too.
 */
#ifndef STILE_OS_LIB_DOMAIN_NAMES_H
#define STILE_OS_LIB_DOMAIN_NAMES_H

#include <stddef.h>

void* memcpy(void* to, const void* from, size_t n) __asm__("domain_memcpy");
void* memset(void* to, int value, size_t n) __asm__("domain_memset");
int memcmp(const void* a, const void* b, size_t n) __asm__("domain_memcmp");
int strcmp(const char* a, const char* b) __asm__("domain_strcmp");

#define stile_payload_fill domain_payload_fill
#define stile_payload_matches domain_payload_matches
#define stile_touch_named domain_touch_named
#define stile_touch_all domain_touch_all

#endif
