// SPDX-License-Identifier: Apache-2.0
//
// Question: does a repeated string instruction touch what capabilities lend as if it did one element after
// the other? Whatever ends in its middle (a capability, a page, the mapping), and if both operands are the
// same memory by two addresses, it stops at the same element with the same fault.
#include <optional>
#include <random>

#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::R14;
using isa::RAX;
using isa::RCX;
using isa::RDI;
using isa::RSI;

namespace {

constexpr uint64_t window = user_data, page_size = 0x1000;
constexpr uint16_t tag_own = 0x11, tag_other = 0x5022;
constexpr unsigned finished = VEC_UD;  // of the instruction behind it

// The window: of ours, three pages of another domain (the third is the first again), ours, and nothing.
struct Page {
    uint64_t frame;
    bool own;
};
constexpr Page window_pages[] = {
    {0x210000, true}, {0x230000, false}, {0x220000, false}, {0x230000, false}, {0x250000, true}};
constexpr uint64_t mapped = std::size(window_pages) * page_size;
constexpr uint64_t frames[] = {0x210000, 0x220000, 0x230000, 0x250000};

GUEST(lent_stop, "mov r15, rsp\n mov r14, cr2\n hlt");

struct LendingMachine : Rig {
    explicit LendingMachine(std::unique_ptr<Timing> timing = nullptr)
        : Rig(ProtectionKind::codoms, std::move(timing)) {
        user_pages();
        for (uint64_t a = user_code; a < 0x500000; a += page_size) pte(a) |= STILE_PTE_TAG(tag_own);
        for (uint64_t i = 0; i < std::size(window_pages); ++i)
            map(window + i * page_size, window_pages[i].frame,
                P | W | U | NX | STILE_PTE_TAG(window_pages[i].own ? tag_own : tag_other));
        map(window + mapped, 0, 0);
        for (unsigned v = 0; v < 32; ++v) {
            gate(v, handler_at + 16 * v);
            load(handler_at + 16 * v, GUEST_BYTES(lent_stop));
        }
        CpuState& s = core->state();
        s.cd.control = 1;
        for (const uint16_t tag : {tag_own, tag_other}) {
            stile_apl_record r{};
            r.slot = tag == tag_other, r.tag = tag;
            core->protection().apl_fill(r);
        }
    }
    void lend(unsigned reg, uint64_t base, uint64_t length, unsigned right) {
        core->mmu().set_capability(reg,
                                   {base, length, 0, 0, STILE_CAP_WORD(tag_other, 0, right, STILE_CAP_SYNC)});
    }
    // One instruction, at ring 3. The vector of what ended it.
    unsigned go(std::vector<uint8_t> code) {
        code.insert(code.end(), {0x0f, 0x0b});
        write_code(user_code, code);
        core->state().cd.latch = {tag_own, STILE_XFER_SEQ, 0};
        core->state().halted = false;
        enter_user(user_code);
        core->set_rflags(2);
        run();
        return static_cast<unsigned>((core->state().rip - handler_at) / 16);
    }
};

struct Operands {
    uint64_t rax, rcx, rsi, rdi;
    bool operator==(const Operands&) const = default;
};

// The same, element by element, byte by byte.
struct Reference {
    std::vector<uint8_t> memory;  // the frames, one behind the other
    std::vector<stile_cap> lent;
    Operands at{};
    unsigned vector = finished;
    uint64_t address = 0;

