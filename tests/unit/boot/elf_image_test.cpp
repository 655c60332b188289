// SPDX-License-Identifier: Apache-2.0
//
// Question: is a file that is not a loadable program refused with the reason, and are addresses named
// rightly?
#include "sim/boot/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace stile::sim {
namespace {

std::vector<uint8_t> own_program() {
    std::ifstream in("/proc/self/exe", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string refusal(std::span<const uint8_t> file) {
    try {
        ElfImage image(file);
    } catch (const ElfError& e) {
        return e.what();
    }
    return "accepted";
}

// The smallest ELF with one segment of 4 bytes.
std::vector<uint8_t> tiny(uint16_t type = ET_EXEC) {
    std::vector<uint8_t> file(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 4);
    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_type = type;
    h.e_machine = EM_X86_64;
    h.e_entry = 0x401000;
    h.e_phoff = sizeof h;
    h.e_phentsize = sizeof(Elf64_Phdr);
    h.e_phnum = 1;
    Elf64_Phdr p{};
    p.p_type = PT_LOAD;
    p.p_offset = sizeof h + sizeof p;
    p.p_vaddr = p.p_paddr = 0x401000;
    p.p_filesz = 4;
    p.p_memsz = 8192;
    std::memcpy(file.data(), &h, sizeof h);
    std::memcpy(file.data() + sizeof h, &p, sizeof p);
    return file;
}

TEST(ElfImage, ReadsSegmentsAndEntry) {
    const auto file = tiny();
    const ElfImage image(file);
    EXPECT_EQ(image.entry(), 0x401000u);
    ASSERT_EQ(image.segments().size(), 1u);
    EXPECT_EQ(image.segments()[0].bytes.size(), 4u);
    EXPECT_EQ(image.segments()[0].memory_size, 8192u);
    EXPECT_FALSE(image.position_independent());
    const auto pie = tiny(ET_DYN);
    EXPECT_TRUE(ElfImage(pie).position_independent());
}

TEST(ElfImage, SaysWhyAFileIsNoProgram) {
    EXPECT_EQ(refusal({}), "not an ELF file");
    auto file = tiny();
    file.resize(file.size() - 1);
    EXPECT_EQ(
        refusal(file),
        "truncated ELF file: segment 0 has 0x4 bytes at offset 0x78, 0x2000 in memory; the file has 0x7b");
    file.resize(sizeof(Elf64_Ehdr));
    EXPECT_EQ(refusal(file),
              "truncated ELF file: program header 0 at offset 0x40 lies beyond its end (0x40)");
    file = tiny();
    file[offsetof(Elf64_Ehdr, e_machine)] = EM_AARCH64;
    EXPECT_EQ(refusal(file), "not a 64-bit x86-64 ELF file");
    EXPECT_EQ(refusal(own_program()),
              "a dynamically linked program: Stile runs static ones (link with -static)");
}

TEST(ElfImage, TruncatedAnywhereItNeverReadsBeyondTheEnd) {
    const auto whole = tiny();
    for (size_t n = 0; n < whole.size(); ++n)
        EXPECT_NE(refusal({whole.data(), n}), "accepted") << n << " bytes";
}

}  // namespace
}  // namespace stile::sim
