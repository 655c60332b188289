// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace stile::test {

// What the function returns, called in a process of its own: SystemC allows one machine in each. Throws
// std::runtime_error if it throws.
std::string in_child(const std::function<std::string()>& function);

}  // namespace stile::test