    uint8_t& byte(uint64_t vaddr) {
        const uint64_t frame = window_pages[(vaddr - window) / page_size].frame;
        const auto place =
            static_cast<uint64_t>(std::find(std::begin(frames), std::end(frames), frame) - frames);
        return memory[place * page_size + vaddr % page_size];
    }
    bool refused(uint64_t vaddr, unsigned bytes, bool write) {
        for (uint64_t from = vaddr; from < vaddr + bytes;) {
            const uint64_t to = std::min(vaddr + bytes, (from / page_size + 1) * page_size);
            if (from < window || from >= window + mapped) return vector = VEC_PF, address = from, true;
            const unsigned needed = write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ;
            const bool allowed =
                window_pages[(from - window) / page_size].own ||
                std::any_of(lent.begin(), lent.end(), [&](const stile_cap& c) {
                    return from >= c.base && to <= c.base + c.length && STILE_CAP_RIGHT(c.word) >= needed;
                });
            if (!allowed) return vector = STILE_VEC_DOMAIN, address = from, true;
            from = to;
        }
        return false;
    }
    uint64_t value(uint64_t vaddr, unsigned size) {
        uint64_t v = 0;
        for (unsigned i = 0; i < size; ++i) v |= uint64_t{byte(vaddr + i)} << 8 * i;
        return v;
    }
    void run(uint8_t opcode, unsigned size, bool down, bool while_equal) {
        const uint64_t mask = ~0ull >> (64 - 8 * size);
        const bool reads_source = opcode == 0xa5 || opcode == 0xad || opcode == 0xa7;
        const bool writes = opcode == 0xa5 || opcode == 0xab, to_rdi = opcode != 0xad;
        for (; at.rcx != 0; --at.rcx) {
            if (reads_source && refused(at.rsi, size, false)) return;
            if (to_rdi && refused(at.rdi, size, writes)) return;
            const uint64_t source = reads_source ? value(at.rsi, size) : at.rax & mask;
            if (writes)
                for (unsigned i = 0; i < size; ++i) byte(at.rdi + i) = static_cast<uint8_t>(source >> 8 * i);
            if (opcode == 0xad) at.rax = size == 4 ? source : (at.rax & ~mask) | source;
            const bool equal = !writes && to_rdi && source == value(at.rdi, size);
            const uint64_t step = down ? -uint64_t{size} : size;
            if (reads_source) at.rsi += step;
            if (to_rdi) at.rdi += step;
            if ((opcode == 0xa7 || opcode == 0xaf) && equal != while_equal) {
                --at.rcx;
                return;
            }
        }
    }
};

std::vector<uint8_t> encode(bool down, uint8_t prefix, uint8_t opcode, unsigned size) {
    std::vector<uint8_t> c{static_cast<uint8_t>(down ? 0xfd : 0xfc)};
    if (size == 2) c.push_back(0x66);
    c.push_back(prefix);
    if (size == 8) c.push_back(0x48);
    c.push_back(static_cast<uint8_t>(opcode - (size == 1)));
    return c;
}

}  // namespace

class LentString : public ::testing::TestWithParam<bool> {};

