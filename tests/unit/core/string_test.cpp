// SPDX-License-Identifier: Apache-2.0
//
// String instructions against the host: every kind, size, repeat prefix and direction, overlapping operands
// and ones that cross pages. And what they leave in the memory log.
#include <random>

#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::RAX;
using isa::RCX;
using isa::RDI;
using isa::RSI;

namespace {

constexpr unsigned buffer_bytes = 3 * 4096;

struct StringRegs {
    uint64_t rax, rcx, rsi, rdi, flags;
};

// cld or std, [prefix] opcode with operand size, then for the host a return.
std::vector<uint8_t> encode(bool down, unsigned prefix, uint8_t opcode, unsigned size) {
    std::vector<uint8_t> c{static_cast<uint8_t>(down ? 0xfd : 0xfc)};
    if (size == 2) c.push_back(0x66);
    if (prefix) c.push_back(static_cast<uint8_t>(prefix));
    if (size == 8) c.push_back(0x48);
    c.push_back(static_cast<uint8_t>(opcode - (size == 1)));
    return c;
}

}  // namespace

extern "C" void stile_string_native(const void* code, StringRegs* regs);
__asm__(
    ".pushsection .text\n.globl stile_string_native\nstile_string_native:\n"
    "push %rbx\n push %rbp\n mov %rdi, %rbp\n mov %rsi, %rbx\n"
    "mov 0(%rbx), %rax\n mov 8(%rbx), %rcx\n mov 24(%rbx), %rdi\n pushq 32(%rbx)\n mov 16(%rbx), %rsi\n "
    "popf\n call *%rbp\n"
    "pushf\n popq 32(%rbx)\n mov %rax, 0(%rbx)\n mov %rcx, 8(%rbx)\n mov %rsi, 16(%rbx)\n mov %rdi, "
    "24(%rbx)\n"
    "cld\n pop %rbp\n pop %rbx\n ret\n.popsection\n");

}  // namespace stile::model::test

#include <sys/mman.h>

namespace stile::model::test {

class String : public ::testing::TestWithParam<bool> {};

TEST_P(String, MatchesTheHost) {
    auto* page = static_cast<uint8_t*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    Rig rig(ProtectionKind::none, GetParam() ? std::make_unique<Recorder>() : nullptr);
    // Neighbouring pages of the guest's buffer are far apart in its RAM.
    const uint64_t frames[3] = {0x210000, 0x230000, 0x220000};
    for (unsigned i = 0; i < 3; ++i) rig.map(0x600000 + i * 0x1000, frames[i], P | W);
    std::vector<uint8_t> native(buffer_bytes), guest(buffer_bytes);
    std::mt19937_64 rng(7);
    for (unsigned round = 0; round < 3000; ++round) {
        static constexpr uint8_t opcodes[] = {0xa5, 0xab, 0xad, 0xa7, 0xaf};
        static constexpr unsigned prefixes[] = {0, 0xf3, 0xf2};
        const uint8_t opcode = opcodes[rng() % 5];
        const unsigned size = 1u << rng() % 4;
        const bool down = rng() % 3 == 0, comparing = opcode == 0xa7 || opcode == 0xaf;
        const unsigned prefix = prefixes[rng() % (comparing ? 3 : 2)];
        const uint64_t count = rng() % 4 == 0 ? rng() % 3 : rng() % (4000 / size);
        for (auto& b : native) b = static_cast<uint8_t>(comparing ? rng() % 64 == 0 : rng());
        const uint64_t span = count * size, room = buffer_bytes - span - 16;
        uint64_t from = 8 + rng() % room,
                 to = rng() % 2 ? 8 + rng() % room : std::min(from + rng() % 40, room);
        if (down) from += span, to += span;
        const StringRegs start{comparing ? 0 : rng(), count, from, to, 0x202 | (rng() & 0x8d5)};
        const std::vector<uint8_t> code = encode(down, prefix, opcode, size);

        std::vector<uint8_t> with_return = code;
        with_return.push_back(0xc3);
        std::memcpy(page, with_return.data(), with_return.size());
        guest = native;
        const auto base = reinterpret_cast<uint64_t>(native.data());
        StringRegs host = start;
        host.rsi += base, host.rdi += base;
        stile_string_native(page, &host);

        rig.write_code(code_at, code);
        for (unsigned i = 0; i < 3; ++i)
            std::memcpy(rig.memory.host(frames[i]), guest.data() + i * 4096, 4096);
        CpuState& s = rig.core->state();
        s.r[RAX] = start.rax, s.r[RCX] = start.rcx, s.r[RSI] = start.rsi + 0x600000,
        s.r[RDI] = start.rdi + 0x600000;
        s.rip = code_at;
        s.halted = false;
        rig.core->set_rflags(start.flags & ~0x200);
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        for (unsigned i = 0; i < 3; ++i)
            std::memcpy(guest.data() + i * 4096, rig.memory.host(frames[i]), 4096);

        ASSERT_EQ(native, guest) << "round " << round;
        ASSERT_EQ(host.rax, s.r[RAX]) << "round " << round;
        ASSERT_EQ(host.rcx, s.r[RCX]) << "round " << round;
        ASSERT_EQ(host.rsi - base, s.r[RSI] - 0x600000) << "round " << round;
        ASSERT_EQ(host.rdi - base, s.r[RDI] - 0x600000) << "round " << round;
        ASSERT_EQ(host.flags & 0xcd5, rig.core->rflags() & 0xcd5) << "round " << round;
    }
    munmap(page, 4096);
}
INSTANTIATE_TEST_SUITE_P(Policies, String, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "timed" : "functional"; });

GUEST(copy_two_pages, "mov rsi, 0x200800\n mov rdi, 0x240400\n mov ecx, 4096\n rep movsb\n hlt");
TEST(StringLog, ARunIsOneEventPerPageAtMost) {
    for (const bool watched : {false, true}) {
        auto recorder = std::make_unique<Recorder>();
        Recorder& r = *recorder;
        Rig rig(ProtectionKind::none, std::move(recorder));
        rig.load(code_at, GUEST_BYTES(copy_two_pages));
        rig.core->watch_stores(watched);
        ASSERT_EQ(rig.run(), Stop::idle_forever);
        uint64_t loaded = 0, stored = 0;
        for (const MemEvent& e : r.events) {
            EXPECT_EQ(e.vaddr >> 12, (e.vaddr + e.bytes - 1) >> 12);
            (e.kind == MemKind::load ? loaded : stored) += e.bytes;
        }
        EXPECT_EQ(loaded, 4096u);
        EXPECT_EQ(stored, 4096u);
        EXPECT_LE(r.events.size(), 16u) << (watched ? "watched" : "");
    }
}

}  // namespace stile::model::test
