// SPDX-License-Identifier: Apache-2.0
//
// Do the allocators hand out what is free, once, and take it back whole? Do page tables say what was put in?
#include "os/kernel/base/string.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/mm/vm.h"
#include "os/kernel/task/thread.h"
#include "os/kernel/test/test.h"

namespace stile::os {

KERNEL_TEST(pages_come_back_whole) {
    const uint64_t before = free_page_count();
    Page* held[64];
    for (unsigned i = 0; i < 64; i++) {
        held[i] = alloc_pages(i % 4);
        CHECK(held[i]);
        CHECK((page_phys(held[i]) & ((page_size << (i % 4)) - 1)) == 0);
        memset(page_address(held[i]), static_cast<int>(i), page_size << (i % 4));
    }
    for (unsigned i = 0; i < 64; i++) {
        const auto* bytes = static_cast<const uint8_t*>(page_address(held[i]));
        for (uint64_t at = 0; at < page_size << (i % 4); at += 511) CHECK(bytes[at] == i);
    }
    for (unsigned i = 0; i < 64; i++) free_pages(held[63 - i], (63 - i) % 4);
    CHECK(free_page_count() == before);
    Page* big = alloc_pages(max_order);  // the pieces have merged again
    CHECK(big);
    free_pages(big, max_order);
    return true;
}

KERNEL_TEST(memory_runs_out_and_recovers) {
    const uint64_t before = free_page_count();
    Page* chain = nullptr;
    uint64_t taken = 0;
    while (Page* p = alloc_pages(0)) {
        *static_cast<Page**>(page_address(p)) = chain;
        chain = p;
        taken++;
    }
    CHECK(taken == before && free_page_count() == 0);
    CHECK(!kmalloc(page_size));
    while (chain) {
        Page* next = *static_cast<Page**>(page_address(chain));
        page_put(chain);
        chain = next;
    }
    CHECK(free_page_count() == before);
    return true;
}

KERNEL_TEST(heap_blocks_are_aligned_and_apart) {
    void* held[200];
    for (unsigned i = 0; i < 200; i++) {
        const size_t bytes = 1 + i * 37 % 3000;
        held[i] = kmalloc(bytes);
        CHECK(held[i]);
        memset(held[i], static_cast<int>(i), bytes);
        if (bytes <= 2048) CHECK(reinterpret_cast<uint64_t>(held[i]) % 16 == 0);
    }
    for (unsigned i = 0; i < 200; i++) {
        const size_t bytes = 1 + i * 37 % 3000;
        const auto* b = static_cast<const uint8_t*>(held[i]);
        CHECK(b[0] == i && b[bytes - 1] == i);
    }
    for (void* p : held) kfree(p);
    void* p = kmalloc(64);
    CHECK(p && reinterpret_cast<uint64_t>(p) % 64 == 0);
    kfree(p);
    CHECK(kmalloc(64) == p);  // last in, first out: still in the cache
    kfree(p);
    return true;
}

KERNEL_TEST(domain_tags_survive_the_page_table) {
    VmArea area;
    area.prot = PROT_READ | PROT_WRITE;
    area.tag = 0xbeef;
    area.pte_extra = STILE_PTE_PRIVILEGED;
    const uint64_t e = pte_for(area, 0x1234567000, true);
    CHECK(STILE_PTE_TAG_OF(e) == 0xbeef);
    CHECK((e & pte_address) == 0x1234567000);
    CHECK((e & STILE_PTE_PRIVILEGED) && !(e & STILE_PTE_CAP_STORAGE));
    CHECK((e & pte_write) && (e & pte_no_exec) && (e & pte_user) && (e & pte_present));
    return true;
}

KERNEL_TEST(areas_split_merge_and_go) {
    AddressSpace& s = *current_process()->space;
    const uint64_t free_before = free_page_count(), mapped_before = s.mapped_pages;
    const Status at = s.map(0x40000000, 16 * page_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, nullptr, 0);
    CHECK(at == 0x40000000);
    const auto a = static_cast<uint64_t>(at);
    CHECK(s.populate(a, 16 * page_size, true) == 0);
    CHECK(s.protect(a + 4 * page_size, 4 * page_size, PROT_READ) == 0);
    CHECK(s.find(a)->end == a + 4 * page_size && s.find(a + 5 * page_size)->prot == PROT_READ);
    CHECK(!s.fault(a + 4 * page_size, true, false));
    CHECK(s.protect(a + 4 * page_size, 4 * page_size, PROT_READ | PROT_WRITE) == 0);
    CHECK(s.find(a)->end == a + 16 * page_size);
    CHECK(s.unmap(a + page_size, page_size) == 0);
    CHECK(!s.find(a + page_size) && s.find(a + 2 * page_size));
    CHECK(s.map(a, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, nullptr, 0) ==
          -EEXIST);
    CHECK(s.unmap(a, 16 * page_size) == 0);
    CHECK(s.mapped_pages == mapped_before && !s.find(a));
    CHECK(free_page_count() + 8 > free_before);  // only page-table levels remain
    return true;
}

KERNEL_TEST(copy_on_write_copies_once) {
    AddressSpace& parent = *current_process()->space;
    const Status at =
        parent.map(0, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, nullptr, 0);
    CHECK(at > 0);
    const auto a = static_cast<uint64_t>(at);
    CHECK(put_user(a, 0x1111) == 0);
    AddressSpace* child = address_space_create();
    CHECK(child && parent.fork_into(*child) == 0);
    const uint64_t shared = *child->table->entry(a, false) & pte_address;
    CHECK((*parent.table->entry(a, false) & pte_address) == shared);
    CHECK(!(*parent.table->entry(a, false) & pte_write) && phys_page(shared)->refs == 2);
    CHECK(put_user(a, 0x2222) == 0);  // faults, copies
    const uint64_t own = *parent.table->entry(a, false) & pte_address;
    CHECK(own != shared && *static_cast<int*>(direct(shared)) == 0x1111 &&
          *static_cast<int*>(direct(own)) == 0x2222);
    CHECK(phys_page(shared)->refs == 1);
    CHECK(child->fault(a, true, false));  // the last owner writes in place
    CHECK((*child->table->entry(a, false) & pte_address) == shared);
    address_space_put(child);
    CHECK(parent.unmap(a, page_size) == 0);
    return true;
}

}  // namespace stile::os