TEST_P(LentString, IsOneElementAfterTheOther) {
    LendingMachine m(GetParam() ? std::make_unique<Recorder>() : nullptr);
    std::mt19937_64 rng(11);
    const auto below = [&](uint64_t n) { return rng() % n; };
    unsigned ended[256] = {};
    for (unsigned round = 0; round < 6000; ++round) {
        Reference r;
        r.memory.resize(std::size(frames) * page_size);
        constexpr uint8_t opcodes[] = {0xa5, 0xa5, 0xab, 0xad, 0xa7, 0xaf};
        const uint8_t opcode = opcodes[below(6)], prefix = below(2) ? 0xf3 : 0xf2;
        const bool comparing = opcode == 0xa7 || opcode == 0xaf, down = below(4) == 0;
        const unsigned size = 1u << below(4);
        for (auto& b : r.memory) b = comparing ? below(2000) == 0 : static_cast<uint8_t>(rng());
        for (unsigned reg = 0; reg < STILE_CAP_REGS; ++reg) m.core->mmu().set_capability(reg, {});
        for (unsigned reg = 0; reg < 3; ++reg) {
            const uint64_t base = window + page_size + below(3 * page_size),
                           length = 1 + below(below(2) ? 300 : 9000);
            m.lend(reg, base, length, below(4) ? STILE_RIGHT_WRITE : STILE_RIGHT_READ);
            r.lent.push_back(m.core->state().cd.caps[reg]);
        }
        // Mostly where something is lent; often near the other operand, or the same memory by another
        // address.
        const auto anywhere = [&] {
            return below(3) ? r.lent[below(3)].base + below(200) : window + below(mapped);
        };
        r.at = {rng(), below(3) ? below(200) : below(2000), anywhere(), anywhere()};
        if (below(3) == 0) r.at.rdi = r.at.rsi + below(100);
        if (below(3) == 0 && r.at.rsi < window + 2 * page_size)
            r.at.rdi = r.at.rsi + 2 * page_size + below(100);
        if (comparing) r.at.rax = 0;
        const Operands start = r.at;
        for (uint64_t i = 0; i < std::size(frames); ++i)
            std::memcpy(m.memory.host(frames[i]), &r.memory[i * page_size], page_size);
        m.core->watch_stores(round % 3 == 0);
        r.run(opcode, size, down, prefix == 0xf3);

        CpuState& s = m.core->state();
        s.r[RAX] = start.rax, s.r[RCX] = start.rcx, s.r[RSI] = start.rsi, s.r[RDI] = start.rdi;
        const unsigned vector = m.go(encode(down, prefix, opcode, size));
        const std::string what = "round " + std::to_string(round) + " opcode " + std::to_string(opcode) +
                                 " size " + std::to_string(size) + (down ? " down" : "");
        ASSERT_EQ(vector, r.vector) << what;
        ASSERT_EQ((Operands{s.r[RAX], s.r[RCX], s.r[RSI], s.r[RDI]}), r.at) << what;
        if (vector != finished) {
            ASSERT_EQ(s.r[R14], r.address) << what;
        }
        for (uint64_t i = 0; i < std::size(frames); ++i)
            ASSERT_EQ(std::memcmp(m.memory.host(frames[i]), &r.memory[i * page_size], page_size), 0) << what;
        ++ended[vector];
    }
    EXPECT_GT(ended[finished], 1000u);
    EXPECT_GT(ended[STILE_VEC_DOMAIN], 1000u);
    EXPECT_GT(ended[VEC_PF], 10u);
}
INSTANTIATE_TEST_SUITE_P(Policies, LentString, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "timed" : "functional"; });

// A buffer's length is rarely a multiple of what one access may move, and its end no reason to go byte by
// byte.
TEST(LentStringLog, ABufferIsOneEventUpToItsEnd) {
    for (const uint64_t bytes : {40u, 100u, 1000u}) {
        for (const uint8_t opcode : {0xa5, 0xab, 0xad, 0xa7, 0xaf}) {
            auto timing = std::make_unique<Recorder>();
            const Recorder& recorder = *timing;
            LendingMachine m(std::move(timing));
            const uint64_t from = window + page_size + 8, to = window + 2 * page_size + 24;
            m.lend(0, from, bytes, STILE_RIGHT_READ);
            m.lend(1, to, bytes, STILE_RIGHT_WRITE);
            CpuState& s = m.core->state();
            s.r[RAX] = 0, s.r[RCX] = bytes, s.r[RSI] = from, s.r[RDI] = to;
            ASSERT_EQ(m.go(encode(false, 0xf3, opcode, 1)), finished);
            uint64_t events = 0, moved = 0;
            for (const MemEvent& e : recorder.events) {
                if (e.vaddr < window || e.vaddr >= window + mapped) continue;
                ++events;
                moved += e.bytes;
            }
            const unsigned operands = opcode == 0xa5 || opcode == 0xa7 ? 2 : 1;
            EXPECT_EQ(moved, operands * bytes) << unsigned{opcode};
            EXPECT_EQ(events, operands) << unsigned{opcode} << " " << bytes;
        }
    }
}

}  // namespace stile::model::test
