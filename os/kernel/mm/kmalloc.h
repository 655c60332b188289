// SPDX-License-Identifier: Apache-2.0
//
// Kernel heap: size classes of powers of two from 16 bytes to 2 KiB, each a free list over whole pages;
// larger requests are pages. Blocks of a class are aligned to their size. nullptr when memory is out.
#pragma once

#include <new>

#include "os/kernel/base/types.h"

namespace stile::os {

void* kmalloc(size_t bytes);
void* kzalloc(size_t bytes);  // zeroed
void kfree(void* p);          // nullptr is fine

// Constructed object, or nullptr.
template <class T, class... Args>
T* knew(Args&&... args) {
    void* p = kmalloc(sizeof(T));
    return p ? new (p) T(static_cast<Args&&>(args)...) : nullptr;
}
template <class T>
void kdelete(T* t) {
    if (!t) return;
    t->~T();
    kfree(t);
}

}  // namespace stile::os
