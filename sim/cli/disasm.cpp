// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/disasm.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "isa/translate.h"
#include "sim/boot/elf_image.h"
#include "sim/config/fault.h"
#include "sim/results/run_directory.h"

namespace stile::sim {
namespace {

struct CodeSection {
    std::string name;
    uint64_t address;
    std::span<const uint8_t> bytes;
};

constexpr size_t longest_section_name = 256;

// The boot loader needs no section's contents, so ElfImage keeps none. Its constructor has checked the file.
std::vector<CodeSection> code_sections(std::span<const uint8_t> file) {
    Elf64_Ehdr header;
    std::memcpy(&header, file.data(), sizeof header);
    const auto section = [&](size_t index) {
        Elf64_Shdr result{};
        const uint64_t at = index * sizeof result;
        if (header.e_shoff <= file.size() && at + sizeof result <= file.size() - header.e_shoff)
            std::memcpy(&result, file.data() + header.e_shoff + at, sizeof result);
        return result;
    };
    const Elf64_Shdr names = section(header.e_shstrndx);
    std::vector<CodeSection> found;
    size_t total = 0;
    for (size_t i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr s = section(i);
        if ((s.sh_flags & SHF_EXECINSTR) == 0 || s.sh_type == SHT_NOBITS) continue;
        if (s.sh_offset > file.size() || s.sh_size > file.size() - s.sh_offset) continue;
        const uint64_t name = names.sh_offset + s.sh_name;
        std::string text;
        for (uint64_t c = name; c < file.size() && file[c] != 0 && text.size() < longest_section_name; ++c)
            text += static_cast<char>(file[c]);
        if ((total += s.sh_size) > file.size()) throw ElfError("an ELF file whose sections of code overlap");
        found.push_back({text, s.sh_addr, file.subspan(s.sh_offset, s.sh_size)});
    }
    return found;
}

void print_code(std::string& out, std::span<const uint8_t> code, uint64_t address, const ElfImage* image) {
    isa::Translator translator;
    for (size_t at = 0; at < code.size();) {
        if (image) {
            const ElfSymbol* symbol = image->at(address + at);
            if (symbol && symbol->address == address + at)
                out += fmt::format("\n{:016x} <{}>:\n", symbol->address, symbol->name);
        }
        unsigned length = 1;
        const std::string text = translator.disassemble(code.subspan(at), address + at, &length);
        std::string bytes;
        for (unsigned i = 0; i < length && at + i < code.size(); ++i)
            bytes += fmt::format("{:02x} ", code[at + i]);
        out += fmt::format("{:8x}:  {:<33}{}\n", address + at, bytes, text);
        at += std::max(1u, length);
    }
}

}  // namespace

std::string disassembly(std::span<const uint8_t> code, uint64_t address) {
    std::string out;
    print_code(out, code, address, nullptr);
    return out;
}

std::string disassemble_file(const std::string& path) {
    std::string contents;
    try {
        contents = read_file(path);
    } catch (const std::runtime_error& error) {
        throw BadInput({path, 0, 0}, error.what(), "name an ELF file or a flat piece of code");
    }
    if (contents.empty())
        throw BadInput({path, 0, 0}, "it is empty", "name an ELF file or a flat piece of code");
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(contents.data()), contents.size());
    std::string out;
    if (contents.compare(0, SELFMAG, ELFMAG) != 0) {
        print_code(out, bytes, 0, nullptr);
        return out;
    }
    try {
        const ElfImage image(bytes);
        for (const CodeSection& section : code_sections(bytes)) {
            out += fmt::format("\nsection {}\n", section.name);
            print_code(out, section.bytes, section.address, &image);
        }
    } catch (const ElfError& error) {
        throw BadInput({path, 0, 0}, error.what(), "a 64-bit x86-64 ELF file is expected");
    }
    return out;
}

}  // namespace stile::sim
