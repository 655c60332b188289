// SPDX-License-Identifier: Apache-2.0
//
// A litmus test as guest code at ring 0. Every thread does the same many times, on locations that nobody has
// used yet: looks at some of them beforehand or not (are they in its cache?), waits for the others at a
// barrier, wastes a random time, makes its accesses, and writes down what it read.
#pragma once

#include "model/core/core.h"
#include "tests/litmus/program.h"

namespace stile::test {

class LitmusImage {
  public:
    // The seed decides the order of delays, how long they are, how close the locations lie, and
    // whether others can come between two accesses.
    LitmusImage(const Litmus& test, unsigned tries, uint64_t seed);

    // Page tables, code, and nothing else: RAM is zero elsewhere.
    void load(model::PhysicalMemory& ram) const;
    static void map(model::PhysicalMemory& ram);  // all RAM at its own addresses, ring 0
    // Registers of a core that begins at `rip`.
    static void begin(model::Core& core, uint64_t rip);
    uint64_t thread_entry(unsigned thread) const { return entries_[thread]; }
    // For all cores of a machine: the first one starts the others, each finds its thread by its APIC ID.
    uint64_t machine_entry() const { return start_; }

    // Of all tries, once every core has halted.
    Counts counts(const model::PhysicalMemory& ram) const;
    static constexpr uint64_t ram_size = 128 << 20;

  private:
    void emit_thread(unsigned thread, uint64_t seed);
    void emit_start();
    uint64_t results(unsigned thread) const;
    void bytes(std::initializer_list<int> b) {
        for (const int x : b) code_.push_back(static_cast<uint8_t>(x));
    }
    void number(uint64_t value, unsigned n) {
        for (unsigned i = 0; i < n; ++i) code_.push_back(static_cast<uint8_t>(value >> 8 * i));
    }
    uint64_t here() const;

    const Litmus test_;
    const unsigned tries_;
    unsigned spread_ = 64, delay_mask_ = 0;
    bool split_ = false;  // a block for every access: others get their turn between any two
    std::vector<uint8_t> code_;
    std::vector<uint64_t> entries_;
    uint64_t start_ = 0;
};

}  // namespace stile::test
