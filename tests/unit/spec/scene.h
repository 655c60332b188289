// SPDX-License-Identifier: Apache-2.0
//
// A small world by hand, with one page of every sort, for tests of the executable specification.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>

#include "isa/spec/spec.h"

inline bool operator==(const stile_cap& a, const stile_cap& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

namespace stile::isa::spec {

inline void PrintTo(const Outcome& o, std::ostream* out) {
    *out << std::hex << "{vector " << std::dec << o.vector << std::hex << " error 0x" << o.error
         << " address 0x" << o.address << " from " << o.from << " to " << o.to << " needed " << o.needed
         << " had " << o.had << "}";
}

inline bool operator==(const Core& a, const Core& b) {
    return a.space == b.space && a.ring == b.ring && a.domains_on == b.domains_on &&
           a.write_protect == b.write_protect && a.latch == b.latch && a.saved_latch == b.saved_latch &&
           a.dcs_ptr == b.dcs_ptr && a.dcs_base == b.dcs_base && a.dcs_limit == b.dcs_limit &&
           a.kcs == b.kcs && a.depth == b.depth && a.caps == b.caps;
}

namespace test {

enum : uint16_t { ME = 1, YOU = 2, THIRD = 3, STACKS = 9 };
enum : unsigned { NIL, CALL, READ, WRITE };

// Page addresses.
enum : uint64_t {
    OWN = 0x10000,
    MISSING = 0x18000,
    OTHER = 0x20000,  // and the page after it
    OTHER_RO = 0x24000,
    OTHER_NX = 0x25000,
    ELSE = 0x30000,       // THIRD's
    KERNEL = 0x40000,     // supervisor
    STORAGE = 0x50000,    // capability storage of ME
    STORAGE_2 = 0x51000,  // next to it, of YOU
    PROXY = 0x60000,      // privileged, of ME; the page after it is not
    DCS = 0x70000,        // capability storage of STACKS, supervisor
};

struct Scene : testing::Test {
    World w;
    Core c;

    Scene() {
        page(OWN, ME);
        page(OTHER, YOU);
        page(OTHER + page_bytes, YOU);
        page(OTHER_RO, YOU).writable = false;
        page(OTHER_NX, YOU).executable = false;
        page(ELSE, THIRD);
        page(KERNEL, YOU).user = false;
        page(STORAGE, ME).cap_storage = true;
        page(STORAGE_2, YOU).cap_storage = true;
        page(PROXY, ME).privileged = true;
        page(PROXY + page_bytes, ME);
        Page& stack = page(DCS, STACKS);
        stack.cap_storage = true;
        stack.user = false;
        c.latch = {ME, STILE_XFER_SEQ, 0};
        c.dcs_ptr = c.dcs_base = DCS;
        c.dcs_limit = DCS + 4 * 32;
    }
    Page& page(uint64_t address, uint16_t tag) {
        Page& p = w.pages[{0, address / page_bytes}];
        p.tag = tag;
        p.frame = address / page_bytes + 0x1000;
        return p;
    }
    Page& at(uint64_t address) { return w.pages.at({0, address / page_bytes}); }
    uint64_t paddr(uint64_t address) { return at(address).frame * page_bytes + address % page_bytes; }
    uint64_t word(uint64_t address) {
        uint64_t v;
        w.peek(paddr(address), &v, 8);
        return v;
    }
    void word(uint64_t address, uint64_t v) { w.poke(paddr(address), &v, 8); }
    stile_cap cell(uint64_t address) {
        stile_cap v;
        w.peek(paddr(address), &v, sizeof v);
        return v;
    }
    void cell(uint64_t address, const stile_cap& v) { w.poke(paddr(address), &v, sizeof v); }
    void grant(uint16_t from, uint16_t to, unsigned right) { w.apl[{from, to}] = right; }
    // Ring 0 on behalf of `tag`.
    void kernel_for(uint16_t tag) {
        c.ring = 0;
        c.saved_latch = {tag, STILE_XFER_SEQ, 0};
        c.latch = {THIRD, STILE_XFER_SEQ, 0};  // must not matter
    }
    static stile_cap cap(uint64_t base, uint64_t length, unsigned right, uint16_t origin,
                         stile_cap_type type = STILE_CAP_SYNC, unsigned depth = 0) {
        return {base, length, 0, 0, STILE_CAP_WORD(origin, depth, right, type)};
    }
    static Outcome cd(uint32_t error, uint64_t address, uint16_t from, uint16_t to, unsigned needed = 0,
                      unsigned had = 0) {
        return {vec_cd, error, address, from, to, needed, had};
    }
    static Outcome pf(uint32_t error, uint64_t address) { return {vec_pf, error, address}; }
    static Outcome gp() { return {.vector = vec_gp}; }
    static Outcome fine() { return {}; }

    Outcome run(Op op, Instruction i = {}, uint64_t* result = nullptr) {
        i.op = op;
        if (i.rip == 0) i.rip = OWN;
        const Core before = c;
        const auto memory = w.memory;
        const Outcome o = execute(w, c, i, result);
        if (!o.allowed()) {
            EXPECT_TRUE(c == before) << name(op) << ": a faulting instruction changes nothing";
            EXPECT_TRUE(w.memory == memory) << name(op) << ": a faulting instruction changes nothing";
        }
        return o;
    }
};

}  // namespace test

}  // namespace stile::isa::spec
