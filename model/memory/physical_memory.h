// SPDX-License-Identifier: Apache-2.0
//
// RAM: one piece from physical address 0, reserved from the host lazily, all zero at first.
#pragma once

#include <cstdint>
#include <vector>

namespace stile::model {

class PhysicalMemory {
  public:
    explicit PhysicalMemory(uint64_t bytes);  // multiple of 4 KiB; throws std::bad_alloc
    ~PhysicalMemory();
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    uint64_t size() const { return size_; }
    uint8_t* host(uint64_t paddr) { return base_ + paddr; }
    const uint8_t* host(uint64_t paddr) const { return base_ + paddr; }
    bool contains(uint64_t paddr, uint64_t bytes = 1) const {
        return paddr < size_ && bytes <= size_ - paddr;
    }
    // Numbers of the 4 KiB pages that may hold anything but zeros, in order: those that the host has had to
    // provide.
    std::vector<uint64_t> touched_pages() const;
    uint64_t paddr_of(const void* p) const {
        return static_cast<uint64_t>(static_cast<const uint8_t*>(p) - base_);
    }

  private:
    uint8_t* base_ = nullptr;
    uint64_t size_ = 0;
};

}  // namespace stile::model
