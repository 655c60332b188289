// SPDX-License-Identifier: Apache-2.0
//
// The subject: the same cases on Stile's core, at ring 3, with page tables that look like the host's process.
// Each case is executed several times from the same state, so that the last time its blocks are linked and
// the software TLB is warm.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "model/core/core.h"
#include "tests/isa/state.h"

namespace stile::fuzz {

class Guest {
  public:
    // `cores` of the machine: the others sleep. From two on `ooo` has a store buffer.
    explicit Guest(model::CoreModel model, unsigned cores = 1);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    // What follows runs on this data and these programs; until the next call of load().
    void load(const Data& data, std::span<const Program> programs);
    // Once, from `program`'s start state.
    void run(const Program& program, Outcome& outcome);

    model::Core& core();
    const std::string& name() const;
    // A page-table entry of the case's address space; for tests that remap.
    uint64_t& page_table_entry(uint64_t vaddr);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stile::fuzz
