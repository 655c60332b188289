// SPDX-License-Identifier: Apache-2.0
//
// Does every MMX, SSE and x87 form give, bit for bit, what the host's processor gives? Each row of the table
// is encoded with random registers and run on random and special operands on both.
#include <gtest/gtest.h>

#include <cstdlib>

#include "isa/forms.h"
#include "isa/translate.h"
#include "model/core/exec/handlers.h"
#include "tests/unit/fp/native.h"
#include "tests/unit/fp/vendor.h"

namespace stile::model::test {
namespace {

using isa::Form;
using isa::Op;
using isa::Place;

#ifdef __SANITIZE_ADDRESS__
constexpr unsigned encodings = 8, states = 30;
#else
constexpr unsigned encodings = 8, states = 200;
#endif
// STILE_FP_ROUNDS in the environment asks for more of everything, from other seeds.
unsigned rounds() {
    const char* text = std::getenv("STILE_FP_ROUNDS");
    return text ? static_cast<unsigned>(std::max(1, std::atoi(text))) : 1;
}

bool is_sse(const Form& f) {
    if (f.enc.map != isa::Map::of || f.op < Op::vcheck) return false;
    for (const auto& o : f.operand) {
        if (o.place == Place::mmx || o.place == Place::mmx_rm) return false;
    }
    for (const auto& o : f.operand) {
        if (o.place == Place::xmm || o.place == Place::xmm_rm) return true;
    }
    return false;
}

bool is_mmx(const Form& f) {
    for (const auto& o : f.operand) {
        if (o.place == Place::mmx || o.place == Place::mmx_rm) return true;
    }
    return f.op == Op::emms;
}

// Loads of control words and images need valid ones; state_test.cpp has them.
bool has_own_test(const Form& f) {
    switch (f.op) {
        case Op::fldcw:
        case Op::fldenv:
        case Op::frstor:
        case Op::fnstenv:
        case Op::fnsave:
            return true;
        default:
            return f.oracle == isa::Oracle::tolerance;
    }
}

uint8_t general(Operands& random) {
    static constexpr uint8_t usable[] = {0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13};
    return usable[random.below(std::size(usable))];
}

std::vector<uint8_t> encode(const Form& f, Operands& random) {
    const isa::Encoding& e = f.enc;
    std::vector<uint8_t> b;
    if (e.prefix == isa::Mandatory::p66) b.push_back(0x66);
    if (e.prefix == isa::Mandatory::pf3) b.push_back(0xf3);
    if (e.prefix == isa::Mandatory::pf2) b.push_back(0xf2);
    bool memory = e.mod == isa::Mod::memory || (e.mod == isa::Mod::any && random.below(3) == 0);
    uint8_t rex = 0, reg = 0, rm = 0;
    bool immediate = false;
    for (const auto& o : f.operand) {
        switch (o.place) {
            case Place::reg:
                reg = general(random);
                break;
            case Place::mmx:  // REX.R and REX.B are ignored
            case Place::xmm:
                reg = static_cast<uint8_t>(random.below(16));
                break;
            case Place::rm:
                rm = general(random);
                break;
            case Place::mmx_rm:
            case Place::xmm_rm:
                rm = static_cast<uint8_t>(random.below(16));
                break;
            case Place::imm_zx:
                immediate = true;
                break;
            default:
                break;
        }
        if (o.width == isa::Width::y && random.below(2)) rex |= 0x48;
    }
    if (is_x87(f)) rm = static_cast<uint8_t>(random.below(8));
    if (e.reg >= 0) reg = static_cast<uint8_t>(e.reg);
    if (e.rm >= 0) rm = static_cast<uint8_t>(e.rm);
    if (memory) rm = 15;
    if (reg >= 8) rex |= 0x44;
    if (rm >= 8) rex |= 0x41;
    if (rex) b.push_back(rex);
    if (e.map == isa::Map::of) b.push_back(0x0f);
    b.push_back(e.opcode);
    if (!e.modrm) return b;
    b.push_back(static_cast<uint8_t>((memory ? 0x40 : 0xc0) | (reg & 7) << 3 | (rm & 7)));
    if (memory) b.push_back(static_cast<uint8_t>(random.below(7) * 16));
    if (immediate) b.push_back(static_cast<uint8_t>(random.below(4) ? random.below(24) : random.bits()));
    return b;
}

class Forms : public testing::Test {
  protected:
    void check(const Form& f, uint64_t seed, bool holes, bool unmasked) {
        Operands random(seed);
        unsigned wrong = 0;
        const bool decimal = std::string_view(f.mnemonic) == "fbld";
        for (unsigned n = 0; n < encodings && wrong < 3; ++n) {
            std::vector<uint8_t> code = encode(f, random);
            if (is_x87(f) && unmasked) code.push_back(0x9b);  // fwait, which raises what is pending
            const Native::Stub stub = native_.make(code);
            const uint64_t address = simulated_.make(code);
            for (unsigned i = 0; i < states && wrong < 3; ++i) {
                FpState start = random.state(holes, unmasked);
                if (decimal && random.below(2)) {
                    for (uint8_t& byte : start.memory) byte &= 0x77;
                    for (unsigned at = 9; at < buffer_bytes; at += 16)
                        start.memory[at] = random.below(2) << 7;
                }
                if (!host_is_amd()) avoid_open(f, unmasked, start);
                FpState want = start, got = start, shown = start;
                const bool ran = native_.run(stub, want);
                ASSERT_TRUE(ran || unmasked);
                const int vector = simulated_.run(address, got);
                if (!host_is_amd()) forget_open(f, start, want, got);
                const std::string diff = differences(want, got);
                raised_ += !ran;
                if (vector == (ran ? -1 : is_x87(f) ? VEC_MF : VEC_XM) && diff.empty()) {
                    ++compared_;
                    continue;
                }
                ++wrong;
                unsigned length;
                ADD_FAILURE() << f.mnemonic << " " << f.operands << " ["
                              << isa::disassemble(code, address, &length) << "] exception " << vector << "\n"
                              << diff << describe(shown);
            }
        }
    }
    void check_all(bool (*select)(const Form&), bool holes, bool unmasked = false) {
        uint64_t seed = 1 + 1000 * holes + 2000 * unmasked;
        unsigned rows = 0;
        for (const Form& f : isa::forms()) {
            ++seed;
            if (!select(f) || has_own_test(f)) continue;
            ++rows;
            for (unsigned round = 0; round < rounds(); ++round)
                check(f, seed + 10000 * round, holes, unmasked);
        }
        std::printf("%u forms, %lu results equal, %lu of them exceptions\n", rows, compared_, raised_);
    }
    Native native_;
    Simulated simulated_;
    unsigned long compared_ = 0, raised_ = 0;
};

TEST_F(Forms, EveryMicroOpHasAHandler) {
    for (const Mode mode : {Mode::functional, Mode::timed, Mode::buffered})
        for (auto op = static_cast<unsigned>(Op::vcheck); op < static_cast<unsigned>(Op::count); ++op)
            EXPECT_TRUE(handlers(mode).has(static_cast<Op>(op))) << isa::op_info(static_cast<Op>(op)).name;
}

TEST_F(Forms, SseMatchesTheHost) { check_all(is_sse, false); }
TEST_F(Forms, MmxMatchesTheHost) { check_all(is_mmx, true); }
TEST_F(Forms, MmxExceptionsMatchTheHost) {
    check_all(is_mmx, true, true);
    EXPECT_GT(raised_, 0u);
}
TEST_F(Forms, X87MatchesTheHost) { check_all(is_x87, false); }
TEST_F(Forms, SseExceptionsMatchTheHost) {
    check_all(is_sse, false, true);
    EXPECT_GT(raised_, compared_ / 20);
}
TEST_F(Forms, X87UnmaskedMatchesTheHost) {
    check_all(is_x87, true, true);
    EXPECT_GT(raised_, compared_ / 20);
}
TEST_F(Forms, X87StackFaultsMatchTheHost) { check_all(is_x87, true); }

}  // namespace
}  // namespace stile::model::test
