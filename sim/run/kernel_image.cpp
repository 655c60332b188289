// SPDX-License-Identifier: Apache-2.0
#include "sim/run/kernel_image.h"

extern "C" const uint8_t stile_kernel_image[], stile_kernel_image_end[];

namespace stile::sim {

std::span<const uint8_t> kernel_image() { return {stile_kernel_image, stile_kernel_image_end}; }

}  // namespace stile::sim
