// SPDX-License-Identifier: Apache-2.0
#include "sim/boot/elf_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace stile::sim {
namespace {

// Every field is copied out: the file is untrusted and its structures need not be aligned.
template <typename T>
T read_at(std::span<const uint8_t> file, uint64_t offset, const std::string& what) {
    if (offset > file.size() || sizeof(T) > file.size() - offset)
        throw ElfError(fmt::format("truncated ELF file: {} at offset {:#x} lies beyond its end ({:#x})", what,
                                   offset, file.size()));
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

// Longer names than this are none: many symbols may share the end of one long string.
constexpr size_t longest_name = 4096;

std::string_view string_at(std::span<const uint8_t> table, uint64_t offset) {
    if (offset >= table.size()) return {};
    const auto* begin = reinterpret_cast<const char*>(table.data()) + offset;
    const size_t room = std::min<size_t>(table.size() - offset, longest_name);
    const size_t length = strnlen(begin, room);
    return length == longest_name ? std::string_view() : std::string_view(begin, length);
}

std::span<const uint8_t> part(std::span<const uint8_t> file, uint64_t offset, uint64_t size) {
    if (offset > file.size() || size > file.size() - offset) return {};
    return file.subspan(offset, size);
}

}  // namespace

ElfImage::ElfImage(std::span<const uint8_t> file) {
    if (file.size() < sizeof(Elf64_Ehdr) || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
        throw ElfError("not an ELF file");
    const auto header = read_at<Elf64_Ehdr>(file, 0, "the header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
        throw ElfError("not a 64-bit x86-64 ELF file");
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) throw ElfError("not an executable ELF file");
    entry_ = header.e_entry;
    pie_ = header.e_type == ET_DYN;
    if (header.e_phnum != 0 && header.e_phentsize != sizeof(Elf64_Phdr))
        throw ElfError(fmt::format("an ELF file with program headers of {} bytes; {} is right",
                                   header.e_phentsize, sizeof(Elf64_Phdr)));
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const uint64_t offset = header.e_phoff + i * sizeof(Elf64_Phdr);
        if (offset < header.e_phoff)
            throw ElfError("truncated ELF file: its program headers lie beyond its end");
        const auto p = read_at<Elf64_Phdr>(file, offset, fmt::format("program header {}", i));
        if (p.p_type == PT_INTERP)
            throw ElfError("a dynamically linked program: Stile runs static ones (link with -static)");
        if (p.p_type != PT_LOAD) continue;
        const auto bytes = part(file, p.p_offset, p.p_filesz);
        if (bytes.size() != p.p_filesz || p.p_memsz < p.p_filesz)
            throw ElfError(fmt::format(
                "truncated ELF file: segment {} has {:#x} bytes at offset {:#x}, {:#x} in memory; "
                "the file has {:#x}",
                i, p.p_filesz, p.p_offset, p.p_memsz, file.size()));
        segments_.push_back({p.p_vaddr, p.p_paddr, p.p_memsz, bytes});
    }
    if (segments_.empty()) throw ElfError("an ELF file with nothing to load");
    read_symbols(file);
}

void ElfImage::read_symbols(std::span<const uint8_t> file) {
    const auto header = read_at<Elf64_Ehdr>(file, 0, "the header");
    // No program needs sections to run: where they are wrong, addresses have no names, and that is all.
    const auto table = part(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
    if (table.empty() || header.e_shentsize != sizeof(Elf64_Shdr)) return;
    std::vector<Elf64_Shdr> headers;
    for (unsigned i = 0; i < header.e_shnum; ++i)
        headers.push_back(read_at<Elf64_Shdr>(table, i * sizeof(Elf64_Shdr), "a section header"));
    if (header.e_shstrndx < headers.size()) {
        const auto names =
            part(file, headers[header.e_shstrndx].sh_offset, headers[header.e_shstrndx].sh_size);
        for (const auto& s : headers)
            if (s.sh_flags & SHF_ALLOC)
                sections_.push_back({string_at(names, s.sh_name), s.sh_addr, s.sh_size});
    }
    for (const auto& s : headers) {
        if (s.sh_type != SHT_SYMTAB || s.sh_link >= headers.size()) continue;
        const auto names = part(file, headers[s.sh_link].sh_offset, headers[s.sh_link].sh_size);
        const auto symbols = part(file, s.sh_offset, s.sh_size);
        for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
            const auto symbol = read_at<Elf64_Sym>(symbols, at, "a symbol");
            const auto type = ELF64_ST_TYPE(symbol.st_info);
            if (symbol.st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE) continue;
            const auto name = string_at(names, symbol.st_name);
            if (!name.empty()) symbols_.push_back({symbol.st_value, symbol.st_size, name, type == STT_FUNC});
        }
        break;  // there is one such table (System V ABI, ch. 4); more of them could all be the same bytes
    }
    std::sort(symbols_.begin(), symbols_.end(), [](const ElfSymbol& a, const ElfSymbol& b) {
        return std::tie(a.address, a.name) < std::tie(b.address, b.name);
    });
}

const ElfSymbol* ElfImage::find(std::string_view name) const {
    for (const auto& s : symbols_)
        if (s.name == name) return &s;
    return nullptr;
}

const ElfSymbol* ElfImage::at(uint64_t address) const {
    auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                  [](uint64_t a, const ElfSymbol& s) { return a < s.address; });
    // Labels of assembly have size 0: the nearest one before the address is the best name there is.
    const ElfSymbol* label = nullptr;
    constexpr unsigned most_steps =
        4096;  // so many labels without a size do not lie between an address and its function
    unsigned steps = 0;
    for (auto s = after; s != symbols_.begin() && steps < most_steps; ++steps) {
        --s;
        if (s->size != 0) {
            if (address - s->address < s->size) return &*s;
            return label;
        }
        if (label == nullptr && s->function) label = &*s;
    }
    return label;
}

}  // namespace stile::sim
