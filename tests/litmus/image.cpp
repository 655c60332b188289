// SPDX-License-Identifier: Apache-2.0
#include "tests/litmus/image.h"

#include <cstring>

#include "tests/litmus/random.h"

namespace stile::test {

namespace {

constexpr uint64_t tables_at = 0x1000, code_at = 0x10'0000, flags_at = 0x18'0000, results_at = 0x20'0000,
                   locations_at = 0x200'0000;
constexpr unsigned result_bytes = 16, line = 64;
constexpr int result_registers[4] = {3, 6, 7, 5};  // ebx, esi, edi, ebp

}  // namespace

LitmusImage::LitmusImage(const Litmus& test, unsigned tries, uint64_t seed) : test_(test), tries_(tries) {
    Random random(seed);
    static constexpr unsigned spreads[] = {64, 64, 64, 8, 4}, masks[] = {0, 7, 31, 127};
    spread_ = spreads[random.below(5)];
    delay_mask_ = masks[random.below(4)];
    split_ = random.below(2);
    for (unsigned t = 0; t < test_.threads.size(); ++t) {
        entries_.push_back(here());
        emit_thread(t, random());
    }
    start_ = here();
    emit_start();
}

uint64_t LitmusImage::here() const { return code_at + code_.size(); }
uint64_t LitmusImage::results(unsigned thread) const {
    return results_at + uint64_t{thread} * tries_ * result_bytes;
}

// r8 try, r9 tries, r10 locations, r11 results, r12 random number, r13 flags of the barrier, r15 multiplier.
void LitmusImage::emit_thread(unsigned thread, uint64_t seed) {
    bytes({0x49, 0xc7, 0xc0}), number(1, 4);
    bytes({0x49, 0xc7, 0xc1}), number(tries_, 4);
    bytes({0x49, 0xc7, 0xc2}), number(locations_at, 4);
    bytes({0x49, 0xc7, 0xc3}), number(results(thread), 4);
    bytes({0x49, 0xbc}), number(seed, 8);
    bytes({0x49, 0xc7, 0xc5}), number(flags_at, 4);
    bytes({0x49, 0xbf}), number(6364136223846793005, 8);
    const uint64_t again = here();
    bytes({0x4d, 0x0f, 0xaf, 0xe7});                    // imul r12, r15
    bytes({0x49, 0x81, 0xc4}), number(1442695041, 4);   // add r12, ...
    bytes({0x4c, 0x89, 0xe0, 0x48, 0xc1, 0xe8, 0x21});  // mov rax, r12; shr rax, 33
    for (unsigned l = 0; l < test_.locations; ++l) {
        bytes({0xa9}), number(1u << l, 4);                           // test eax, bit
        bytes({0x74, 7, 0x41, 0x8b, 0x92}), number(l * spread_, 4);  // jz over; mov edx, [r10 + ...]
    }
    bytes({0xc1, 0xe8, 0x04});                            // shr eax, 4
    bytes({0x4d, 0x89, 0x85}), number(thread * line, 4);  // mov [r13 + own], r8
    for (unsigned other = 0; other < test_.threads.size(); ++other)
        if (other != thread) bytes({0x4d, 0x39, 0x85}), number(other * line, 4), bytes({0x72, 0xf7});
    bytes({0x25}), number(delay_mask_, 4);
    bytes({0x74, 4, 0xff, 0xc8, 0x75, 0xfc});  // jz over; dec eax; jnz
    unsigned reads = 0;
    for (const LitmusOp& op : test_.threads[thread]) {
        const uint64_t offset = op.where * spread_;
        switch (op.kind) {
            case LitmusOp::store:  // mov dword [r10 + ...], value
                bytes({0x41, 0xc7, 0x82}), number(offset, 4), number(op.value, 4);
                break;
            case LitmusOp::load:
                bytes({0x41, 0x8b, 0x82 | result_registers[reads++] << 3}), number(offset, 4);
                break;
            case LitmusOp::fence:
                bytes({0x0f, 0xae, 0xf0});
                break;
            case LitmusOp::exchange:  // mov reg, value; xchg reg, [r10 + ...]
                bytes({0xb8 | result_registers[reads]}), number(op.value, 4);
                bytes({0x41, 0x87, 0x82 | result_registers[reads++] << 3}), number(offset, 4);
                break;
        }
        if (split_) bytes({0xeb, 0});  // jmp to the next
    }
    for (unsigned r = 0; r < reads; ++r)  // mov [r11 + 4 r], reg
        bytes({0x41, 0x89, 0x43 | result_registers[r] << 3, static_cast<int>(4 * r)});
    bytes({0x49, 0x83, 0xc3, result_bytes});
    bytes({0x49, 0x81, 0xc2}), number(test_.locations * spread_, 4);
    bytes({0x49, 0xff, 0xc0, 0x4d, 0x39, 0xc8, 0x0f, 0x86});  // inc r8; cmp r8, r9; jbe again
    number(again - (here() + 4), 4);
    bytes({0xf4, 0xeb, 0xfd});  // hlt
}

void LitmusImage::emit_start() {
    constexpr uint32_t x2apic_id = 0x802, command = 0x830, all_but_self = 0xc4000, init = 0x500,
                       start_up = 0x608;
    bytes({0xb9}), number(x2apic_id, 4), bytes({0x0f, 0x32, 0x85, 0xc0, 0x75, 0});  // rdmsr; test; jnz others
    const size_t jump = code_.size();
    bytes({0xb9}), number(command, 4), bytes({0x31, 0xd2});
    bytes({0xb8}), number(all_but_self | init, 4), bytes({0x0f, 0x30});
    bytes({0xb8}), number(all_but_self | start_up, 4), bytes({0x0f, 0x30, 0x31, 0xc0});
    code_[jump - 1] = static_cast<uint8_t>(code_.size() - jump);
    for (unsigned t = 0; t < test_.threads.size(); ++t) {
        bytes({0x83, 0xf8, static_cast<int>(t), 0x0f, 0x84});  // cmp eax, t; je its code
        number(entries_[t] - (here() + 4), 4);
    }
    bytes({0xf4, 0xeb, 0xfd});
}

void LitmusImage::map(model::PhysicalMemory& ram) {
    const auto put = [&ram](uint64_t at, uint64_t value) { std::memcpy(ram.host(at), &value, 8); };
    put(tables_at, (tables_at + 0x1000) | 3);
    put(tables_at + 0x1000, (tables_at + 0x2000) | 3);
    for (uint64_t i = 0; i < ram_size >> 21; ++i) put(tables_at + 0x2000 + 8 * i, i << 21 | 0x83);
}

void LitmusImage::load(model::PhysicalMemory& ram) const {
    map(ram);
    std::memcpy(ram.host(code_at), code_.data(), code_.size());
}

void LitmusImage::begin(model::Core& core, uint64_t rip) {
    model::CpuState& s = core.state();
    s.cr0 = 0x80050033;
    s.cr4 = 0x6a0;
    s.efer = 0xd01;
    s.cr3 = tables_at;
    s.cs = 8;
    s.cpl = 0;
    s.rip = rip;
    core.mmu().flush_all();
    core.mmu().context_changed();
}

Counts LitmusImage::counts(const model::PhysicalMemory& ram) const {
    Counts all;
    Outcome o;
    const auto add = [&](uint64_t at) {
        uint32_t v;
        std::memcpy(&v, ram.host(at), 4);
        o += "0123456789abcdef"[v & 15];
    };
    for (unsigned i = 0; i < tries_; ++i) {
        o.clear();
        for (unsigned t = 0; t < test_.threads.size(); ++t) {
            unsigned reads = 0;
            for (const LitmusOp& op : test_.threads[t])
                if (op.kind == LitmusOp::load || op.kind == LitmusOp::exchange)
                    add(results(t) + uint64_t{i} * result_bytes + 4 * reads++);
        }
        for (unsigned l = 0; l < test_.locations; ++l)
            add(locations_at + (uint64_t{i} * test_.locations + l) * spread_);
        ++all[o];
    }
    return all;
}

}  // namespace stile::test
