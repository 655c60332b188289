// SPDX-License-Identifier: Apache-2.0
//
// Executable sections of an ELF file of the host: real code to decode.
#pragma once

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

struct TextSection {
    uint64_t address;
    std::vector<uint8_t> bytes;
};

inline std::vector<TextSection> text_sections(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> data{std::istreambuf_iterator<char>(file), {}};
    std::vector<TextSection> out;
    Elf64_Ehdr eh{};
    if (data.size() < sizeof eh || std::memcmp(data.data(), ELFMAG, SELFMAG) != 0) return out;
    std::memcpy(&eh, data.data(), sizeof eh);
    if (eh.e_machine != EM_X86_64) return out;
    for (unsigned i = 0; i < eh.e_shnum; ++i) {
        Elf64_Shdr sh{};
        std::memcpy(&sh, data.data() + eh.e_shoff + i * sizeof sh, sizeof sh);
        if (sh.sh_type != SHT_PROGBITS || !(sh.sh_flags & SHF_EXECINSTR)) continue;
        const auto* begin = reinterpret_cast<const uint8_t*>(data.data() + sh.sh_offset);
        out.push_back({sh.sh_addr, {begin, begin + sh.sh_size}});
    }
    return out;
}
