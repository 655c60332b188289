// SPDX-License-Identifier: Apache-2.0
#include "sim/boot/boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "sim/boot/elf_image.h"

namespace stile::sim {
namespace {

constexpr uint64_t page = 4096, large_page = 2ull << 20, gib = 1ull << 30;
constexpr uint64_t pte_present = 1, pte_write = 2, pte_uncached = 0x10, pte_large = 0x80;

// Memory is handed out upwards from behind the kernel; what is above at the end is the kernel's.
class Placer {
  public:
    Placer(model::PhysicalMemory& memory, uint64_t from) : memory_(memory), next_(from) {}
    uint64_t take(uint64_t bytes, const char* what) {
        const uint64_t at = next_;
        if (!memory_.contains(at, bytes))
            throw BootError(fmt::format("{} ({} bytes) does not fit into machine.memory.size ({} bytes)",
                                        what, bytes, memory_.size()));
        next_ = (at + bytes + page - 1) & ~(page - 1);
        return at;
    }
    uint64_t next() const { return next_; }

  private:
    model::PhysicalMemory& memory_;
    uint64_t next_;
};

class PageTables {
  public:
    PageTables(model::PhysicalMemory& memory, Placer& placer) : memory_(memory), placer_(placer) {
        root_ = table();
    }
    void map(uint64_t virt, uint64_t phys, uint64_t bytes, uint64_t flags) {
        for (uint64_t at = 0; at < bytes; at += large_page) {
            const uint64_t v = virt + at;
            uint64_t directory = child(child(root_, (v >> 39) & 511), (v >> 30) & 511);
            entry(directory, (v >> 21) & 511) = (phys + at) | flags | pte_present | pte_write | pte_large;
        }
    }
    uint64_t root() const { return root_; }

  private:
    uint64_t& entry(uint64_t table, unsigned index) {
        return reinterpret_cast<uint64_t*>(memory_.host(table))[index];
    }
    uint64_t table() { return placer_.take(page, "a boot page table"); }
    uint64_t child(uint64_t table_address, unsigned index) {
        uint64_t& e = entry(table_address, index);
        if (e == 0) e = table() | pte_present | pte_write;
        return e & ~(page - 1);
    }
    model::PhysicalMemory& memory_;
    Placer& placer_;
    uint64_t root_;
};

class Strings {
  public:
    explicit Strings(stile_boot_info& info) : info_(info) { used_ = 1; }  // offset 0 means "none"
    unsigned add(const std::string& s) {
        if (s.size() + 1 > sizeof info_.strings - used_)
            throw BootError(fmt::format("arguments and environment of all processes exceed {} bytes",
                                        sizeof info_.strings));
        const unsigned at = used_;
        std::memcpy(info_.strings + at, s.c_str(), s.size() + 1);
        used_ += static_cast<unsigned>(s.size()) + 1;
        return at;
    }
    unsigned add(const std::vector<std::string>& list) {
        const unsigned at = used_;
        for (const auto& s : list) add(s);
        return list.empty() ? 0 : at;
    }

  private:
    stile_boot_info& info_;
    unsigned used_;
};

uint64_t load_kernel(model::PhysicalMemory& memory, const ElfImage& kernel) {
    uint64_t end = STILE_KERNEL_PHYS;
    for (const auto& segment : kernel.segments()) {
        if (!memory.contains(segment.paddr, segment.memory_size))
            throw BootError("the kernel does not fit into machine.memory.size");
        std::memcpy(memory.host(segment.paddr), segment.bytes.data(), segment.bytes.size());
        end = std::max(end, segment.paddr + segment.memory_size);
    }
    return (end + page - 1) & ~(page - 1);
}

void enter_long_mode(model::CpuState& state, uint64_t entry, uint64_t cr3, uint64_t info) {
    state = {};
    state.rip = entry;
    state.r[isa::RDI] = info;
    state.cs = 8;
    state.cr0 = 0x80050033;  // PG AM WP NE ET MP PE
    state.cr3 = cr3;
    state.cr4 = 0x6a0;   // PAE PGE OSFXSR OSXMMEXCPT
    state.efer = 0xd01;  // NXE LMA LME SCE
}

}  // namespace

void boot(model::PhysicalMemory& memory, model::CpuState& state, std::span<const uint8_t> kernel_elf,
          std::span<const GuestFile> files, std::span<const BootProcess> processes,
          const BootOptions& options) {
    if (processes.size() > STILE_BOOT_MAX_PROCESSES)
        throw BootError(
            fmt::format("{} processes at boot; at most {} fit", processes.size(), STILE_BOOT_MAX_PROCESSES));
    const ElfImage kernel(kernel_elf);
    Placer placer(memory, load_kernel(memory, kernel));

    const uint64_t info_at = placer.take(sizeof(stile_boot_info), "the boot information");
    const auto archive = make_initrd(files);
    const uint64_t initrd_at = placer.take(archive.size(), "the initial ramdisk");
    std::memcpy(memory.host(initrd_at), archive.data(), archive.size());

    PageTables tables(memory, placer);
    tables.map(0, 0, gib, 0);
    tables.map(STILE_KERNEL_BASE, 0, gib, 0);
    tables.map(STILE_DIRECT_BASE, 0, memory.size(), 0);
    tables.map(STILE_DIRECT_BASE + STILE_MMIO_BASE, STILE_MMIO_BASE, STILE_MMIO_SIZE, pte_uncached);

    // Built aside and copied, because guest memory has no alignment to promise to the host's compiler.
    auto info = std::make_unique<stile_boot_info>();
    *info = {};
    info->magic = STILE_BOOT_MAGIC;
    info->mem_bytes = memory.size();
    info->initrd_phys = initrd_at;
    info->initrd_bytes = archive.size();
    info->free_phys = placer.next();
    info->seed = options.seed;
    info->tsc_hz = options.tsc_hz;
    info->tick_hz = options.tick_hz;
    info->cpus = options.cpus;
    info->protection = options.protection;
    info->self_test = options.self_test ? 1 : 0;
    info->kernel_profile = options.kernel_profile;
    info->flush_apl = options.flush_apl ? 1 : 0;
    info->tag_limit = options.tag_limit;
    info->checks_off = options.checks_off;
    info->n_processes = static_cast<unsigned>(processes.size());
    Strings strings(*info);
    for (size_t i = 0; i < processes.size(); ++i) {
        const auto& p = processes[i];
        auto& out = info->processes[i];
        out.path = strings.add(p.path);
        out.argc = static_cast<unsigned>(p.argv.size());
        out.argv = strings.add(p.argv);
        out.envc = static_cast<unsigned>(p.env.size());
        out.envp = strings.add(p.env);
        out.stdin_path = p.stdin_path.empty() ? 0 : strings.add(p.stdin_path);
        out.cwd = p.cwd.empty() ? 0 : strings.add(p.cwd);
        out.cores = p.cores;
    }
    info->n_keep = static_cast<unsigned>(options.keep.size());
    info->keep = strings.add(options.keep);
    std::memcpy(memory.host(info_at), info.get(), sizeof *info);
    enter_long_mode(state, kernel.entry(), tables.root(), info_at);
}

}  // namespace stile::sim
