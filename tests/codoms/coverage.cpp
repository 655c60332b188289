// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace stile::codoms_fuzz {

namespace {

namespace spec = isa::spec;

Rule refused(const spec::Outcome& o) {
    if (o.vector == spec::vec_pf) return Rule::page_fault;
    if (o.vector != spec::vec_cd) return Rule::general;
    return static_cast<Rule>(static_cast<unsigned>(Rule::right) + o.reason() - 1);
}

// Why `core` may do to `address` what needs `needed`.
Rule allowed(const spec::World& world, const spec::Core& core, uint16_t from, uint16_t to, uint64_t address,
             unsigned bytes, unsigned needed) {
    if (from == to) return Rule::own;
    if (spec::right(world, from, to) >= needed)
        return needed == STILE_RIGHT_CALL && spec::right(world, from, to) == STILE_RIGHT_CALL ? Rule::apl_call
                                                                                              : Rule::apl;
    Rule best = Rule::done;
    for (const stile_cap& c : core.caps) {
        if (STILE_CAP_TYPE(c.word) == STILE_CAP_EMPTY || STILE_CAP_RIGHT(c.word) < needed ||
            !spec::covers(c, address, bytes) || !spec::live(world, core, c))
            continue;
        const auto origin = static_cast<uint16_t>(STILE_CAP_ORIGIN(c.word));
        if (origin != to) {
            if (spec::right(world, origin, to) >= needed) best = Rule::lent_cap;
            continue;
        }
        return STILE_CAP_TYPE(c.word) == STILE_CAP_ASYNC ? Rule::async_cap : Rule::sync_cap;
    }
    return best;
}

using Row = std::pair<Route, Rule>;

// What can happen at all.
const std::vector<Row>& rows_of_the_table() {
    static const std::vector<Row> rows = [] {
        std::vector<Row> all;
        const auto add = [&](Route route, std::initializer_list<Rule> rules) {
            for (const Rule rule : rules) all.emplace_back(route, rule);
        };
        for (const Route route :
             {Route::load, Route::store, Route::modify, Route::sse_load, Route::sse_store, Route::string_load,
              Route::string_store, Route::push, Route::pop, Route::call_push, Route::ret_pop, Route::target,
              Route::crossing_page_load, Route::crossing_page_store, Route::kernel_load, Route::kernel_store})
            add(route, {Rule::own, Rule::apl, Rule::page_fault, Rule::right, Rule::cap_page});
        for (const Route route :
             {Route::load, Route::store, Route::modify, Route::sse_load, Route::sse_store, Route::string_load,
              Route::string_store, Route::kernel_load, Route::kernel_store})
            add(route, {Rule::sync_cap, Rule::async_cap, Rule::lent_cap, Rule::checks_off});
        for (const Route route : {Route::crossing_page_load, Route::crossing_page_store, Route::push})
            add(route, {Rule::sync_cap, Rule::checks_off});
        add(Route::cap_load, {Rule::own, Rule::apl, Rule::sync_cap, Rule::page_fault, Rule::general,
                              Rule::right, Rule::cap_page, Rule::cap_type, Rule::cap_range});
        add(Route::cap_store, {Rule::own, Rule::apl, Rule::sync_cap, Rule::page_fault, Rule::general,
                               Rule::right, Rule::cap_page, Rule::cap_type});
        add(Route::kernel_cap, {Rule::own, Rule::apl, Rule::page_fault, Rule::right, Rule::cap_page});
        for (const Route route : {Route::fall_through, Route::jump, Route::call})
            add(route, {Rule::apl, Rule::page_fault, Rule::right});
        add(Route::fall_through, {Rule::apl_call});
        add(Route::jump, {Rule::apl_call, Rule::sync_cap, Rule::async_cap, Rule::align});
        add(Route::call,
            {Rule::apl_call, Rule::sync_cap, Rule::async_cap, Rule::align, Rule::dcs_bounds, Rule::cap_page});
        add(Route::ret, {Rule::done, Rule::page_fault, Rule::ret, Rule::dcs_bounds, Rule::cap_page});
        add(Route::straddle, {Rule::done, Rule::page_fault, Rule::straddle});
        add(Route::instruction,
            {Rule::done, Rule::general, Rule::dcs_bounds, Rule::cap_page, Rule::cap_type, Rule::cap_range});
        return all;
    }();
    return rows;
}

}  // namespace

const char* name_of(Route route) {
    static constexpr const char* names[] = {"load",
                                            "store",
                                            "modify",
                                            "sse load",
                                            "sse store",
                                            "string load",
                                            "string store",
                                            "push",
                                            "pop",
                                            "call push",
                                            "ret pop",
                                            "target",
                                            "page-crossing load",
                                            "page-crossing store",
                                            "cap load",
                                            "cap store",
                                            "kernel load",
                                            "kernel store",
                                            "kernel cap",
                                            "fall-through",
                                            "jump",
                                            "call",
                                            "return",
                                            "straddle",
                                            "instruction"};
    static_assert(std::size(names) == Coverage::routes);
    return names[static_cast<size_t>(route)];
}

const char* name_of(Rule rule) {
    static constexpr const char* names[] = {"own domain",
                                            "APL call",
                                            "APL",
                                            "sync capability",
                                            "async capability",
                                            "lent right",
                                            "checks off",
                                            "supervisor",
                                            "done",
                                            "#PF",
                                            "#GP or #UD",
                                            "RIGHT",
                                            "ALIGN",
                                            "APL_MISS",
                                            "RETURN",
                                            "DCS_BOUNDS",
                                            "CAP_PAGE",
                                            "STRADDLE",
                                            "CAP_TYPE",
                                            "CAP_RANGE"};
    static_assert(std::size(names) == Coverage::rules);
    return names[static_cast<size_t>(rule)];
}

