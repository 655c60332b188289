// SPDX-License-Identifier: Apache-2.0
//
// Question: is memory at the kernel's entry as abi/platform.h promises?
#include "sim/boot/boot.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

namespace stile::sim {
namespace {

constexpr uint64_t mem_bytes = 16 << 20;

std::vector<uint8_t> kernel_of(std::string_view text, uint64_t memory_size = 0x3000) {
    std::vector<uint8_t> file(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_type = ET_EXEC;
    h.e_machine = EM_X86_64;
    h.e_entry = STILE_KERNEL_BASE + STILE_KERNEL_PHYS;
    h.e_phoff = sizeof h;
    h.e_phentsize = sizeof(Elf64_Phdr);
    h.e_phnum = 1;
    Elf64_Phdr p{};
    p.p_type = PT_LOAD;
    p.p_offset = file.size();
    p.p_vaddr = h.e_entry;
    p.p_paddr = STILE_KERNEL_PHYS;
    p.p_filesz = text.size();
    p.p_memsz = memory_size;
    std::memcpy(file.data(), &h, sizeof h);
    std::memcpy(file.data() + sizeof h, &p, sizeof p);
    file.resize(file.size() + text.size());  // gcc 12 sees a range insertion here as out of bounds
    std::memcpy(file.data() + file.size() - text.size(), text.data(), text.size());
    return file;
}

// A page walk of the test's own.
uint64_t translate(const model::PhysicalMemory& m, uint64_t cr3, uint64_t v) {
    uint64_t table = cr3;
    for (int shift = 39; shift >= 21; shift -= 9) {
        uint64_t e;
        std::memcpy(&e, m.host(table + ((v >> shift) & 511) * 8), 8);
        if (!(e & 1)) return ~0ull;
        if (shift == 21) return (e & 0xffffe00000ull) | (v & 0x1fffff);
        table = e & 0xfffffff000ull;
    }
    return ~0ull;
}

TEST(Boot, MapsAndRegistersAreAsPromised) {
    model::PhysicalMemory memory(mem_bytes);
    model::CpuState state;
    const auto kernel = kernel_of("text");
    boot(memory, state, kernel, {}, {}, {});
    EXPECT_EQ(state.rip, STILE_KERNEL_BASE + STILE_KERNEL_PHYS);
    EXPECT_EQ(state.cpl, 0);
    EXPECT_EQ(std::memcmp(memory.host(STILE_KERNEL_PHYS), "text", 4), 0);
    EXPECT_EQ(translate(memory, state.cr3, state.rip), STILE_KERNEL_PHYS);
    EXPECT_EQ(translate(memory, state.cr3, 0x12345), 0x12345u);
    EXPECT_EQ(translate(memory, state.cr3, STILE_DIRECT_BASE + 0xabcdef), 0xabcdefu);
    EXPECT_EQ(translate(memory, state.cr3, STILE_DIRECT_BASE + mem_bytes), ~0ull);
    EXPECT_EQ(translate(memory, state.cr3, STILE_DIRECT_BASE + STILE_POWER_OFF), STILE_POWER_OFF);
}

TEST(Boot, HandsOverProcessesAndFreeMemory) {
    model::PhysicalMemory memory(mem_bytes);
    model::CpuState state;
    const BootProcess p{"/bin/a", {"a", "two words"}, {"K=v"}, "/in"};
    boot(memory, state, kernel_of("k"), {}, {&p, 1}, {.seed = 7, .tick_hz = 100});
    stile_boot_info info;
    std::memcpy(&info, memory.host(state.r[isa::RDI]), sizeof info);
    EXPECT_EQ(info.magic, STILE_BOOT_MAGIC);
    EXPECT_EQ(info.seed, 7u);
    EXPECT_EQ(info.tick_hz, 100u);
    ASSERT_EQ(info.n_processes, 1u);
    EXPECT_STREQ(info.strings + info.processes[0].path, "/bin/a");
    EXPECT_EQ(info.processes[0].argc, 2u);
    EXPECT_STREQ(info.strings + info.processes[0].argv + 2, "two words");
    EXPECT_STREQ(info.strings + info.processes[0].envp, "K=v");
    EXPECT_STREQ(info.strings + info.processes[0].stdin_path, "/in");
    EXPECT_EQ(info.free_phys % 4096, 0u);
    EXPECT_GE(info.free_phys, STILE_KERNEL_PHYS + 0x3000);
    for (uint64_t at = info.free_phys; at < mem_bytes; at += 4096) ASSERT_EQ(*memory.host(at), 0) << at;
}

TEST(Boot, SaysWhatDoesNotFit) {
    model::PhysicalMemory memory(mem_bytes);
    model::CpuState state;
    EXPECT_THROW(boot(memory, state, kernel_of("k", mem_bytes), {}, {}, {}), BootError);
    const std::vector<uint8_t> big(mem_bytes);
    const GuestFile file{"/big", big};
    EXPECT_THROW(boot(memory, state, kernel_of("k"), {&file, 1}, {}, {}), BootError);
    const BootProcess p{"/bin/a", {std::string(200000, 'x')}, {}, ""};
    EXPECT_THROW(boot(memory, state, kernel_of("k"), {}, {&p, 1}, {}), BootError);
}

}  // namespace
}  // namespace stile::sim
