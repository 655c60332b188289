// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stile::sim {

// The commit that was built, with "-dirty" if files differed from it; "unknown" outside a repository.
const char* build_git_hash();

}  // namespace stile::sim
