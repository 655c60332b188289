// SPDX-License-Identifier: Apache-2.0
//
// Freestanding memory and string routines; the compiler calls the mem* ones by itself.
#pragma once

#include <stddef.h>

extern "C" {
void* memcpy(void* to, const void* from, size_t n);
void* memmove(void* to, const void* from, size_t n);
void* memset(void* to, int byte, size_t n);
int memcmp(const void* a, const void* b, size_t n);
size_t strlen(const char* s);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t n);
char* strchr(const char* s, int c);
char* strrchr(const char* s, int c);
}

namespace stile::os {
// Copies at most size - 1 characters and always terminates.
void copy_string(char* to, const char* from, size_t size);
}  // namespace stile::os
