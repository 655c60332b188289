// SPDX-License-Identifier: Apache-2.0
#include "model/memory/physical_memory.h"

#include <sys/mman.h>

#include <new>

namespace stile::model {

PhysicalMemory::PhysicalMemory(uint64_t bytes) : size_(bytes) {
    // The host hands out zeroed pages at the first touch, so a large RAM costs what the guest uses of it.
    void* p = (bytes == 0 || bytes % 4096 != 0) ? MAP_FAILED
                                                : mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<uint8_t*>(p);
}

PhysicalMemory::~PhysicalMemory() { munmap(base_, size_); }

}  // namespace stile::model
