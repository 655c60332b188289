// SPDX-License-Identifier: Apache-2.0
#include "model/core/page_walker.h"

#include <cstring>

#include "model/protection/protection.h"

namespace stile::model {

namespace {

constexpr uint64_t table_reserved = 0x000fff0000000000ull;  // [51:40] above a leaf
constexpr uint64_t large_reserved = 0x00000000001fe000ull;  // [20:13] of a 2 MiB leaf; 12 is PAT
constexpr uint64_t large_page = 2ull << 20;

void read_leaf(uint64_t entry, PageAttributes& out) {
    out.tag = static_cast<uint16_t>(STILE_PTE_TAG_OF(entry));
    out.privileged = entry & STILE_PTE_PRIVILEGED;
    out.cap_storage = entry & STILE_PTE_CAP_STORAGE;
    out.key = entry >> pte::key_shift & 15;
}

}  // namespace

uint64_t PageWalker::load(uint64_t paddr) const {
    uint64_t v;
    std::memcpy(&v, memory_.host(paddr), 8);
    return v;
}

void PageWalker::descend(uint64_t vaddr, Path& path, PageAttributes& out) const {
    const bool nxe = state_.efer & cr::EFER_NXE;
    uint64_t table = state_.cr3 & pte::address;
    out.writable = out.user = out.executable = true;
    for (unsigned level = 4; level >= 1; --level) {
        const unsigned i = path.levels++;
        path.paddr[i] = table + ((vaddr >> (12 + 9 * (level - 1))) & 511) * 8;
        if (!memory_.contains(path.paddr[i], 8)) {
            path.present = path.reserved = true;  // a table where no RAM is: our choice of fault
            return;
        }
        const uint64_t e = path.entry[i] = load(path.paddr[i]);
        path.present = e & pte::P;
        if (!path.present) return;
        const bool leaf = level == 1 || (level == 2 && (e & pte::PS));
        path.reserved = (!nxe && (e & pte::NX)) || (!leaf && (e & table_reserved)) ||
                        (level >= 3 && (e & pte::PS)) || (level == 2 && leaf && (e & large_reserved));
        if (path.reserved) return;
        out.writable &= (e & pte::W) != 0;
        out.user &= (e & pte::U) != 0;
        out.executable &= !(e & pte::NX);
        if (leaf) {
            read_leaf(e, out);
            out.large = level == 2;
            out.page_paddr =
                out.large ? (e & pte::address & ~(large_page - 1)) | (vaddr & (large_page - 1) & page_mask)
                          : e & pte::address;
            return;
        }
        table = e & pte::address;
    }
}

void PageWalker::mark(Path& path, bool dirty) {
    for (unsigned i = 0; i < path.levels; ++i) {
        uint64_t e = path.entry[i] | pte::A;
        if (dirty && i + 1 == path.levels) e |= pte::D;
        if (e == path.entry[i]) continue;
        if (on_update) on_update(on_update_arg, path.paddr[i], 8);
        std::memcpy(memory_.host(path.paddr[i]), &e, 8);
    }
}

bool PageWalker::translate(uint64_t vaddr, Access access, Who who, PageAttributes& out, Fault& fault) {
    if (!canonical(vaddr)) {
        fault = {VEC_GP, true, 0, 0};
        return false;
    }
    out = {};
    if (!(state_.cr0 & cr::CR0_PG)) {
        out.page_paddr = vaddr & page_mask;
        out.writable = out.user = out.executable = true;
        return true;
    }
    const bool write = access == Access::write || access == Access::cap_write;
    const bool fetch = access == Access::fetch;
    const bool user = who == Who::user;
    const bool smep = state_.cr4 & cr::CR4_SMEP;
    Path path;
    descend(vaddr, path, out);

    bool allowed = path.present && !path.reserved;
    if (allowed) {
        if (user && !out.user) allowed = false;
        if (write && !out.writable && (user || (state_.cr0 & cr::CR0_WP))) allowed = false;
        if (fetch && (!out.executable || (!user && out.user && smep))) allowed = false;
    }
    uint32_t unit = 0;  // a data access that would otherwise fault says so, too (4.7)
    if (path.present && !path.reserved && !fetch) unit = protection_.page_fault(state_, out, write, user);
    if (!allowed || unit != 0) {
        // The fetch bit exists only where something can make a page unfit for fetching.
        const bool report_fetch = fetch && ((state_.efer & cr::EFER_NXE) || smep);
        fault = {VEC_PF, true,
                 (path.present ? PF_PRESENT : 0u) | (write ? PF_WRITE : 0u) | (user ? PF_USER : 0u) |
                     (path.reserved ? PF_RESERVED : 0u) | (report_fetch ? PF_FETCH : 0u) | unit,
                 vaddr};
        return false;
    }
    mark(path, write);
    return true;
}

bool PageWalker::probe(uint64_t vaddr, PageAttributes& out) const {
    if (!canonical(vaddr)) return false;
    out = {};
    if (!(state_.cr0 & cr::CR0_PG)) {
        out.page_paddr = vaddr & page_mask;
        out.writable = out.user = out.executable = true;
        return true;
    }
    Path path;
    descend(vaddr, path, out);
    return path.present && !path.reserved;
}

}  // namespace stile::model
