// SPDX-License-Identifier: Apache-2.0
//
// Is what `stile list instructions` says of a row what the row does? Facts of some rows that everybody knows,
// and for all rows: every operand is used, flags are as the micro-operations have them.
#include "isa/describe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

using namespace stile::isa;

namespace {

const Form& row(std::string_view encoding) {
    const auto all = forms();
    const auto found = std::ranges::find_if(all, [&](const Form& f) { return f.encoding == encoding; });
    EXPECT_NE(found, all.end()) << encoding;
    return *found;
}

std::string access(std::string_view encoding) {
    const Form& form = row(encoding);
    const Description d = describe(form);
    std::string out;
    for (unsigned i = 0; i < 4 && form.operand[i].place != Place::none; ++i)
        out += (i ? "," : "") + d.access[i];
    return out;
}

}  // namespace

TEST(Describe, AccessOfOperands) {
    EXPECT_EQ(access("01 /r"), "rw,r") << "add";
    EXPECT_EQ(access("39 /r"), "r,r") << "cmp";
    EXPECT_EQ(access("89 /r"), "w,r") << "mov";
    EXPECT_EQ(access("8D /r m"), "w,a") << "lea";
    EXPECT_EQ(access("87 /r"), "rw,rw") << "xchg";
    EXPECT_EQ(access("0F B1 /r"), "rw,r") << "cmpxchg";
    EXPECT_EQ(access("69 /r"), "w,r,r") << "imul";
    EXPECT_EQ(access("F7 /6"), "r") << "div";
    EXPECT_EQ(access("FF /6"), "r") << "push";
    EXPECT_EQ(access("8F /0"), "w") << "pop";
    EXPECT_EQ(access("50+8"), "r") << "push";
    EXPECT_EQ(access("A1"), "w,r") << "mov from an absolute address";
    EXPECT_EQ(access("A3"), "w,r") << "mov to an absolute address";
    EXPECT_EQ(access("D3 /4"), "rw,r") << "shl by cl";
    EXPECT_EQ(access("NP 0F 58 /r"), "rw,r") << "addps";
    EXPECT_EQ(access("NP 0F 29 /r m"), "w,r") << "movaps store";
    EXPECT_EQ(access("8E /r"), "w,r") << "mov to a segment";
    EXPECT_EQ(access("NP 0F 24 /r m *"), "w,r") << "cd.capld";
    EXPECT_EQ(access("NP 0F 25 /r m *"), "w,r") << "cd.capst";
    EXPECT_EQ(access("0F 01 /7 m"), "a") << "invlpg";
    EXPECT_EQ(access("0F 90+10 /r"), "w") << "setcc";
    EXPECT_EQ(access("D9 /2 m"), "w") << "fst";
    EXPECT_EQ(access("E8"), "r") << "call";
}

TEST(Describe, FlagsAndClasses) {
    const Description adc = describe(row("11 /r"));
    EXPECT_EQ(adc.flags_read, "C");
    EXPECT_EQ(adc.flags_written, "OSZAPC");
    EXPECT_EQ(adc.with_registers, (std::vector{OpClass::carry}));
    EXPECT_EQ(adc.with_memory, (std::vector{OpClass::load, OpClass::carry, OpClass::store}));
    EXPECT_EQ(describe(row("F7 /6")).with_registers, (std::vector{OpClass::div32, OpClass::div64}));
    EXPECT_EQ(describe(row("F7 /6")).flags_written, "oszapc");
    EXPECT_EQ(describe(row("20 /r")).flags_written, "OSZaPC");
}

// A row without a single valid sample would have neither class nor access: then the columns would be lies.
TEST(Describe, EveryRowHasItsFacts) {
    for (const Form& form : forms()) {
        const Description d = describe(form);
        for (unsigned i = 0; i < 4; ++i) {
            const Place place = form.operand[i].place;
            const bool hint =
                form.op == Op::nop || form.op == Op::prefetch || form.op == Op::ud || form.op == Op::io;
            const bool unused = place == Place::none || hint;
            EXPECT_TRUE(unused || !d.access[i].empty())
                << form.encoding << " " << form.mnemonic << " operand " << i;
        }
        if (op_info(form.op).cls != OpClass::none) {
            EXPECT_FALSE(d.with_registers.empty() && d.with_memory.empty())
                << form.encoding << " " << form.mnemonic;
        }
    }
}
