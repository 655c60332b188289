// SPDX-License-Identifier: Apache-2.0
//
// Pages, rights, data, threads and what the kernel does. Code: code_maker.cpp.
#include "tests/codoms/plan.h"

#include <cstring>
#include <set>

#include "tests/codoms/code_maker.h"
#include "tests/codoms/random.h"

namespace stile::codoms_fuzz {

namespace {

class Maker {
  public:
    Maker(uint64_t seed, const PlanOptions& options) : options_(options), random_(seed) { plan_.seed = seed; }
    Plan run();

  private:
    PagePlan& page(uint64_t at, Role role, bool large = false);
    void tags();
    void pages();
    void rights();
    void data();
    void threads();
    void actions();
    Event event();
    uint16_t tag() { return plan_.tags[random_.below(plan_.tags.size())]; }
    stile_cap capability();
    uint64_t frame_of(uint64_t address) {
        const PagePlan* p = plan_.page_of(address);
        return p->frame + (address - p->at);
    }

    const PlanOptions& options_;
    Random random_;
    Plan plan_;
    uint64_t next_frame_ = frames_at, next_large_ = large_frames_at;
};

// Few domains meet often, many use up the APL cache.
void Maker::tags() {
    const unsigned most = random_.of({2u, 3u, 5u, 8u, 8u, 16u, 16u, 32u, 64u});
    const unsigned n = std::min(most, options_.most_domains);
    std::set<uint16_t> seen;
    // Neighbouring tags fall into different sets of the APL cache, distant ones may fall into one.
    const auto base = static_cast<uint16_t>(random_());
    const unsigned stride = random_.of({1u, 1u, 4u, 64u, 4097u});
    while (seen.size() < n) {
        const auto t = static_cast<uint16_t>(random_.percent(70) ? base + seen.size() * stride : random_());
        if (seen.insert(t).second) plan_.tags.push_back(t);
    }
}

PagePlan& Maker::page(uint64_t at, Role role, bool large) {
    PagePlan p;
    p.at = at;
    p.role = role;
    p.large = large;
    uint64_t& next = large ? next_large_ : next_frame_;
    p.frame = next;
    next += large ? large_bytes : page_bytes;
    p.page.tag = tag();
    p.page.executable = role == Role::code;
    p.page.writable = role != Role::code || random_.percent(40);
    plan_.pages.push_back(p);
    return plan_.pages.back();
}

void Maker::pages() {
    const auto code = [&](uint64_t at, unsigned privileged) {
        PagePlan& p = page(at, Role::code);
        p.page.privileged = random_.percent(privileged);
        // Neighbours of one domain: an instruction may lie on both.
        if (plan_.pages.size() > 1 && random_.percent(35))
            p.page.tag = plan_.pages[plan_.pages.size() - 2].page.tag;
    };
    for (unsigned i = 0; i < 6; ++i) code(code_a + i * page_bytes, 25);
    for (unsigned i = 0; i < 5; ++i) code(code_b + i * page_bytes, 15);
    page(code_c, Role::code);
    page(large_code, Role::code, true).page.privileged = random_.percent(20);
    page(large_data, Role::data, true);
    page(after_large, Role::data);
    // In runs of the same domain, so that accesses and strings over a page's end succeed, too.
    const unsigned run = random_.of({1u, 2u, 2u, 4u});
    for (unsigned i = 0; i < 16; ++i) {
        PagePlan& p = page(data_run + i * page_bytes, Role::data);
        if (i % run != 0) p.page = plan_.pages[plan_.pages.size() - 2].page;
        p.page.cap_storage = random_.percent(25);
        p.page.writable = random_.percent(90);
        p.page.user = random_.percent(95);
        p.present = random_.percent(95);
    }
    // Slots of capabilities and counters, where capability storage is from the start.
    for (const PagePlan& p : plan_.pages) {
        if (p.role != Role::data || !p.page.cap_storage || !p.present) continue;
        for (unsigned i = 0; i < 6; ++i) plan_.slots.push_back(p.at + 32 * random_.below(48));
        for (unsigned i = 0; i < 4; ++i) plan_.counters.push_back(p.at + 2048 + 8 * random_.below(32));
    }
    if (plan_.slots.empty()) {
        PagePlan& p = *plan_.page_of(data_run + 5 * page_bytes);
        p.present = p.page.cap_storage = p.page.user = true;
        for (unsigned i = 0; i < 6; ++i) plan_.slots.push_back(p.at + 32 * i);
        for (unsigned i = 0; i < 4; ++i) plan_.counters.push_back(p.at + 2048 + 8 * i);
    }
    PagePlan& stack = page(stacks, Role::stack);
    page(stacks + page_bytes, Role::stack).page.tag = stack.page.tag;
    const uint16_t of_stacks = random_.percent(70) ? static_cast<uint16_t>(random_()) : tag();
    for (unsigned i = 0; i < 4; ++i) {
        PagePlan& p = page(dcs_pages + i * 2 * page_bytes, Role::dcs);
        p.page.cap_storage = random_.percent(97);
        p.page.user = random_.percent(80);
        p.page.tag = of_stacks;
    }
}

void Maker::rights() {
    const unsigned nil = random_.of({10u, 25u, 50u}), write = random_.of({20u, 35u, 60u});
    for (const uint16_t from : plan_.tags)
        for (const uint16_t to : plan_.tags) {
            if (from == to || random_.percent(nil)) continue;
            plan_.apl[{from, to}] = random_.percent(write) ? unsigned{STILE_RIGHT_WRITE}
                                                           : static_cast<unsigned>(1 + random_.below(3));
        }
    // Most may use the stacks.
    const uint16_t stack = plan_.page_of(stacks)->page.tag;
    for (const uint16_t from : plan_.tags)
        if (from != stack && random_.percent(85)) plan_.apl[{from, stack}] = STILE_RIGHT_WRITE;
}

stile_cap Maker::capability() {
    const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
    stile_cap c{};
    c.base = random_.percent(60) ? p.at : p.at + random_.below(page_bytes);
    c.length = random_.of<uint64_t>(
        {0, 1, 8, 100, page_bytes, page_bytes, 2 * page_bytes, ~0ull, ~0ull - c.base + 1});
    const unsigned type = random_.weighted({10, 25, 60, 5});
    if (type == STILE_CAP_EMPTY) return {};
    if (type == STILE_CAP_ASYNC || random_.percent(20)) {
        c.counter = plan_.counters[random_.below(plan_.counters.size())];
        c.value = static_cast<uint32_t>(random_.below(3));
    }
    c.word =
        STILE_CAP_WORD(random_.percent(60) ? p.page.tag : tag(), random_.below(4), random_.below(4), type);
    return c;
}

// Whatever a 64-bit load finds there may be jumped to, so addresses of code lie about.
void Maker::data() {
    const auto cells = std::move(plan_.data);
    plan_.data.clear();
    for (const PagePlan& p : plan_.pages) {
        if (p.role != Role::data || p.page.cap_storage) continue;
        std::vector<uint8_t> bytes(512);
        for (unsigned i = 0; i < 512; i += 8) {
            const uint64_t value =
                random_.percent(30) ? plan_.starts[random_.below(plan_.starts.size())] : random_();
            std::memcpy(&bytes[i], &value, 8);
        }
        plan_.data.emplace_back(p.frame + (random_.percent(50) ? 0 : page_bytes - 512), bytes);
    }
    plan_.data.insert(plan_.data.end(), cells.begin(), cells.end());
    for (const uint64_t slot : plan_.slots) {
        const stile_cap c = capability();
        const auto* from = reinterpret_cast<const uint8_t*>(&c);
        plan_.data.emplace_back(frame_of(slot), std::vector<uint8_t>(from, from + sizeof c));
    }
    for (const uint64_t counter : plan_.counters) {
        const uint64_t value = random_.percent(75)
                                   ? random_.below(3)
                                   : random_.of<uint64_t>({0xfffffffe, 0xffffffff, 1ull << 32});
        const auto* from = reinterpret_cast<const uint8_t*>(&value);
        plan_.data.emplace_back(frame_of(counter), std::vector<uint8_t>(from, from + 8));
    }
}

void Maker::threads() {
    for (unsigned i = 0; i < 4; ++i) {
        ThreadPlan t;
        t.rip = plan_.starts[random_.below(plan_.starts.size())];
        t.state.latch = plan_.page_of(t.rip)->page.tag;
        const uint64_t base = dcs_pages + i * 2 * page_bytes + 32 * random_.below(8);
        const uint64_t entries = random_.of<uint64_t>({1, 3, 6, 12, 100, 200});
        t.state.dcs_base = base;
        t.state.dcs_ptr = base;
        t.state.dcs_limit = std::min(base + 32 * entries, plan_.page_of(base)->at + 2 * page_bytes);
        t.state.kcs = random_();
        t.state.depth = random_.percent(90) ? random_.below(3) : STILE_MAX_DEPTH - random_.below(2);
        for (unsigned k = 0; k < STILE_CAP_REGS; ++k) {
            if (random_.percent(50)) continue;
            stile_cap c = capability();
            if (STILE_CAP_TYPE(c.word) != STILE_CAP_RETURN) t.state.caps[k] = c;
        }
        for (uint64_t& r : t.r) r = random_();
        t.r[rsp] = stacks + page_bytes + 8 * random_.below(256);
        plan_.threads.push_back(t);
    }
}

Event Maker::event() {
    Event e;
    e.kind = static_cast<EventKind>(random_.weighted(
        {200,  // none
         14,  0, 10, 8, 8, 3, 4, 14, 10, 5, 2, 10, 6, 6, 4, 22, 10, 14, options_.cores > 1 ? 25u : 0u}));
    e.a = random_();
    e.b = random_();
    e.c = random_();
    e.d = random_();
    return e;
}

void Maker::actions() {
    for (unsigned i = 0; i < options_.actions; ++i) {
        Action a;
        a.slice =
            static_cast<uint32_t>(random_.percent(35) ? 1 + random_.below(60) : 200 + random_.below(3000));
        a.resume = static_cast<Resume>(random_.weighted({60, 25, 15}));
        a.where = random_();
        for (Event& e : a.events) e = event();
        if (a.resume == Resume::retry) a.events[0].kind = EventKind::needed;
        plan_.actions.push_back(a);
    }
}

Plan Maker::run() {
    tags();
    pages();
    rights();
    make_code(plan_, random_);
    data();
    threads();
    actions();
    return std::move(plan_);
}

}  // namespace

const char* name_of(EventKind kind) {
    static constexpr const char* names[] = {"none",
                                            "right",
                                            "grant what was missing",
                                            "revoke",
                                            "retag",
                                            "attributes",
                                            "reuse tag",
                                            "swap frames",
                                            "invalidate",
                                            "evict",
                                            "reload CR3",
                                            "checks",
                                            "bump counter",
                                            "forge",
                                            "dcs",
                                            "clear capabilities",
                                            "kernel access",
                                            "kernel capability access",
                                            "switch thread",
                                            "switch core"};
    static_assert(std::size(names) == static_cast<size_t>(EventKind::count));
    return names[static_cast<size_t>(kind)];
}

const PagePlan* Plan::page_of(uint64_t address) const {
    for (const PagePlan& p : pages)
        if (address - p.at < (p.large ? large_bytes : page_bytes)) return &p;
    return nullptr;
}
PagePlan* Plan::page_of(uint64_t address) {
    return const_cast<PagePlan*>(std::as_const(*this).page_of(address));
}

unsigned Plan::right(uint16_t from, uint16_t to) const {
    if (from == to) return STILE_RIGHT_WRITE;
    const auto it = apl.find({from, to});
    return it == apl.end() ? unsigned{STILE_RIGHT_NIL} : it->second;
}

Plan make_plan(uint64_t seed, const PlanOptions& options) { return Maker(seed, options).run(); }

}  // namespace stile::codoms_fuzz
