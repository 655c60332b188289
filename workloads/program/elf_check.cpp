// SPDX-License-Identifier: Apache-2.0
//
// Every field is the file's word: it is copied out, since nothing need be aligned, and no sum of fields may
// wrap.
#include "workloads/program/elf_check.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace stile::workload {
namespace {

constexpr uint64_t page = 4096;
constexpr uint64_t user_end = 0x7ffffffff000 - (16 << 20);  // as Linux, and the stack is at its top
constexpr uint64_t user_bottom = 0x10000;                   // vm.mmap_min_addr; the kernel maps nothing below
constexpr uint64_t largest_memory = 1ull << 40;  // no machine has more than 40 physical address bits
constexpr uint64_t largest_alignment = 1ull << 30;
constexpr uint64_t largest_phdr_table = 65536;  // Linux

struct Refusal {
    std::string text;
};
template <typename... T>
[[noreturn]] void refuse(fmt::format_string<T...> format, T&&... values) {
    throw Refusal{fmt::format(format, std::forward<T>(values)...)};
}

template <typename T>
T field(std::string_view file, uint64_t offset) {
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

bool inside(std::string_view file, uint64_t offset, uint64_t bytes) {
    return offset <= file.size() && bytes <= file.size() - offset;
}

void check_first_bytes(std::string_view file) {
    if (file.empty()) refuse("it is empty; a static x86-64 program is right");
    if (file.starts_with("#!")) {
        std::string line(file.substr(2, std::min<size_t>(file.find('\n') - 2, 100)));
        line.erase(0, line.find_first_not_of(" \t"));
        for (char& c : line)
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
        refuse(
            "it is a script for '{}'; a static x86-64 build of that, with the script among its args, is "
            "right",
            line);
    }
    if (!file.starts_with(std::string_view(ELFMAG, SELFMAG))) {
        std::string start;
        for (unsigned char c : file.substr(0, 4))
            start += fmt::format("{}{:02x}", start.empty() ? "" : " ", c);
        refuse("it is no ELF file: it starts with {}, not with 7f 45 4c 46; a static x86-64 program is right",
               start);
    }
    if (file.size() < sizeof(Elf64_Ehdr))
        refuse("its ELF header is cut off: the file has {} bytes, the header alone needs {}", file.size(),
               sizeof(Elf64_Ehdr));
}

const char* machine_name(unsigned machine) {
    switch (machine) {
        case EM_386:
            return "32-bit x86";
        case EM_ARM:
            return "32-bit ARM";
        case EM_AARCH64:
            return "AArch64";
        case EM_RISCV:
            return "RISC-V";
        case EM_PPC64:
            return "POWER";
        case EM_S390:
            return "S/390";
        default:
            return "another processor";
    }
}

void check_header(const Elf64_Ehdr& h) {
    const unsigned bits = h.e_ident[EI_CLASS], order = h.e_ident[EI_DATA], version = h.e_ident[EI_VERSION];
    // The machine first: "for AArch64" says more than a class or byte order.
    const unsigned machine = order == ELFDATA2MSB ? __builtin_bswap16(h.e_machine) : h.e_machine;
    if (machine != EM_X86_64)
        refuse("it is for {} (ELF machine {}, at offset 0x12); {} (x86-64) is right", machine_name(machine),
               machine, EM_X86_64);
    if (bits != ELFCLASS64)
        refuse("its ELF class is {} (at offset 4){}; 2 (64-bit) is right", bits,
               bits == ELFCLASS32 ? ": 32-bit" : "");
    if (order != ELFDATA2LSB) refuse("its byte order is {} (at offset 5); 1 (little-endian) is right", order);
    if (version != EV_CURRENT) refuse("its ELF version is {} (at offset 6); 1 is right", version);
    if (h.e_version != EV_CURRENT) refuse("its ELF version is {} (at offset 0x14); 1 is right", h.e_version);
    if (h.e_type == ET_REL)
        refuse("it is an object file (ELF type 1, at offset 0x10); link it to a program first");
    if (h.e_type == ET_CORE) refuse("it is a core dump (ELF type 4, at offset 0x10); a program is right");
    if (h.e_type != ET_EXEC && h.e_type != ET_DYN)
        refuse(
            "its ELF type is {} (at offset 0x10); 2 (a program) or 3 (a position-independent one) is right",
            h.e_type);
}

std::vector<Elf64_Phdr> program_headers(std::string_view file, const Elf64_Ehdr& h) {
    if (h.e_phnum == 0)
        refuse("it has no program headers (their number, at offset 0x38, is 0): there is nothing to load");
    if (h.e_phentsize != sizeof(Elf64_Phdr))
        refuse("its program headers have {} bytes each (at offset 0x36); {} is right", h.e_phentsize,
               sizeof(Elf64_Phdr));
    const uint64_t bytes = uint64_t{h.e_phnum} * sizeof(Elf64_Phdr);
    if (bytes > largest_phdr_table)
        refuse("it has {} program headers (at offset 0x38); {} are the most that fit", h.e_phnum,
               largest_phdr_table / sizeof(Elf64_Phdr));
    if (!inside(file, h.e_phoff, bytes))
        refuse("its {} program headers, at offset {:#x}, do not lie within its {} bytes; is it cut off?",
               h.e_phnum, h.e_phoff, file.size());
    std::vector<Elf64_Phdr> headers;
    for (unsigned i = 0; i < h.e_phnum; ++i)
        headers.push_back(field<Elf64_Phdr>(file, h.e_phoff + i * sizeof(Elf64_Phdr)));
    return headers;
}

// How a message names a program header.
std::string named(const char* what, size_t index, const Elf64_Ehdr& h) {
    return fmt::format("its {} (program header {}, at offset {:#x})", what, index,
                       h.e_phoff + index * sizeof(Elf64_Phdr));
}

void check_segment(std::string_view file, const Elf64_Phdr& p, const std::string& name) {
    if (!inside(file, p.p_offset, p.p_filesz))
        refuse("{} takes {:#x} bytes at offset {:#x} of the file, which has {:#x}; is it cut off?", name,
               p.p_filesz, p.p_offset, file.size());
    if (p.p_memsz < p.p_filesz)
        refuse("{} has {:#x} bytes in the file and only {:#x} in memory", name, p.p_filesz, p.p_memsz);
    if (p.p_memsz > largest_memory)
        refuse("{} wants {:#x} bytes of memory; 40 bits are the most", name, p.p_memsz);
    if ((p.p_align & (p.p_align - 1)) != 0 || p.p_align > largest_alignment)
        refuse("{} is aligned to {:#x}; a power of two up to {:#x} is right", name, p.p_align,
               largest_alignment);
    if (p.p_vaddr > user_end || p.p_memsz > user_end - p.p_vaddr)
        refuse("{} does not lie in user memory: it has {:#x} bytes from {:#x}, and user memory ends at {:#x}",
               name, p.p_memsz, p.p_vaddr, user_end);
    if (p.p_filesz > 0 && p.p_vaddr % page != p.p_offset % page)
        refuse(
            "{} cannot be mapped: address {:#x} and offset {:#x} differ within the page ({:#x} and {:#x}); "
            "they "
            "must be the same",
            name, p.p_vaddr, p.p_offset, p.p_vaddr % page, p.p_offset % page);
}

// The thread-local data is a piece of a segment; the C library copies it for each thread.
void check_tls(const Elf64_Phdr& tls, const std::vector<Elf64_Phdr>& loads, const std::string& name) {
    if (tls.p_memsz < tls.p_filesz)
        refuse("{} has {:#x} bytes in the file and only {:#x} in memory", name, tls.p_filesz, tls.p_memsz);
    if ((tls.p_align & (tls.p_align - 1)) != 0)
        refuse("{} is aligned to {:#x}, which is no power of two", name, tls.p_align);
    if (tls.p_filesz == 0) return;
    for (const Elf64_Phdr& p : loads)
        if (tls.p_vaddr >= p.p_vaddr && tls.p_vaddr - p.p_vaddr <= p.p_memsz &&
            tls.p_filesz <= p.p_memsz - (tls.p_vaddr - p.p_vaddr))
            return;
    refuse("{} starts at {:#x}, which no loaded segment covers", name, tls.p_vaddr);
}

void check_layout(const Elf64_Ehdr& h, const std::vector<Elf64_Phdr>& loads,
                  const std::vector<size_t>& indices) {
    if (loads.empty())
        refuse("it has nothing to load: none of its {} program headers is a segment", h.e_phnum);
    for (size_t i = 1; i < loads.size(); ++i) {
        const Elf64_Phdr &before = loads[i - 1], &p = loads[i];
        if (p.p_vaddr >= before.p_vaddr + before.p_memsz) continue;
        refuse(
            "{} begins at {:#x}, before the end of the one before it ({:#x}); segments must follow one "
            "another",
            named("segment", indices[i], h), p.p_vaddr, before.p_vaddr + before.p_memsz);
    }
    const uint64_t span = loads.back().p_vaddr + loads.back().p_memsz - loads.front().p_vaddr;
    if (span > largest_memory) refuse("its segments span {:#x} bytes; 40 bits are the most", span);
    if (h.e_type == ET_EXEC && loads.front().p_vaddr < user_bottom)
        refuse("{} begins at {:#x}; nothing is mapped below {:#x}", named("segment", indices[0], h),
               loads.front().p_vaddr, user_bottom);
    for (const Elf64_Phdr& p : loads)
        if ((p.p_flags & PF_X) && h.e_entry >= p.p_vaddr && h.e_entry - p.p_vaddr < p.p_memsz) return;
    refuse("its entry point {:#x} (at offset 0x18) lies in no executable segment", h.e_entry);
}

void check(std::string_view file) {
    check_first_bytes(file);
    const auto h = field<Elf64_Ehdr>(file, 0);
    check_header(h);
    const std::vector<Elf64_Phdr> headers = program_headers(file, h);
    std::vector<Elf64_Phdr> loads;
    std::vector<size_t> indices;
    size_t tls = headers.size();
    for (size_t i = 0; i < headers.size(); ++i) {
        const Elf64_Phdr& p = headers[i];
        if (p.p_type == PT_INTERP)
            refuse("it is dynamically linked (program header {} names a loader); link it with -static", i);
        if (p.p_type == PT_TLS && std::exchange(tls, i) != headers.size())
            refuse("{} is its second; one is right", named("thread-local segment", i, h));
        if (p.p_type != PT_LOAD) continue;
        check_segment(file, p, named("segment", i, h));
        if (p.p_memsz == 0) continue;
        loads.push_back(p);
        indices.push_back(i);
    }
    check_layout(h, loads, indices);
    if (tls != headers.size()) check_tls(headers[tls], loads, named("thread-local segment", tls, h));
}

}  // namespace

std::string why_no_program(std::string_view file) {
    try {
        check(file);
    } catch (const Refusal& refusal) {
        return refusal.text;
    }
    return "";
}

}  // namespace stile::workload
