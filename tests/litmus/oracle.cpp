// SPDX-License-Identifier: Apache-2.0
//
// The abstract machine of x86-TSO (Owens, Sarkar, Sewell 2009, section 3), as plainly as it can be written.
#include <algorithm>
#include <deque>
#include <utility>

#include "tests/litmus/program.h"

namespace stile::test {

namespace {

struct State {
    std::vector<unsigned> at;                                       // next operation of each thread
    std::vector<std::deque<std::pair<unsigned, unsigned>>> buffer;  // location, value
    std::vector<std::string> read;
    std::vector<unsigned> memory;
    auto operator<=>(const State&) const = default;
};

char digit(unsigned v) { return "0123456789abcdef"[v & 15]; }

class StoreBuffers {
  public:
    StoreBuffers(const Litmus& test, Order order) : test_(test), order_(order) {}

    Outcomes all() {
        State s;
        s.at.resize(test_.threads.size());
        s.buffer.resize(test_.threads.size());
        s.read.resize(test_.threads.size());
        s.memory.resize(test_.locations);
        visit(s);
        return outcomes_;
    }

  private:
    void visit(const State& s) {
        if (!seen_.insert(s).second) return;
        bool end = true;
        for (size_t t = 0; t < test_.threads.size(); ++t) {
            if (!s.buffer[t].empty()) {
                end = false;
                State n = s;
                const auto [where, value] = n.buffer[t].front();
                n.buffer[t].pop_front();
                n.memory[where] = value;
                visit(n);
            }
            if (s.at[t] < test_.threads[t].size()) {
                end = false;
                step(s, t, test_.threads[t][s.at[t]]);
            }
        }
        if (!end) return;
        Outcome o;
        for (const std::string& r : s.read) o += r;
        for (const unsigned m : s.memory) o += digit(m);
        outcomes_.insert(o);
    }

    void step(const State& s, size_t t, const LitmusOp& op) {
        const bool ordering = op.kind == LitmusOp::fence || op.kind == LitmusOp::exchange;
        if (ordering && !s.buffer[t].empty()) return;
        State n = s;
        ++n.at[t];
        if (op.kind == LitmusOp::load || op.kind == LitmusOp::exchange) {
            const auto own = std::find_if(s.buffer[t].rbegin(), s.buffer[t].rend(),
                                          [&op](const auto& e) { return e.first == op.where; });
            n.read[t] += digit(own != s.buffer[t].rend() ? own->second : s.memory[op.where]);
        }
        if (op.kind == LitmusOp::store && order_ == Order::tso)
            n.buffer[t].emplace_back(op.where, op.value);
        else if (op.kind == LitmusOp::store || op.kind == LitmusOp::exchange)
            n.memory[op.where] = op.value;
        visit(n);
    }

    const Litmus& test_;
    const Order order_;
    std::set<State> seen_;
    Outcomes outcomes_;
};

}  // namespace

Outcomes allowed(const Litmus& test, Order order) { return StoreBuffers(test, order).all(); }

}  // namespace stile::test
