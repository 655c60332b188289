// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests: a few loads and stores on each of several cores, and which values may come of it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace stile::test {

struct LitmusOp {
    enum Kind : uint8_t { store, load, fence, exchange } kind;
    unsigned where = 0;  // location
    unsigned value = 0;  // stored: 1 to 15
};
using LitmusThread = std::vector<LitmusOp>;

struct Litmus {
    std::string name;
    unsigned locations = 2;
    std::vector<LitmusThread> threads;
};

// What was read, thread by thread in program order (an exchange reads, too), then what the locations hold at
// the end: a hexadecimal digit each.
using Outcome = std::string;
using Outcomes = std::set<Outcome>;
using Counts = std::map<Outcome, uint64_t>;

// The named ones of the literature: SB, MP, LB, IRIW, R, S, 2+2W, CoRR, and two that show how a core sees its
// own stores (Intel SDM vol. 3, 9.2.3.5; Owens et al., n6).
std::vector<Litmus> named_litmus();
Litmus named_litmus(const std::string& name);
// With a fence between every two accesses; with exchanges instead of stores.
Litmus fenced(const Litmus& test);
Litmus exchanging(const Litmus& test);
// Two threads of two to four accesses, three of two or three, or four of two.
Litmus random_litmus(uint64_t seed);

// By trying every order of steps of the abstract machine: of x86-TSO, or of one in which every store is seen
// by everybody at once.
enum class Order { tso, sequential };
Outcomes allowed(const Litmus& test, Order order);

}  // namespace stile::test
