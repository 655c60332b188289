// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace stile::sim {

// The kernel's ELF file, embedded in the program.
std::span<const uint8_t> kernel_image();

}  // namespace stile::sim
