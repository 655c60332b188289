// SPDX-License-Identifier: Apache-2.0
//
// A core with bare RAM and page tables built by hand, and guest code written as assembly in the test: the
// host's assembler makes the bytes, so the tests need an x86-64 host.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "abi/codoms.h"
#include "model/core/core.h"

// GUEST(name, "text"): position-independent code, copied into the guest by Rig::load(name).
#define GUEST(name, text)                                                                              \
    extern "C" const uint8_t name##_begin[], name##_end[];                                             \
    __asm__(".pushsection .rodata\n.intel_syntax noprefix\n.p2align 6\n.globl " #name "_begin, " #name \
            "_end\n" #name "_begin:\n" text "\n" #name "_end:\n.att_syntax prefix\n.popsection\n")
#define GUEST_BYTES(name) std::span<const uint8_t>(name##_begin, name##_end)

namespace stile::model::test {

// 64-bit physical layout of the rig. The first 64 MiB are mapped one to one, supervisor, 4 KiB pages.
inline constexpr uint64_t ram_size = 64 << 20;
inline constexpr uint64_t code_at = 0x100000, data_at = 0x200000, stack_top = 0x300000, user_code = 0x400000,
                          user_data = 0x480000, user_stack = 0x4f0000, idt_at = 0x10000, gdt_at = 0x11000,
                          tss_at = 0x12000, ist_top = 0x18000, handler_at = 0x180000, tables_at = 0x1000000,
                          hole = 0x800000000000;
// Two domains of those tests that are about domains.
inline constexpr uint64_t page_a = user_code, page_b = user_code + 0x2000, dcs_page = user_data + 0x8000;
inline constexpr uint16_t tag_a = 0x11, tag_b = 0x5022;
enum : uint64_t { P = 1, W = 2, U = 4, NX = 1ull << 63 };

// Records the memory log instead of modelling anything.
struct Recorder final : Timing {
    std::vector<MemEvent> events;
    BlockCost block(const BlockRun& run, const MemLog& log) override {
        events.insert(events.end(), log.e, log.e + log.n);
        return {run.code->insns.size(), 0};
    }
    BlockCost event(isa::OpClass, const MemLog&) override { return {1, 0}; }
};

class Rig : public MmioPort, public Observer {
  public:
    explicit Rig(ProtectionKind protection = ProtectionKind::none, std::unique_ptr<Timing> timing = nullptr,
                 const MachineConfig& base = {});

    // --- memory
    void map(uint64_t vaddr, uint64_t paddr, uint64_t flags);  // a 4 KiB page; also changes one
    void load(uint64_t paddr, std::span<const uint8_t> code) {
        std::memcpy(memory.host(paddr), code.data(), code.size());
    }
    // Code followed by HLT, into memory that may have been executed before: the core is told as by a store.
    void write_code(uint64_t paddr, std::span<const uint8_t> code);
    template <typename T>
    T& at(uint64_t paddr) {
        return *reinterpret_cast<T*>(memory.host(paddr));
    }
    uint64_t& pte(uint64_t vaddr);
    void user_pages();  // user_code executable, user_data and user_stack writable, all of them U

    // --- tables of the processor: a GDT with kernel (8, 16) and user (0x2b, 0x23) segments, a TSS, an IDT
    void gate(unsigned vector, uint64_t handler, unsigned ist = 0, unsigned dpl = 0, unsigned type = 0xe);
    void enter_user(uint64_t rip);  // ring 3 at rip, interrupts on

    // Runs until HLT with interrupts off, power-off or `limit`.
    Stop run(Cycles limit = 1'000'000);
    uint64_t reg(unsigned r) const { return core->state().r[r]; }

    bool mmio_read(uint64_t, void*, unsigned) override { return false; }
    bool mmio_write(uint64_t, const void*, unsigned) override { return false; }
    void marker(Core&, uint32_t code, uint64_t rdi, uint64_t, uint64_t) override {
        marks.push_back({code, rdi, core->now()});
        if (on_mark) on_mark(code);
    }
    void unsupported(Core&, uint64_t rip, std::span<const uint8_t>) override {
        unsupported_at.push_back(rip);
    }

    void halted(Core&, bool begins) override { halts.emplace_back(begins, core->now()); }

    struct Mark {
        uint32_t code;
        uint64_t rdi;
        Cycles when;
    };
    std::vector<Mark> marks;
    std::vector<uint64_t> unsupported_at;
    std::vector<std::pair<bool, Cycles>> halts;
    std::function<void(uint32_t)> on_mark;
    MachineConfig config;
    PhysicalMemory memory;
    std::unique_ptr<Core> core;

  private:
    uint64_t next_table_ = tables_at + 0x1000;
};

}  // namespace stile::model::test
