// SPDX-License-Identifier: Apache-2.0
#include "model/memory/physical_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
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

std::vector<uint64_t> PhysicalMemory::touched_pages() const {
    std::vector<uint64_t> touched;
    const uint64_t pages = size_ / 4096;
    // One word per page of the process (Linux Documentation/admin-guide/mm/pagemap.rst): bit 63 present, bit
    // 62 swapped. Reading memory to see whether it is zero would make the host provide it.
    constexpr uint64_t provided = 3ull << 62;
    const uint64_t host_page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    const int map = host_page == 4096 ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) : -1;
    std::vector<uint64_t> words(4096);
    uint64_t from = 0;
    while (map >= 0 && from < pages) {
        const size_t n = std::min<uint64_t>(words.size(), pages - from);
        const auto at = static_cast<off_t>((reinterpret_cast<uint64_t>(base_) / 4096 + from) * 8);
        if (pread(map, words.data(), n * 8, at) != static_cast<ssize_t>(n * 8)) break;
        for (size_t i = 0; i < n; ++i)
            if (words[i] & provided) touched.push_back(from + i);
        from += n;
    }
    if (map >= 0) close(map);
    for (; from < pages; ++from) touched.push_back(from);  // where the host does not say
    return touched;
}

PhysicalMemory::~PhysicalMemory() { munmap(base_, size_); }

}  // namespace stile::model
