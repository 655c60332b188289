// SPDX-License-Identifier: Apache-2.0
//
// Chooses the next step with an eye on the state of the world, so that most of what is tried gets somewhere.
#pragma once

#include <random>

#include "tests/unit/protection/pair.h"

namespace stile::model::test {

class Chooser {
  public:
    Chooser(uint64_t seed, const Pair& pair) : random_(seed), p_(pair) {}

    Step next();

  private:
    unsigned below(uint64_t n) { return static_cast<unsigned>(random_() % n); }
    unsigned tag() { return below(n_tags); }
    uint64_t page();
    bool fits(uint64_t page, bool storage) const;
    uint64_t page(bool storage);
    // Where a capability register points, its edges included.
    uint64_t by_capability();
    static bool in_world(uint64_t v);
    Step access();
    Step transfer();
    Step execute();
    // What chance alone seldom brings about: somebody lends, another domain uses, and between two uses of it
    // something happens that ends it, or hides it, or nothing to do with it.
    void lend();
    // The kernel hands over a capability that no instruction makes: its counter lies anywhere.
    void hand_over();
    // Mostly a counter that a register names.
    Step poke();
    Step grant();
    Step map();
    Step map_stack();
    Step stack();

    std::mt19937_64 random_;
    const Pair& p_;
    Steps plan_;
    uint64_t last_ = 0, stored_ = first_page;
};

}  // namespace stile::model::test
