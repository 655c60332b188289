// SPDX-License-Identifier: Apache-2.0
#include "sim/checkpoint/state.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace stile::sim {

void RowState::archive(model::StateArchive& a) {
    machine.archive(a);
    measurement.archive(a);
    a.section("console");
    a(console, printed);
}

namespace {

constexpr uint64_t page_bytes = 4096;
constexpr uint64_t end_of_pages = ~0ull;

bool same(const model::PhysicalMemory& a, const model::PhysicalMemory& b, uint64_t page) {
    return std::memcmp(a.host(page * page_bytes), b.host(page * page_bytes), page_bytes) == 0;
}

bool is_zero(const uint8_t* page) { return page[0] == 0 && std::memcmp(page, page + 1, page_bytes - 1) == 0; }

}  // namespace

void archive_memory(model::StateArchive& a, model::PhysicalMemory& memory,
                    const model::PhysicalMemory& before) {
    a.section("memory");
    const auto write = [&](uint64_t page) {
        uint8_t* const host = memory.host(page * page_bytes);
        bool zero = is_zero(host);
        a(page, zero);
        if (!zero) a.raw(host, page_bytes);
    };
    if (!a.loading()) {
        const std::vector<uint64_t> now = memory.touched_pages(), then = before.touched_pages();
        std::vector<uint64_t> either;
        std::ranges::set_union(now, then, std::back_inserter(either));
        for (const uint64_t page : either)
            if (!same(memory, before, page)) write(page);
        uint64_t end = end_of_pages;
        a(end);
        return;
    }
    for (;;) {
        uint64_t page = 0;
        bool zero = false;
        a(page);
        if (page == end_of_pages) return;
        if (page >= memory.size() / page_bytes)
            model::StateArchive::refuse("there is no such page of memory");
        a(zero);
        uint8_t* const host = memory.host(page * page_bytes);
        if (zero)
            std::memset(host, 0, page_bytes);
        else
            a.raw(host, page_bytes);
    }
}

}  // namespace stile::sim
