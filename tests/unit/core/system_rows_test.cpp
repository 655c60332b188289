// SPDX-License-Identifier: Apache-2.0
//
// Does every row of the table of forms that a real processor cannot judge in user mode do at ring 0 what its
// section of the manual says (Intel SDM vol. 2; abi/codoms.h)? One case per row. The bytes of the instruction
// under test say which row a case is about, so a row without a case, or a case whose row is gone, fails here.
#include <set>

#include "isa/decode.h"
#include "model/core/fault.h"
#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;
using isa::RSP;
using isa::Why;
constexpr unsigned R8 = isa::R8, R9 = isa::R9, R15 = isa::R15;

GUEST(sys_stop, "mov r15, rsp\n hlt");

struct RowCase {
    const char* name;
    const char* section;
    const uint8_t *begin, *at, *end;
    void (*check)(Rig& rig);
    friend void PrintTo(const RowCase& c, std::ostream* out) { *out << c.name << " (" << c.section << ")"; }
};

// Frames of exceptions: r15 is the handler's stack pointer, RIP its address.
uint64_t vector_of(Rig& rig) { return (rig.core->state().rip - handler_at) / 16; }
uint64_t frame(Rig& rig, unsigned i) { return rig.at<uint64_t>(rig.reg(R15) + 8 * i); }

void expect(const char* what, uint64_t is, uint64_t should_be) { EXPECT_EQ(is, should_be) << what; }

// Code at ring 0: `before`, the instruction under test, `after`, HLT.
#define CASE(name, section, before, insn, after, ...) \
    extern "C" const uint8_t sys_##name##_at[];       \
    GUEST(sys_##name, before "\n.globl sys_" #name "_at\nsys_" #name "_at:\n" insn "\n" after "\n hlt");
#include "tests/unit/core/system_rows.def"
#undef CASE

const RowCase row_cases[] = {
#define CASE(name, section, before, insn, after, ...) \
    {#name, section, sys_##name##_begin, sys_##name##_at, sys_##name##_end, [](Rig& rig) { __VA_ARGS__; }},
#include "tests/unit/core/system_rows.def"
#undef CASE
};

const isa::Form* row_of(const RowCase& c) {
    isa::Insn insn;
    return isa::decode({c.at, c.end}, insn) == isa::Decoded::ok ? insn.form : nullptr;
}

bool needs_a_case(const isa::Form& form) {
    static const std::set<Why> of_the_system = {
        Why::system_flags,  Why::ring3_fault, Why::ring3_gate, Why::selectors, Why::trap_address,
        Why::machine_value, Why::fsgsbase,    Why::codoms,     Why::vendors,   Why::host_kernel};
    return form.oracle == isa::Oracle::none || of_the_system.contains(form.reason);
}

std::vector<RowCase> for_ring0() {
    std::vector<RowCase> out;
    for (const RowCase& c : row_cases) {
        const isa::Form* row = row_of(c);
        if (!row) continue;
        const bool privileged = row->reason == Why::codoms && row->op < isa::Op::cd_capld;
        if (row->reason == Why::ring3_fault || privileged) out.push_back(c);
    }
    return out;
}

class SystemRow : public ::testing::TestWithParam<RowCase> {
  protected:
    SystemRow() {
        rig.user_pages();
        for (unsigned v = 0; v < 256; ++v) rig.gate(v, handler_at + 16 * v);
        for (unsigned v = 0; v < 256; ++v) rig.load(handler_at + 16 * v, GUEST_BYTES(sys_stop));
        const uint64_t entry = rig.memory.paddr_of(&rig.pte(0x210000));
        rig.map(entry & ~0xfffull, entry & ~0xfffull, P | W);
        rig.at<uint64_t>(0x200100) = entry;
        rig.at<uint64_t>(0x210000) = 1;
        rig.at<uint64_t>(0x211000) = 2;
        rig.at<uint8_t>(user_code) = 0xf4;
    }
    Rig rig{ProtectionKind::codoms};
};
class Ring0Row : public SystemRow {};

}  // namespace

TEST_P(SystemRow, DoesWhatItsSectionSays) {
    const RowCase& c = GetParam();
    rig.load(code_at, {c.begin, c.end});
    ASSERT_EQ(rig.run(), Stop::idle_forever) << rig.core->dump();
    SCOPED_TRACE(c.section);
    c.check(rig);
}

// The rows for ring 0 alone, CODOMs' privileged ones among them: #GP(0) at ring 3 with nothing done.
TEST_P(Ring0Row, IsRefusedAtRing3) {
    const RowCase& c = GetParam();
    isa::Insn insn;
    ASSERT_EQ(isa::decode({c.at, c.end}, insn), isa::Decoded::ok);
    rig.load(user_code, {c.at, insn.length});
    rig.enter_user(user_code);
    rig.core->set_rflags(2);  // so that HLT of the handler is the end
    rig.core->state().r[RCX] = user_code;
    const auto before = rig.core->state().r;
    ASSERT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(vector_of(rig), uint64_t{VEC_GP});
    EXPECT_EQ(frame(rig, 0), 0u);
    EXPECT_EQ(frame(rig, 1), user_code);
    for (unsigned i = 0; i < 15; ++i) {
        EXPECT_TRUE(i == RSP || rig.reg(i) == before[i]) << "register " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(All, SystemRow, ::testing::ValuesIn(row_cases),
                         [](const auto& info) { return std::string(info.param.name); });
INSTANTIATE_TEST_SUITE_P(All, Ring0Row, ::testing::ValuesIn(for_ring0()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SystemRows, EveryRowThatTheHostCannotJudgeHasItsCase) {
    std::set<const isa::Form*> covered;
    for (const RowCase& c : row_cases) {
        const isa::Form* row = row_of(c);
        ASSERT_NE(row, nullptr) << c.name;
        EXPECT_TRUE(needs_a_case(*row)) << c.name << " is " << row->mnemonic << ", which the host judges";
        EXPECT_NE(*c.section, 0);
        covered.insert(row);
    }
    for (const isa::Form& form : isa::forms()) {
        if (needs_a_case(form)) {
            EXPECT_TRUE(covered.contains(&form)) << form.encoding << " " << form.mnemonic << " has no case";
        }
    }
}

// Without CODOMs their opcodes are as undefined as on any other processor, in both rings.
TEST(SystemRows, DomainInstructionsAreUndefinedWithoutDomains) {
    for (const RowCase& c : row_cases) {
        if (row_of(c)->reason != Why::codoms) continue;
        for (const bool user : {false, true}) {
            Rig rig(ProtectionKind::paging);
            rig.user_pages();
            for (unsigned v = 0; v < 32; ++v) {
                rig.gate(v, handler_at + 16 * v);
                rig.load(handler_at + 16 * v, GUEST_BYTES(sys_stop));
            }
            rig.load(user ? user_code : code_at, {c.at, c.end});
            if (user) rig.enter_user(user_code);
            rig.core->set_rflags(2);
            ASSERT_EQ(rig.run(), Stop::idle_forever);
            EXPECT_EQ(vector_of(rig), uint64_t{VEC_UD}) << c.name << user;
        }
    }
}

}  // namespace stile::model::test
