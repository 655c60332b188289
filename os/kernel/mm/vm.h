// SPDX-License-Identifier: Apache-2.0
//
// Address spaces. An AddressSpace is one process's view: areas, heap break, and the part of a page table that
// it owns. Ordinary processes have a page table each. dIPC processes have an AddressSpace each, covering
// their slots [base, limit), in one shared PageTable.
#pragma once

#include <asm/mman.h>
#include <linux/mman.h>

#include "os/kernel/arch/keys.h"
#include "os/kernel/mm/page_table.h"

namespace stile::os {

// Where the pages of a mapping come from when they are not anonymous and private: a file, shared memory.
class Inode;

class PageSource {
  public:
    virtual ~PageSource() = default;
    // Page `index` with a reference taken, or nullptr beyond the end or out of memory.
    virtual Page* source_page(uint64_t index) = 0;
    virtual void source_get() = 0;
    virtual void source_put() = 0;
    virtual Inode* source_inode() { return nullptr; }  // for /proc/PID/maps
};

struct VmArea;

// For drivers that map pages themselves and must know when a mapping goes.
class VmOwner {
  public:
    virtual void area_closed(VmArea& area) = 0;  // before its pages are unmapped; also on exit and exec
};

enum VmFlags : uint32_t {
    vm_shared = 1,          // MAP_SHARED: writes reach the source
    vm_grows_down = 2,      // stack
    vm_dont_copy = 4,       // not inherited by fork
    vm_dont_expand = 8,     // mremap refused
    vm_no_write_ever = 16,  // mprotect may not add PROT_WRITE (binder)
    vm_pinned = 32,         // user may not unmap, protect or move it (dIPC's own structures)
    vm_wipe_on_fork = 128,  // the child finds zeros
    vm_retired = 256,       // capability storage was here: nothing else ever will be
    vm_no_fault = 64,       // pages are put in by the owner only; a missing one is a SIGSEGV (or -EFAULT)
};

struct VmArea {
    Link link;
    uint64_t start = 0, end = 0;
    int prot = 0;            // PROT_*
    uint32_t flags = 0;      // VmFlags
    uint16_t tag = 0;        // domain tag of its pages
    uint64_t pte_extra = 0;  // STILE_PTE_PRIVILEGED, STILE_PTE_CAP_STORAGE
    uint8_t key = 0;         // protection key of its pages (arch/keys.h)
    PageSource* source = nullptr;
    uint64_t source_index = 0;  // page of the source at `start`
    VmOwner* owner = nullptr;
    void* owner_data = nullptr;

    uint64_t size() const { return end - start; }
    bool holds_capabilities() const { return pte_extra & STILE_PTE_CAP_STORAGE; }
};

struct AddressSpace {
    uint32_t refs = 1;
    PageTable* table = nullptr;
    List<VmArea, &VmArea::link> areas;  // sorted, disjoint
    VmArea* last_hit = nullptr;
    uint64_t base = page_size * 16, limit = user_top;  // where mappings may lie
    uint64_t mmap_top = user_top;                      // search for free space goes down from here
    uint64_t brk_start = 0, brk = 0;
    uint64_t mapped_pages = 0;  // sum of area sizes
    uint64_t stack_limit = 8 << 20;
    uint16_t default_tag = 0;
    KeySet keys;
    Link shared_link;  // in the list of spaces of the shared table

    VmArea* find(uint64_t addr);                                 // the area that contains addr
    VmArea* first_from(uint64_t addr);                           // the first area that ends above addr
    uint64_t find_gap(uint64_t length, uint64_t below = ~0ull);  // 0: none
    // The part of `area` from `at` on becomes an area of its own; nullptr: no memory.
    VmArea* split(VmArea* area, uint64_t at);

    // As mmap(2): addr is used when MAP_FIXED (replacing what is there) or when free, else a gap is found.
    // On success the area is returned and can be specialised before anything touches it.
    Status map(uint64_t addr, uint64_t length, int prot, uint32_t map_flags, PageSource* source,
               uint64_t source_index, VmArea** out = nullptr);
    Status unmap(uint64_t addr, uint64_t length);
    // `key` as in pkey_mprotect(2); any_key: what mprotect(2) does with keys.
    Status protect(uint64_t addr, uint64_t length, int prot, int key = any_key);
    Status remap(uint64_t addr, uint64_t old_length, uint64_t new_length, int flags, uint64_t new_addr);
    Status set_brk(uint64_t wanted);
    Status discard(uint64_t addr, uint64_t length);  // MADV_DONTNEED
    // Sets and clears flags of whole pages; -ENOMEM if some are not mapped, once the others are done.
    Status change_flags(uint64_t addr, uint64_t length, uint32_t set, uint32_t clear);
    bool covered(uint64_t addr, uint64_t length);  // mapped without a hole

    // The page-fault handler's question: make addr accessible. False: the access is not allowed.
    bool fault(uint64_t addr, bool write, bool exec);
    // Puts a page into the table now, taking over the caller's reference.
    Status insert_page(VmArea& area, uint64_t addr, Page* page, bool writable);
    void remove_pages(uint64_t from, uint64_t to);
    void remove_source_pages(const PageSource& source, uint64_t first);  // from that page of the source on
    void remove_page(uint64_t addr);  // unmaps and drops the table's reference
    Status populate(uint64_t addr, uint64_t length, bool write);
    // Rewrites tag and extra bits of an area that is already populated.
    void retag(VmArea& area, uint16_t tag, uint64_t pte_extra);

    // Writes into this space's pages from the kernel, whatever their user rights; for loaders.
    Status write_bytes(uint64_t addr, const void* from, size_t n);

    Status fork_into(AddressSpace& child);  // copy-on-write copy of areas and pages
    void clear();                           // unmaps everything
};

AddressSpace* address_space_create();  // with a page table of its own
AddressSpace* address_space_create_shared(PageTable* table, uint64_t base, uint64_t limit);
void address_space_put(AddressSpace* space);

// The space responsible for addr when `table` is in CR3: the running process's own one, or with the shared
// table the one whose slot it is.
AddressSpace* space_for(AddressSpace* own, uint64_t addr);

AddressSpace* next_shared_space(AddressSpace* after);  // those of dIPC processes; nullptr starts

uint64_t pte_for(const VmArea& area, uint64_t phys, bool writable);

}  // namespace stile::os
