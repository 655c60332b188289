// SPDX-License-Identifier: Apache-2.0
//
// Fields are copied out of the file, since nothing need be aligned, and no sum of them may wrap.
#include "workloads/plugin_file.h"

#include <elf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace stile::workload {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr unsigned own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned own_machine = EM_AARCH64;
#else
#error "which ELF machine is this?"
#endif

const char* machine_name(unsigned machine) {
    switch (machine) {
        case EM_X86_64:
            return "x86-64";
        case EM_AARCH64:
            return "AArch64";
        case EM_386:
            return "32-bit x86";
        case EM_RISCV:
            return "RISC-V";
        default:
            return "another processor";
    }
}

struct Refusal {
    std::string text;
};

class Library {
  public:
    explicit Library(std::string_view bytes) : bytes_(bytes) {}

    void check() const;
    // The contents of a symbol that it exports; nothing where there is none.
    std::optional<std::string_view> exported(std::string_view name) const;

  private:
    template <typename T>
    T field(uint64_t offset) const {
        if (!inside(offset, sizeof(T))) throw Refusal{"it is cut off or damaged"};
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }
    bool inside(uint64_t offset, uint64_t bytes) const {
        return offset <= bytes_.size() && bytes <= bytes_.size() - offset;
    }
    std::string_view in_memory(uint64_t address, uint64_t bytes) const;
    std::string_view string(const Elf64_Shdr& table, uint64_t offset) const;

    std::string_view bytes_;
};

void Library::check() const {
    if (bytes_.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
        throw Refusal{"it is no shared library: it does not begin with 7f 45 4c 46"};
    const auto header = field<Elf64_Ehdr>(0);
    const unsigned machine =
        header.e_ident[EI_DATA] == ELFDATA2MSB ? __builtin_bswap16(header.e_machine) : header.e_machine;
    if (machine != own_machine)
        throw Refusal{fmt::format(
            "it is for {} (ELF machine {}), and this program for {} ({}): build it on this kind of host",
            machine_name(machine), machine, machine_name(own_machine), own_machine)};
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        throw Refusal{"it is no 64-bit little-endian ELF file"};
    if (header.e_type != ET_DYN)
        throw Refusal{fmt::format("it is {}, not a shared library (ELF type {} where {} is right)",
                                  header.e_type == ET_REL    ? "an object file"
                                  : header.e_type == ET_EXEC ? "a program"
                                                             : "something else",
                                  header.e_type, ET_DYN)};
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_shentsize != sizeof(Elf64_Shdr))
        throw Refusal{"it is cut off or damaged"};
    if (!inside(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)))
        throw Refusal{"it is cut off or damaged"};
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment = field<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type == PT_LOAD && !inside(segment.p_offset, segment.p_filesz))
            throw Refusal{fmt::format("it is cut off: it has {} bytes and needs {}", bytes_.size(),
                                      segment.p_offset + segment.p_filesz)};
    }
}

std::string_view Library::in_memory(uint64_t address, uint64_t bytes) const {
    const auto header = field<Elf64_Ehdr>(0);
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto segment = field<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
        const uint64_t within = address - segment.p_vaddr;
        if (within <= segment.p_filesz && bytes <= segment.p_filesz - within)
            return bytes_.substr(segment.p_offset + within, bytes);
    }
    return {};
}

std::string_view Library::string(const Elf64_Shdr& table, uint64_t offset) const {
    if (!inside(table.sh_offset, table.sh_size) || offset >= table.sh_size) return {};
    const std::string_view rest = bytes_.substr(table.sh_offset + offset, table.sh_size - offset);
    return rest.substr(0, rest.find('\0'));
}

std::optional<std::string_view> Library::exported(std::string_view name) const {
    const auto header = field<Elf64_Ehdr>(0);
    const auto section = [&](unsigned i) {
        return field<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
    };
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr symbols = section(i);
        if (symbols.sh_type != SHT_DYNSYM || symbols.sh_link >= header.e_shnum) continue;
        const Elf64_Shdr names = section(symbols.sh_link);
        for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
            const auto symbol = field<Elf64_Sym>(symbols.sh_offset + at);
            if (symbol.st_shndx != SHN_UNDEF && string(names, symbol.st_name) == name)
                return in_memory(symbol.st_value, symbol.st_size);
        }
    }
    return std::nullopt;
}

std::string read(const fs::path& file) {
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (status.type() == fs::file_type::not_found) throw Refusal{"no such file"};
    if (fs::is_directory(status)) throw Refusal{"it is a folder"};
    if (!error && !fs::is_regular_file(status)) throw Refusal{"it is no regular file"};
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Refusal{std::string("it cannot be read: ") + std::strerror(errno)};
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.empty()) throw Refusal{"it is empty"};
    return bytes;
}

std::string text(const char* field, size_t bytes) { return {field, strnlen(field, bytes)}; }

}  // namespace

std::string why_not_ours(const BuildTag& tag, const BuildTag& own) {
    if (tag.abi != own.abi)
        return fmt::format(
            "it was built for workload ABI {}, this program has {}: build it again with {}", tag.abi, own.abi,
            tag.abi < own.abi ? "this version of Stile" : "this version of Stile, or use the newer one");
    const std::string library = text(tag.library, sizeof tag.library),
                      ours = text(own.library, sizeof own.library);
    if (library != ours)
        return fmt::format(
            "it was built with {}, this program with {}: their strings and lists are not the same; build it "
            "with the latter",
            library, ours);
    if (tag.sanitizers & ~own.sanitizers)
        return fmt::format("it was built with {}, this program was not: build it without",
                           tag.sanitizers & 1 ? "AddressSanitizer" : "ThreadSanitizer");
    const std::pair<const char*, uint32_t BuildTag::*> sizes[] = {
        {"Descriptor", &BuildTag::descriptor_bytes}, {"Row", &BuildTag::row_bytes},
        {"Process", &BuildTag::process_bytes},       {"Parameter", &BuildTag::parameter_bytes},
        {"Value", &BuildTag::value_bytes},           {"std::string", &BuildTag::string_bytes}};
    for (const auto& [name, bytes] : sizes)
        if (tag.*bytes != own.*bytes)
            return fmt::format(
                "its {} has {} bytes, this program's {}: both are of workload ABI {}, but their headers or "
                "compilers differ; build it again with this version of Stile",
                name, tag.*bytes, own.*bytes, own.abi);
    return "";
}

PluginFile inspect_plugin(const fs::path& file) {
    try {
        const std::string bytes = read(file);
        const Library library(bytes);
        library.check();
        if (!library.exported("stile_workload"))
            return {"it has no function stile_workload(); is it a workload made by stile_add_workload()?",
                    ""};
        const auto found = library.exported("stile_workload_build");
        if (!found)
            return {
                fmt::format("it does not say what it was built with: it is of workload ABI 3 or older, or "
                            "has no STILE_WORKLOAD_EXPORT; this program has ABI {}: build it again with "
                            "this version of Stile",
                            abi_version),
                ""};
        BuildTag tag{};
        std::memcpy(&tag, found->data(), std::min(found->size(), sizeof tag));
        if (std::memcmp(tag.magic, build_tag_magic, sizeof tag.magic) != 0)
            return {"its stile_workload_build is damaged", ""};
        return {why_not_ours(tag), text(tag.compiler, sizeof tag.compiler)};
    } catch (const Refusal& refusal) {
        return {refusal.text, ""};
    }
}

}  // namespace stile::workload
