// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace stile::sim {

// A piece of code that lies at `address`, an instruction a line.
std::string disassembly(std::span<const uint8_t> code, uint64_t address);

// What `stile disasm FILE` prints: an ELF file's code, section by section, or a flat piece of code.
// Throws BadInput.
std::string disassemble_file(const std::string& path);

}  // namespace stile::sim
