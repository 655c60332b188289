// SPDX-License-Identifier: Apache-2.0
//
// Questions: is the table of forms consistent in itself, and how does it stand to what Capstone accepts?
#include <gtest/gtest.h>

#include <set>

#include "isa/decode.h"
#include "isa/forms.h"
#include "isa/translate.h"
#include "tests/unit/isa/uop_text.h"

using namespace stile::isa;

namespace {

template <class Visit>
void every_key(const Encoding& e, Visit visit) {
    for (unsigned opcode = e.opcode; opcode < e.opcode + e.count; ++opcode)
        for (const uint8_t rep : {0, 0xf2, 0xf3})
            for (const bool p66 : {false, true})
                for (const bool w : {false, true})
                    for (unsigned modrm = 0; modrm < 256; ++modrm)
                        visit(FormKey{e.map, static_cast<uint8_t>(opcode), p66, w, rep,
                                      static_cast<uint8_t>(modrm), true});
}

}  // namespace

TEST(Forms, NoTwoRowsMatchTheSameEncoding) {
    uint64_t keys = 0;
    for (const Form& form : forms()) {
        bool reachable = false;
        every_key(form.enc, [&](const FormKey& key) {
            if (!matches(form.enc, key)) return;
            ++keys;
            bool wants_modrm = false;
            const Form* found = find_form(key, &wants_modrm);
            reachable |= found == &form;
            unsigned matching = 0;
            for (const Form& other : forms()) matching += matches(other.enc, key);
            ASSERT_EQ(matching, 1u) << form.encoding << " (" << form.mnemonic
                                    << ") also matches another row, modrm " << std::hex
                                    << unsigned{key.modrm};
        });
        EXPECT_TRUE(reachable) << form.encoding << " " << form.mnemonic;
    }
    EXPECT_GT(keys, 100'000u);
}

TEST(Forms, AModrmByteIsAskedForByAllRowsOfAnOpcodeOrByNone) {
    for (const Form& a : forms())
        for (const Form& b : forms())
            if (a.enc.map == b.enc.map && a.enc.opcode == b.enc.opcode && a.enc.prefix == b.enc.prefix) {
                EXPECT_EQ(a.enc.modrm, b.enc.modrm) << a.encoding << " / " << b.encoding;
            }
}

TEST(Forms, OperandsThatNeedModrmHaveIt) {
    const std::set<Place> need = {Place::rm,     Place::reg,    Place::mem,   Place::rm_reg, Place::xmm,
                                  Place::xmm_rm, Place::sreg,   Place::creg,  Place::dreg,   Place::cap,
                                  Place::mmx,    Place::mmx_rm, Place::cap_rm};
    for (const Form& form : forms()) {
        for (const Operand& o : form.operand) {
            if (need.contains(o.place)) {
                EXPECT_TRUE(form.enc.modrm) << form.encoding;
            }
            if (o.place == Place::mem) {
                EXPECT_EQ(form.enc.mod, Mod::memory) << form.encoding;
            }
            if (o.place == Place::rm_reg && !form.enc.ours && form.enc.prefix == Mandatory::pf3) {
                EXPECT_EQ(form.enc.mod, Mod::reg) << form.encoding;
            }
        }
        EXPECT_NE(form.build, nullptr);
        EXPECT_EQ(std::string_view(form.flags).size(), 6u);
    }
}

// A row that is not compared with a real processor at all, or only roughly, is an exception: at most 3 %.
TEST(Forms, AllButThreePercentOfTheRowsAreComparedExactlyOrMasked) {
    unsigned rows = 0, loose = 0;
    for (const Form& form : forms()) {
        ++rows;
        loose += form.oracle == Oracle::tolerance || form.oracle == Oracle::none;
        EXPECT_EQ(form.oracle == Oracle::exact, *form.why == 0) << form.encoding << " " << form.mnemonic;
        EXPECT_LT(form.reason, Why::count);
        const bool undefined = std::string_view(form.flags).find('u') < 6;
        if (form.reason == Why::exact) {
            EXPECT_FALSE(undefined) << form.encoding << " leaves flags undefined";
        }
        if (form.reason == Why::undefined_flags) {
            EXPECT_TRUE(undefined) << form.encoding << " leaves no flag undefined";
        }
    }
    RecordProperty("rows", static_cast<int>(rows));
    RecordProperty("loose", static_cast<int>(loose));
    EXPECT_GT(rows, 600u);
    EXPECT_LE(loose * 100, rows * 3) << loose << " of " << rows;
}

// What a row says about the flags must agree with what its micro-operations do.
TEST(Forms, FlagColumnsAgreeWithTheMicroOperations) {
    for (const Form& form : forms()) {
        const std::string_view flags = form.flags;
        const OpInfo& info = op_info(form.op);
        if (info.ends_block) continue;
        const bool writes = flags.find_first_of("wb01c") != std::string_view::npos;
        if (info.writes_flags && info.cls != OpClass::lock) {
            EXPECT_TRUE(writes || flags.find('u') < 6) << form.encoding;
        }
        if (flags.find_first_of("rb") != std::string_view::npos) {
            EXPECT_TRUE(info.reads_flags) << form.encoding;
        }
    }
}

TEST(Forms, CodomsOpcodesAreNoX86) {
    Translator translator;
    for (const char* hex : {"0f0a07", "0f26c0", "0f27c0"}) {
        const BlockCode b = translator.translate_block(bytes_of(hex), 64, 1);
        EXPECT_EQ(op_info(b.uops.at(0).op).cls, OpClass::codoms) << hex;
    }
    // Any other ModRM under these opcodes is invalid (abi/codoms.h).
    unsigned valid = 0;
    for (const char* opcode :
         {"0f0a", "0f24", "0f25", "0f26", "0f27", "0f3b", "0f3c", "0f3d", "0f3e", "0f39", "0f0c", "0f04"})
        for (unsigned modrm = 0; modrm < 256; ++modrm) {
            const std::string hex = fmt::format("{}{:02x}0000000000", opcode, modrm);
            const Op op = translator.translate_block(bytes_of(hex), 64, 1).uops.at(0).op;
            if (op == Op::lea8) continue;  // the address of one that ends its block
            const bool ours = op >= Op::cd_save && op <= Op::cd_capattr;
            valid += ours;
            EXPECT_TRUE(ours || op == Op::ud) << hex;
        }
    EXPECT_GT(valid, 1000u);
}

TEST(Forms, ProtectionKeysAreOursToJudge) {
    Translator translator;
    const auto text = [&](const char* hex) {
        unsigned length = 0;
        const std::string t = translator.disassemble(bytes_of(hex), 0x1000, &length);
        return fmt::format("{} {}", length, t);
    };
    EXPECT_EQ(text("0f01ee9090"), "3 rdpkru");
    EXPECT_EQ(text("0f01ef9090"), "3 wrpkru");
    for (const char* hex : {"0f01ee", "0f01ef", "480f01ef"})
        EXPECT_NE(translator.translate_block(bytes_of(hex), 64, 1).uops.at(0).op, Op::ud) << hex;
    for (const char* hex : {"660f01ee", "f30f01ef", "f20f01ee", "f00f01ef"})
        EXPECT_EQ(translator.translate_block(bytes_of(hex), 64, 1).uops.at(0).op, Op::ud) << hex;
}
