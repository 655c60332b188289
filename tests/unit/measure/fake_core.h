// SPDX-License-Identifier: Apache-2.0
//
// Counters to set, memory that is its own page table (page tables may map one page elsewhere), and a flag for
// each question that a measurement asks.
#pragma once

#include <cstring>
#include <map>
#include <vector>

#include "sim/measure/core_view.h"

namespace stile::sim {

struct FakeCore : CoreView {
    explicit FakeCore(unsigned number = 0) : number(number) {}
    unsigned number;
    uint64_t hertz = 1'000'000'000;
    bool is_halted = false;
    model::Counters now;
    unsigned cpl = 3;
    bool privileged = false, watching = false;
    std::map<uint64_t, std::vector<uint8_t>> pages;  // by page number; a page not here is not mapped

    unsigned id() const override { return number; }
    uint64_t frequency() const override { return hertz; }
    bool halted() const override { return is_halted; }
    const model::Counters& counters() const override { return now; }
    unsigned ring() const override { return cpl; }
    bool privileged_page() const override { return privileged; }
    void watch_stores(bool on) override { watching = on; }
    bool read(uint64_t vaddr, void* out, uint64_t bytes) const override {
        for (uint64_t i = 0; i < bytes; ++i) {
            const auto it = pages.find((vaddr + i) / 4096);
            if (it == pages.end()) return false;
            static_cast<uint8_t*>(out)[i] = it->second[(vaddr + i) % 4096];
        }
        return true;
    }
    void map(uint64_t vaddr) { pages[vaddr / 4096].resize(4096); }
    void write(uint64_t vaddr, const void* data, uint64_t bytes) {
        for (uint64_t i = 0; i < bytes; ++i)
            pages.at((vaddr + i) / 4096)[(vaddr + i) % 4096] = static_cast<const uint8_t*>(data)[i];
    }
    void write_string(uint64_t vaddr, const char* text) { write(vaddr, text, std::strlen(text) + 1); }
};

}  // namespace stile::sim
