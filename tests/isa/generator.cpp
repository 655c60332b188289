// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/generator.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "isa/decode.h"
#include "isa/translate.h"
#include "tests/isa/unit_maker.h"

namespace stile::fuzz {

using isa::Op;
using isa::Why;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::string_view name_of(Why why) {
    static constexpr std::string_view names[] = {
#define STILE_WHY(name, cls, reason) #name,
#include "isa/oracle.def"
#undef STILE_WHY
    };
    return names[static_cast<size_t>(why)];
}

// Of random bytes that happen to be an instruction: may processors differ, and nothing around it helps?
bool left_open(const isa::Insn& insn) {
    const isa::Form& f = *insn.form;
    const std::string_view name = f.mnemonic;
    if (f.oracle == isa::Oracle::none || f.oracle == isa::Oracle::tolerance) return true;
    if (f.reason == Why::machine_value || f.reason == Why::x87_pointers || f.reason == Why::selectors ||
        f.reason == Why::fsgsbase || f.reason == Why::protection_keys)
        return true;
    if (name == "int" || name == "bsf" || name == "bsr" || name == "bswap" || name == "shld" ||
        name == "shrd" || name == "lar" || name == "lsl" || name == "verr" || name == "verw")
        return true;
    // Into the middle of other instructions, of which nothing is known.
    if (f.operand[0].place == isa::Place::rel) return true;
    if (insn.rep && f.op == Op::loop) return true;
    if (name == "prefetchw" && !insn.memory) return true;
    const bool branch = f.op == Op::call_r || f.op == Op::jmp_r || f.op == Op::ret;
    return insn.p66 && branch;
}

Unit random_bytes(Random& random) {
    static constexpr uint8_t prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e,
                                           0x64, 0x65, 0x48, 0x41, 0x4f, 0x66};
    constexpr unsigned nops = isa::max_instruction_bytes;
    for (;;) {
        std::vector<uint8_t> b;
        while (random.one_in(3) && b.size() < 18) b.push_back(random.pick(prefixes));
        if (random.below(2)) b.push_back(0x0f);
        for (unsigned i = 1 + random.below(8); i > 0; --i) b.push_back(static_cast<uint8_t>(random.bits()));
        b.insert(b.end(), nops, 0x90);
        isa::Insn insn;
        const isa::Decoded decoded = isa::decode(b, insn);
        if (decoded == isa::Decoded::ok && left_open(insn)) continue;
        Unit unit(1);
        unit[0].chosen = true;
        if (decoded == isa::Decoded::ok) {
            unit[0].form = insn.form;
            b.resize(insn.length);
        }
        unit[0].bytes = std::move(b);
        return unit;
    }
}

// Operands for which the functions are defined, and mostly ordinary ones.
void transcendental_operands(Random& random, std::string_view name, State& s) {
    const auto uniform = [&] { return static_cast<long double>(random.bits()) / 18446744073709551616.0L; };
    const auto sign = [&](long double v) { return random.below(2) ? -v : v; };
    long double x = sign(std::ldexp(1 + uniform(), -static_cast<int>(random.below(12)) - 1));
    long double y = sign(uniform() * 100);
    if (name == "fyl2x") x = std::ldexp(1 + uniform(), static_cast<int>(random.below(200)) - 100);
    if (name == "fpatan") x = sign(uniform() * 100);
    if (name == "fyl2xp1") x *= 0.29L;
    if (name == "fptan" || name == "fsin" || name == "fcos" || name == "fsincos")
        x = std::ldexp(x, static_cast<int>(random.below(70)));
    static constexpr long double special[] = {0.0L, -0.0L, 1.0L, -1.0L, INFINITY, -INFINITY, NAN};
    const bool bounded = name == "f2xm1" || name == "fyl2xp1";
    if (random.one_in(8) && !bounded) x = random.pick(special);
    if (random.one_in(8)) y = random.pick(special);
    std::memcpy(s.st(0), &x, 10);
    std::memcpy(s.st(1), &y, 10);
    s.control() = 0x37f;
    s.status() = static_cast<uint16_t>(random.below(8) << 11);
    s.tags() = random.below(8)
                   ? static_cast<uint8_t>(3u << (s.status() >> 11 & 7) | 3u << (s.status() >> 11 & 7) >> 8)
                   : static_cast<uint8_t>(random.bits());
}

class Author {
  public:
    Author(Random& random, const GeneratorOptions& options, const std::vector<const isa::Form*>& rows,
           Sequence& sequence)
        : random_(random),
          options_(options),
          rows_(rows),
          s_(sequence),
          maker_(random, sequence.start),
          count_(1 + random.below(options.length)) {}

