// SPDX-License-Identifier: Apache-2.0
//
// A 64-bit little-endian x86-64 ELF file, read-only: segments to load and symbols to name addresses with. The
// file is untrusted: whatever it holds, nothing beyond it is read, and neither time nor memory grow faster
// than its size.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stile::sim {

struct ElfError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct ElfSegment {
    uint64_t vaddr, paddr;
    uint64_t memory_size;  // bytes; beyond `bytes` it is zero
    std::span<const uint8_t> bytes;
};

struct ElfSymbol {
    uint64_t address, size;
    std::string_view name;
    bool function;
};

class ElfImage {
  public:
    // Keeps a view of `file`, which must outlive it. Throws ElfError that says what is wrong.
    explicit ElfImage(std::span<const uint8_t> file);

    uint64_t entry() const { return entry_; }
    bool position_independent() const { return pie_; }
    const std::vector<ElfSegment>& segments() const { return segments_; }
    const std::vector<ElfSymbol>& symbols() const { return symbols_; }  // by address
    const ElfSymbol* find(std::string_view name) const;
    // The function or object that holds `address` (before any load bias), or nullptr.
    const ElfSymbol* at(uint64_t address) const;

    struct Section {
        std::string_view name;
        uint64_t address, size;
    };
    const std::vector<Section>& sections() const { return sections_; }

  private:
    void read_symbols(std::span<const uint8_t> file);

    uint64_t entry_ = 0;
    bool pie_ = false;
    std::vector<ElfSegment> segments_;
    std::vector<ElfSymbol> symbols_;
    std::vector<Section> sections_;
};

}  // namespace stile::sim
