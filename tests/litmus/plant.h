// SPDX-License-Identifier: Apache-2.0
//
// Bugs of the kind that litmus tests are there to find, planted into the blocks of a core.
#pragma once

#include <functional>

#include "model/core/core_impl.h"

namespace stile::test {

using Plant = std::function<void(model::Core::Impl&)>;

// Blocks with this micro-op leave the store buffer as it is.
Plant without_draining(model::Op op);
// A store of four bytes overtakes the one before it.
Plant not_first_in_first_out();
// Loads of four bytes do not look into the store buffer.
Plant without_forwarding();
// A load of four bytes from where the core has read before finds what was there then: nobody told it of the
// store.
Plant lost_invalidation();

}  // namespace stile::test