    void write();

  private:
    unsigned here() const { return static_cast<unsigned>(s_.units.size()); }
    bool row();  // false: nothing can follow
    bool loop();
    bool self_modifying();
    void cut();

    Random& random_;
    const GeneratorOptions& options_;
    const std::vector<const isa::Form*>& rows_;
    Sequence& s_;
    UnitMaker maker_;
    unsigned count_;
};

bool Author::row() {
    const isa::Form& f = *rows_[random_.below(static_cast<unsigned>(rows_.size()))];
    if (f.oracle == isa::Oracle::tolerance) {
        if (f.reason == Why::transcendental) {
            s_.units.clear();
            transcendental_operands(random_, f.mnemonic, s_.start);
        }
        s_.units.push_back(maker_.make(f, here(), count_));
        return false;
    }
    s_.units.push_back(maker_.make(f, here(), count_));
    return !always_faults(f) || random_.one_in(16);
}

bool Author::loop() {
    unsigned counter;
    s_.units.push_back(maker_.begin_loop(counter));
    const unsigned back = here();
    for (unsigned i = 1 + random_.below(4); i > 0; --i) {
        if (!row()) return false;
    }
    s_.units.push_back(maker_.end_loop(counter, back));
    return true;
}

bool Author::self_modifying() {
    const bool jump = random_.below(2);
    if (random_.below(2)) {
        const unsigned between = random_.below(3);
        s_.units.push_back(maker_.patch(here() + 1 + between, jump));
        for (unsigned i = 0; i < between; ++i) {
            if (!row()) return false;
        }
        s_.units.push_back(maker_.patched(jump));
        return true;
    }
    // In every round, or in one of those in which what is changed has been linked to.
    const unsigned rounds = 2 + random_.below(4);
    unsigned counter;
    s_.units.push_back(maker_.begin_loop(counter, rounds));
    const unsigned back = here();
    s_.units.push_back(maker_.patched(jump));
    if (random_.below(2) && !row()) return false;
    s_.units.push_back(random_.below(2)
                           ? maker_.patch(back, jump)
                           : maker_.patch_once(back, jump, counter, 2 + random_.below(rounds - 1)));
    s_.units.push_back(maker_.end_loop(counter, back));
    return true;
}

// The slot's last page ends inside the last instruction.
void Author::cut() {
    Piece& last = s_.units.back().back();
    if (!last.chosen) return;  // it may be what makes processors equal
    // Where an instruction that does not exist ends is nobody's business.
    if (last.bytes.size() < 2 || (last.form && (last.form->op == Op::ud || last.form->reason == Why::codoms)))
        return;
    last.bytes.resize(1 + random_.below(static_cast<unsigned>(last.bytes.size()) - 1));
    s_.at_page_end = true;
}

void Author::write() {
    s_.offset =
        random_.one_in(6) ? static_cast<unsigned>(page_bytes) - random_.below(80) : random_.below(page_bytes);
    const bool writable = s_.slot >= first_writable_slot;
    bool more = true;
    while (more && here() < count_) {
        if (writable && random_.one_in(4))
            more = self_modifying();
        else if (random_.one_in(24))
            more = loop();
        else
            more = row();
    }
    if (more && options_.row.empty() && random_.one_in(24))
        s_.units.push_back(random_bytes(random_));
    else if (random_.one_in(32) && !s_.units.empty())
        cut();
}

uint64_t mix(uint64_t seed, uint64_t n) {
    Random random(seed);
    return random.bits() ^ n * 0xd6e8feb86659fd93ull;
}

}  // namespace

Generator::Generator(uint64_t seed, GeneratorOptions options) : seed_(seed), options_(std::move(options)) {
    for (const isa::Form& f : isa::forms()) {
        if (f.oracle == isa::Oracle::none) continue;
        if (f.reason == Why::fsgsbase && !options_.fsgsbase) continue;
        if (f.reason == Why::protection_keys && options_.keys) continue;
        if (!options_.row.empty() && !contains(f.mnemonic, options_.row) &&
            !contains(f.encoding, options_.row) && name_of(f.reason) != options_.row)
            continue;
        rows_.push_back(&f);
    }
}

Sequence Generator::sequence(uint64_t n, unsigned slot) {
    Random random(mix(seed_, n));
    Sequence s;
    s.start = random.state();
    s.slot = slot;
    Author(random, options_, rows_, s).write();
    if (random.one_in(12)) s.second_page = random.below(2) ? SecondPage::read_only : SecondPage::absent;
    return s;
}

void Generator::data(uint64_t n, Data& out) {
    Random random(mix(~seed_, n));
    random.fill(out);
}

}  // namespace stile::fuzz
