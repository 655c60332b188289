// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/timing/lower_memory.h"

namespace stile::test {

// Whatever leaves a core takes as long, and written lines go at once: for tests of what a core does, not of
// when.
struct NothingBelow final : model::LowerMemory {
    model::LineReply access(uint64_t, unsigned, model::LineRequest request, model::Cycles) override {
        return {request == model::LineRequest::writeback ? 0u : 50u};
    }
};

}  // namespace stile::test
