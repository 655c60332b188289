// SPDX-License-Identifier: Apache-2.0
//
// What somebody may have meant who wrote a value that is none.
#pragma once

#include <functional>
#include <string>

#include "sim/config/tree.h"

namespace stile::sim {

using IsNumber = std::function<bool(const std::string& text)>;

// How a message calls what it found.
std::string found(const Node& node);
// "cannot be 'x'", or that there is no value.
std::string cannot_be(const Node& node);

// Digits that would be a number if there were fewer of them, or no minus before them.
bool is_beyond_range(const Node& node, const IsNumber& is_number);

// A remedy, or nothing.
std::string almost_number(const Node& node, const IsNumber& is_number);
std::string almost_boolean(const Node& node);

}  // namespace stile::sim
