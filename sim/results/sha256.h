// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace stile::sim {

// FIPS 180-4; in hexadecimal, as sha256sum(1) prints it.
std::string sha256(std::span<const uint8_t> bytes);
std::string sha256(const std::string& text);

}  // namespace stile::sim