void Coverage::access(unsigned model, Route route, const spec::World& world, const spec::Core& core,
                      uint64_t address, unsigned bytes, bool write, const spec::Outcome& outcome) {
    count(model, outcome);
    data_[model] += core.ring == 3;
    if (!outcome.allowed()) return add(model, route, refused(outcome));
    if (!core.domains_on) return add(model, route, Rule::checks_off);
    const spec::Page* page = world.page(core, address);
    if (!page || (core.ring == 0 && !page->user)) return add(model, route, Rule::supervisor);
    const unsigned room = static_cast<unsigned>(spec::page_bytes - address % spec::page_bytes);
    add(model, route,
        allowed(world, core, core.ring == 0 ? core.saved_latch.tag : core.latch.tag, page->tag, address,
                std::min(bytes, room), write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ));
}

void Coverage::crossing(unsigned model, Route route, const spec::World& world, const spec::Core& before,
                        uint64_t address, const spec::Outcome& outcome) {
    count(model, outcome);
    if (!outcome.allowed()) return add(model, route, refused(outcome));
    const spec::Page* page = world.page(before, address);
    if (route == Route::ret || route == Route::straddle || route == Route::instruction || !page)
        return add(model, route, Rule::done);
    add(model, route, allowed(world, before, before.latch.tag, page->tag, address, 1, STILE_RIGHT_CALL));
}

void Coverage::executed(unsigned model, const Insn& insn, bool ok) {
    ++kind_[model][static_cast<size_t>(insn.kind)][ok ? 0 : 1];
    if (insn.kind == Kind::cd) ++op_[model][static_cast<size_t>(insn.op)][ok ? 0 : 1];
}

uint64_t Coverage::of(Route route, Rule rule) const {
    uint64_t sum = 0;
    for (const auto& model : count_) sum += model[static_cast<size_t>(route)][static_cast<size_t>(rule)];
    return sum;
}

void Coverage::rows(unsigned& met, unsigned& all) const {
    met = all = 0;
    for (const auto& [route, rule] : rows_of_the_table()) {
        ++all;
        met += of(route, rule) != 0;
    }
    for (size_t op = 0; op < ops; ++op) {
        ++all;
        uint64_t n = 0;
        for (const auto& model : op_) n += model[op][0] + model[op][1];
        met += n != 0;
    }
}

std::string Coverage::missing() const {
    std::string text;
    for (const auto& [route, rule] : rows_of_the_table())
        if (of(route, rule) == 0) text += fmt::format("never: {} / {}\n", name_of(route), name_of(rule));
    for (size_t op = 0; op < ops; ++op) {
        uint64_t n = 0;
        for (const auto& model : op_) n += model[op][0] + model[op][1];
        if (n == 0) text += fmt::format("never: cd.{}\n", spec::name(static_cast<spec::Op>(op)));
    }
    return text;
}

std::string Coverage::table() const {
    std::string text =
        fmt::format("{:<20} {:<17} {:>10} {:>10} {:>10}\n", "access", "rule", "functional", "inorder", "ooo");
    for (size_t route = 0; route < routes; ++route)
        for (size_t rule = 0; rule < rules; ++rule) {
            const uint64_t n[] = {count_[0][route][rule], count_[1][route][rule], count_[2][route][rule]};
            if (n[0] + n[1] + n[2] == 0) continue;
            text += fmt::format("{:<20} {:<17} {:>10} {:>10} {:>10}\n", name_of(static_cast<Route>(route)),
                                name_of(static_cast<Rule>(rule)), n[0], n[1], n[2]);
        }
    text += fmt::format("\n{:<38} {:>10} {:>10}\n", "instruction", "done", "faulted");
    const auto line = [&](const std::string& name, uint64_t done, uint64_t faulted) {
        text += fmt::format("{:<38} {:>10} {:>10}\n", name, done, faulted);
    };
    for (size_t k = 0; k < kinds; ++k) {
        if (static_cast<Kind>(k) == Kind::cd) continue;
        line(name_of(static_cast<Kind>(k)), kind_[0][k][0] + kind_[1][k][0] + kind_[2][k][0],
             kind_[0][k][1] + kind_[1][k][1] + kind_[2][k][1]);
    }
    for (size_t k = 0; k < ops; ++k)
        line(std::string("cd.") + spec::name(static_cast<spec::Op>(k)),
             op_[0][k][0] + op_[1][k][0] + op_[2][k][0], op_[0][k][1] + op_[1][k][1] + op_[2][k][1]);
    return text;
}

void Coverage::merge(const Coverage& other) {
    for (unsigned m = 0; m < models; ++m) {
        accesses_[m] += other.accesses_[m];
        faults_[m] += other.faults_[m];
        data_[m] += other.data_[m];
        for (size_t i = 0; i < routes; ++i)
            for (size_t k = 0; k < rules; ++k) count_[m][i][k] += other.count_[m][i][k];
        for (size_t i = 0; i < kinds; ++i)
            for (size_t k = 0; k < 2; ++k) kind_[m][i][k] += other.kind_[m][i][k];
        for (size_t i = 0; i < ops; ++i)
            for (size_t k = 0; k < 2; ++k) op_[m][i][k] += other.op_[m][i][k];
    }
}

}  // namespace stile::codoms_fuzz
