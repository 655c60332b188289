// SPDX-License-Identifier: Apache-2.0
//
// Question: is each kind of file that cannot run as a static program told apart, with the place in the file
// and what would be right?
#include "workloads/program/elf_check.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "tests/support/elf_mutate.h"

namespace stile::workload {
namespace {

class File {
  public:
    explicit File(bool position_independent = false) : bytes_(ELF_SEED_CAPACITY) {
        bytes_.resize(elf_seed(bytes_.data(), position_independent));
    }
    template <typename T>
    File& set(size_t at, T value) {
        std::memcpy(bytes_.data() + at, &value, sizeof value);
        return *this;
    }
    // A change to program header i.
    File& segment(unsigned i, const std::function<void(Elf64_Phdr&)>& change) {
        Elf64_Phdr p;
        const size_t at = sizeof(Elf64_Ehdr) + i * sizeof p;
        std::memcpy(&p, bytes_.data() + at, sizeof p);
        change(p);
        return set(at, p);
    }
    File& cut(size_t size) {
        bytes_.resize(size);
        return *this;
    }
    std::string why() const {
        return why_no_program({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
    }
    size_t size() const { return bytes_.size(); }

  private:
    std::vector<unsigned char> bytes_;
};

TEST(ElfCheck, SoundProgramsPass) {
    EXPECT_EQ(File().why(), "");
    EXPECT_EQ(File(true).why(), "");
    // Legal, if unusual: writable code, an executable stack, a segment without a byte.
    EXPECT_EQ(File().segment(0, [](Elf64_Phdr& p) { p.p_flags |= PF_W; }).why(), "");
    EXPECT_EQ(File().segment(5, [](Elf64_Phdr& p) { p.p_flags |= PF_X; }).why(), "");
    EXPECT_EQ(File().segment(2, [](Elf64_Phdr& p) { p.p_filesz = p.p_memsz = 0; }).why(), "");
}

TEST(ElfCheck, WhatIsNoElfFileSaysWhatItIs) {
    EXPECT_EQ(why_no_program(""), "it is empty; a static x86-64 program is right");
    EXPECT_EQ(why_no_program("MZ\x90"),
              "it is no ELF file: it starts with 4d 5a 90, not with 7f 45 4c 46; a static "
              "x86-64 program is right");
    EXPECT_EQ(why_no_program("#! /bin/sh -e\necho\n"),
              "it is a script for '/bin/sh -e'; a static x86-64 build of "
              "that, with the script among its args, is right");
    EXPECT_EQ(why_no_program("#!"),
              "it is a script for ''; a static x86-64 build of that, with the script among its "
              "args, is right");
    EXPECT_EQ(why_no_program("\177ELF"),
              "its ELF header is cut off: the file has 4 bytes, the header alone needs 64");
}

TEST(ElfCheck, HeaderFieldsAreNamedWithTheirOffset) {
    EXPECT_EQ(File().set<uint16_t>(0x12, EM_AARCH64).why(),
              "it is for AArch64 (ELF machine 183, at offset 0x12); 62 (x86-64) is right");
    EXPECT_EQ(File().set<uint8_t>(4, 1).set<uint16_t>(0x12, EM_386).why(),
              "it is for 32-bit x86 (ELF machine 3, at offset 0x12); 62 (x86-64) is right");
    EXPECT_EQ(File().set<uint8_t>(5, 2).set<uint16_t>(0x12, 0x1600).why(),
              "it is for S/390 (ELF machine 22, at offset 0x12); 62 (x86-64) is right");
    EXPECT_EQ(File().set<uint8_t>(4, 1).why(),
              "its ELF class is 1 (at offset 4): 32-bit; 2 (64-bit) is right");
    EXPECT_EQ(File().set<uint8_t>(4, 9).why(), "its ELF class is 9 (at offset 4); 2 (64-bit) is right");
    EXPECT_EQ(File().set<uint8_t>(5, 0).why(),
              "its byte order is 0 (at offset 5); 1 (little-endian) is right");
    EXPECT_EQ(File().set<uint8_t>(6, 0).why(), "its ELF version is 0 (at offset 6); 1 is right");
    EXPECT_EQ(File().set<uint32_t>(0x14, 2).why(), "its ELF version is 2 (at offset 0x14); 1 is right");
    EXPECT_EQ(File().set<uint16_t>(0x10, ET_REL).why(),
              "it is an object file (ELF type 1, at offset 0x10); link it to a program first");
    EXPECT_EQ(File().set<uint16_t>(0x10, ET_CORE).why(),
              "it is a core dump (ELF type 4, at offset 0x10); a program is right");
    EXPECT_EQ(
        File().set<uint16_t>(0x10, 0xfe00).why(),
        "its ELF type is 65024 (at offset 0x10); 2 (a program) or 3 (a position-independent one) is right");
    EXPECT_EQ(File().set<uint64_t>(0x18, 0x402300).why(),
              "its entry point 0x402300 (at offset 0x18) lies in no executable segment");
    EXPECT_EQ(File().set<uint16_t>(0x36, 32).why(),
              "its program headers have 32 bytes each (at offset 0x36); 56 is right");
    EXPECT_EQ(File().set<uint16_t>(0x38, 0).why(),
              "it has no program headers (their number, at offset 0x38, is 0): there is nothing to load");
    EXPECT_EQ(File().set<uint16_t>(0x38, 1171).why(),
              "it has 1171 program headers (at offset 0x38); 1170 are the most that fit");
    EXPECT_EQ(File().set<uint64_t>(0x20, ~0ull - 55).why(),
              "its 6 program headers, at offset 0xffffffffffffffc8, do not lie within its 1833 bytes; is it "
              "cut off?");
}

TEST(ElfCheck, SegmentsAreNamedWithTheirHeader) {
    using P = Elf64_Phdr;
    EXPECT_EQ(File().segment(1, [](P& p) { p.p_type = PT_INTERP; }).why(),
              "it is dynamically linked (program header 1 names a loader); link it with -static");
    EXPECT_EQ(File().segment(1, [](P& p) { p.p_filesz = 0x2000; }).why(),
              "its segment (program header 1, at offset 0x78) takes 0x2000 bytes at offset 0x300 of the "
              "file, which "
              "has 0x729; is it cut off?");
    EXPECT_EQ(
        File().segment(1, [](P& p) { p.p_offset = ~0ull - 0xff; }).why(),
        "its segment (program header 1, at offset 0x78) takes 0x40 bytes at offset 0xffffffffffffff00 of the "
        "file, which has 0x729; is it cut off?");
    EXPECT_EQ(
        File().segment(1, [](P& p) { p.p_memsz = 0x3f; }).why(),
        "its segment (program header 1, at offset 0x78) has 0x40 bytes in the file and only 0x3f in memory");
    EXPECT_EQ(
        File().segment(1, [](P& p) { p.p_memsz = 1ull << 41; }).why(),
        "its segment (program header 1, at offset 0x78) wants 0x20000000000 bytes of memory; 40 bits are the "
        "most");
    EXPECT_EQ(File().segment(1, [](P& p) { p.p_vaddr = 0x7fffffff0300; }).why(),
              "its segment (program header 1, at offset 0x78) does not lie in user memory: it has 0x3000 "
              "bytes from "
              "0x7fffffff0300, and user memory ends at 0x7ffffefff000");
    EXPECT_EQ(File()
                  .segment(1, [](P& p) { p.p_vaddr = ~0ull - 0xcff; })
                  .why()
                  .find("its segment (program header 1, at offset 0x78) does not lie in user memory"),
              0u);
    EXPECT_EQ(
        File().segment(1, [](P& p) { p.p_vaddr += 8; }).why(),
        "its segment (program header 1, at offset 0x78) cannot be mapped: address 0x402308 and offset 0x300 "
        "differ within the page (0x308 and 0x300); they must be the same");
    EXPECT_EQ(File().segment(1, [](P& p) { p.p_align = 3; }).why(),
              "its segment (program header 1, at offset 0x78) is aligned to 0x3; a power of two up to "
              "0x40000000 is "
              "right");
    EXPECT_EQ(File()
                  .segment(1, [](P& p) { p.p_vaddr = 0x400300; })
                  .segment(0, [](P& p) { p.p_memsz = 0x301; })
                  .why(),
              "its segment (program header 1, at offset 0x78) begins at 0x400300, before the end of the one "
              "before it "
              "(0x400301); segments must follow one another");
    EXPECT_EQ(
        File().segment(0, [](P& p) { p.p_vaddr = 0; }).set<uint64_t>(0x18, 0x200).why(),
        "its segment (program header 0, at offset 0x40) begins at 0x0; nothing is mapped below 0x10000");
    File none;
    for (unsigned i = 0; i < 3; ++i) none.segment(i, [](P& p) { p.p_type = PT_NULL; });
    EXPECT_EQ(none.why(), "it has nothing to load: none of its 6 program headers is a segment");
    EXPECT_EQ(File().segment(4, [](P& p) { p.p_vaddr = 0x100; }).why(),
              "its thread-local segment (program header 4, at offset 0x120) starts at 0x100, which no loaded "
              "segment "
              "covers");
    EXPECT_EQ(File().segment(4, [](P& p) { p.p_align = 24; }).why(),
              "its thread-local segment (program header 4, at offset 0x120) is aligned to 0x18, which is no "
              "power of "
              "two");
    EXPECT_EQ(File().segment(4, [](P& p) { p.p_memsz = 1; }).why(),
              "its thread-local segment (program header 4, at offset 0x120) has 0x10 bytes in the file and "
              "only 0x1 "
              "in memory");
    EXPECT_EQ(File().segment(5, [](P& p) { p.p_type = PT_TLS; }).why(),
              "its thread-local segment (program header 5, at offset 0x158) is its second; one is right");
}

// Behind the last segment there is nothing that a program needs to run.
TEST(ElfCheck, CutOffAnywhereItIsRefusedUpToTheLastSegmentsEnd) {
    const size_t needed = ELF_DATA_AT + 64;
    for (size_t n = 0; n < File().size(); ++n)
        EXPECT_EQ(File().cut(n).why().empty(), n >= needed) << n << " bytes";
}

}  // namespace
}  // namespace stile::workload
