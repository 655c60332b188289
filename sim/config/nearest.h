// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stile::sim {

// The candidate that `text` most probably meant, by edit distance with transpositions; empty if none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

// "a, b or c"
std::string alternatives(const std::vector<std::string>& names);

// "did you mean 'x'?" or "valid are a, b or c".
std::string suggestion(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace stile::sim
