// SPDX-License-Identifier: Apache-2.0
//
// Takes away what the mismatch does not need: stops, events, instructions (a nop of the same length comes
// instead, so that the rest stays where it is), rights, data.
#include <algorithm>

#include "tests/codoms/fuzzer.h"

namespace stile::codoms_fuzz {

namespace {

constexpr unsigned most_runs = 900;

class Minimiser {
  public:
    Minimiser(const Plan& plan, Machine& machine) : best_(plan), machine_(machine) {}
    Plan run();

  private:
    bool differs(const Plan& plan) {
        if (runs_ == 0) return false;
        --runs_;
        Coverage unused;
        const std::optional<Mismatch> m = Session(plan, machine_, unused).run();
        if (m) at_ = m->action;
        return m.has_value();
    }
    bool better(Plan plan) {
        if (!differs(plan)) return false;
        best_ = std::move(plan);
        return true;
    }
    // Halves, quarters, ...: `without(plan, begin, end)` takes away that part of n things.
    template <class F>
    void parts(size_t n, F without) {
        for (size_t size = std::max<size_t>(n / 2, 1);; size /= 2) {
            for (size_t begin = 0; begin < n; begin += size) {
                Plan less = best_;
                if (without(less, begin, std::min(begin + size, n))) better(std::move(less));
            }
            if (size <= 1 || runs_ == 0) return;
        }
    }
    void actions();
    void events();
    void code();

    Plan best_;
    Machine& machine_;
    unsigned runs_ = most_runs, at_ = 0;
};

void Minimiser::actions() {
    if (!differs(best_)) return;
    Plan less = best_;
    if (at_ + 1 < less.actions.size()) less.actions.resize(at_ + 1);
    better(std::move(less));
    // Stops at which nothing else happens.
    for (size_t size = best_.actions.size() / 2; size >= 1; size /= 2)
        for (size_t begin = 0; begin + size < best_.actions.size();) {
            Plan fewer = best_;
            const auto from = fewer.actions.begin() + static_cast<std::ptrdiff_t>(begin);
            fewer.actions.erase(from, from + static_cast<std::ptrdiff_t>(size));
            if (!better(std::move(fewer))) begin += size;
            if (runs_ < most_runs / 2) return;
        }
}

void Minimiser::events() {
    parts(best_.actions.size() * 3, [](Plan& p, size_t begin, size_t end) {
        bool any = false;
        for (size_t i = begin; i < end; ++i) {
            if (i / 3 >= p.actions.size()) break;
            Event& e = p.actions[i / 3].events[i % 3];
            any |= e.kind != EventKind::none;
            e.kind = EventKind::none;
        }
        return any;
    });
}

void Minimiser::code() {
    parts(best_.code.size(), [](Plan& p, size_t begin, size_t end) {
        bool any = false;
        for (size_t i = begin; i < end; ++i) {
            Insn& insn = p.code[i];
            if (insn.kind == Kind::nop) continue;
            any = true;
            Insn nop;
            nop.len = insn.len;
            nop.at = insn.at;
            // Without its dec the jump has no meaning.
            if (insn.kind == Kind::dec && i + 1 < p.code.size() && p.code[i + 1].kind == Kind::jnz) {
                Insn other;
                other.len = p.code[i + 1].len;
                other.at = p.code[i + 1].at;
                p.code[i + 1] = other;
            }
            insn = nop;
        }
        return any;
    });
}

Plan Minimiser::run() {
    actions();
    events();
    code();
    return std::move(best_);
}

}  // namespace

Plan minimise(const Plan& plan, Machine& machine) { return Minimiser(plan, machine).run(); }

}  // namespace stile::codoms_fuzz
