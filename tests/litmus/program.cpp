// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/program.h"

#include <stdexcept>

#include "tests/litmus/random.h"

namespace stile::test {

namespace {

constexpr LitmusOp st(unsigned where, unsigned value) { return {LitmusOp::store, where, value}; }
constexpr LitmusOp ld(unsigned where) { return {LitmusOp::load, where, 0}; }
constexpr LitmusOp fence() { return {LitmusOp::fence, 0, 0}; }

}  // namespace

std::vector<Litmus> named_litmus() {
    return {
        {"SB", 2, {{st(0, 1), ld(1)}, {st(1, 1), ld(0)}}},
        {"MP", 2, {{st(0, 1), st(1, 1)}, {ld(1), ld(0)}}},
        {"LB", 2, {{ld(0), st(1, 1)}, {ld(1), st(0, 1)}}},
        {"IRIW", 2, {{st(0, 1)}, {st(1, 1)}, {ld(0), ld(1)}, {ld(1), ld(0)}}},
        {"R", 2, {{st(0, 1), st(1, 1)}, {st(1, 2), ld(0)}}},
        {"S", 2, {{st(0, 2), st(1, 1)}, {ld(1), st(0, 1)}}},
        {"2+2W", 2, {{st(0, 1), st(1, 2)}, {st(1, 1), st(0, 2)}}},
        {"CoRR", 1, {{st(0, 1), st(0, 2)}, {ld(0), ld(0)}}},
        {"SB+rfi", 2, {{st(0, 1), ld(0), ld(1)}, {st(1, 1), ld(1), ld(0)}}},
        {"n6", 2, {{st(0, 1), ld(0), ld(1)}, {st(1, 2), st(0, 2)}}},
    };
}

Litmus named_litmus(const std::string& name) {
    for (const Litmus& t : named_litmus())
        if (t.name == name) return t;
    throw std::invalid_argument(name);
}

Litmus fenced(const Litmus& test) {
    Litmus f{test.name + "+mfence", test.locations, {}};
    for (const LitmusThread& thread : test.threads) {
        LitmusThread& to = f.threads.emplace_back();
        for (const LitmusOp& op : thread) {
            if (!to.empty()) to.push_back(fence());
            to.push_back(op);
        }
    }
    return f;
}

Litmus exchanging(const Litmus& test) {
    Litmus x = test;
    x.name += "+xchg";
    for (LitmusThread& thread : x.threads)
        for (LitmusOp& op : thread)
            if (op.kind == LitmusOp::store) op.kind = LitmusOp::exchange;
    return x;
}

Litmus random_litmus(uint64_t seed) {
    Random random(seed);
    Litmus t{"random " + std::to_string(seed), 2 + random.below(2), {}};
    t.threads.resize(2 + random.below(3));
    const unsigned most = t.threads.size() == 2 ? 4 : t.threads.size() == 3 ? 3 : 2;
    for (LitmusThread& thread : t.threads)
        for (unsigned i = 2 + random.below(most - 1); i > 0; --i) {
            const unsigned what = random.below(20), where = random.below(t.locations);
            const unsigned value = 1 + random.below(15);
            if (what < 9)
                thread.push_back(st(where, value));
            else if (what < 18)
                thread.push_back(ld(where));
            else if (what < 19)
                thread.push_back(fence());
            else
                thread.push_back({LitmusOp::exchange, where, value});
        }
    return t;
}

}  // namespace stile::test
