// SPDX-License-Identifier: Apache-2.0
//
// The oracle: cases executed by the host's processor, in a child process of its own. The child can reach
// nothing: system calls from the code under test are refused by a filter, wild accesses and jumps fault, a
// timer ends what does not end by itself, and if it dies all the same the next case gets a new child.
#pragma once

#include <memory>
#include <span>

#include "tests/isa/state.h"

namespace stile::fuzz {

class Native {
  public:
    Native();
    ~Native();
    Native(const Native&) = delete;
    Native& operator=(const Native&) = delete;

    // At most `slots` cases, each in a slot of its own, from the same data.
    void run(const Data& data, std::span<const Program> programs, std::span<Outcome> outcomes);

    // Code of a case that is not run, for those that read it.
    void place(const Program& program);

    static bool has_fsgsbase();
    static bool has_keys();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stile::fuzz
