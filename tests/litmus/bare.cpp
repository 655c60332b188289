// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/bare.h"

#include <stdexcept>

#include "tests/litmus/image.h"
#include "tests/litmus/turns.h"

namespace stile::test {

Counts run_bare(const Litmus& test, const BareRun& how) {
    const auto threads = static_cast<unsigned>(test.threads.size());
    RandomTurns cores(threads, how.model, LitmusImage::ram_size, how.seed);
    const LitmusImage image(test, how.tries, how.seed);
    image.load(cores.ram());
    for (unsigned i = 0; i < threads; ++i) {
        if (how.plant) how.plant(cores.core(i).impl());
        LitmusImage::begin(cores.core(i), image.thread_entry(i));
    }
    if (!cores.run(uint64_t{1000} * how.tries + 100'000))
        throw std::runtime_error(test.name + ": the cores do not come to an end");
    return image.counts(cores.ram());
}

}  // namespace stile::test
