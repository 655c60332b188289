// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/compare.h"

#include <cpuid.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stile::fuzz {

using isa::Op;
using isa::Why;

namespace {

enum : uint8_t { DB = 1, UD = 6, SS = 12, GP = 13, PF = 14, AC = 17 };

// RF, VIF, VIP and CPUID's own bit are the system's; the rest is the program's.
constexpr uint64_t flags_compared =
    flag::arithmetic | flag::TF | flag::IF | flag::DF | 3u << 12 | flag::NT | flag::AC | flag::ID;

// Instructions that touch memory in several steps. When a later step faults, processors differ in how much of
// the earlier ones has become visible, and in which address of the page they report.
bool in_steps(const isa::Form& form) {
    switch (form.op) {
        case Op::fxsave:
        case Op::fxrstor:
        case Op::fnsave:
        case Op::frstor:
        case Op::fnstenv:
        case Op::fldenv:
        case Op::maskmov:
        case Op::sgdt:
        case Op::sidt:
        case Op::retf:
        case Op::iret:
        case Op::call_far:
        case Op::jmp_far:
            return true;
        default:
            return std::string_view(form.mnemonic) == "enter";
    }
}

bool is_address_fault(const Stop& stop) {
    return stop.kind == Stop::fault &&
           (stop.vector == PF || stop.vector == GP || stop.vector == SS || stop.vector == AC);
}

// Where vendors differ Stile does as AMD's processors (docs/core.md). Hygon's are theirs.
bool host_is_amds() {
    static const bool answer = [] {
        unsigned a, b = 0, c, d;
        constexpr unsigned auth = 0x68747541, hygo = 0x6f677948;  // "AuthenticAMD", "HygonGenuine"
        return __get_cpuid(0, &a, &b, &c, &d) && (b == auth || b == hygo);
    }();
    return answer;
}

// Of their accesses either may come first.
bool two_accesses(const isa::Form& form) {
    return form.op == Op::cmps || form.op == Op::call_r || std::string_view(form.mnemonic) == "enter";
}

class Comparison {
  public:
    Comparison(const Assembled& assembled, const Outcome& want, const Outcome& got)
        : a_(assembled), want_(want), got_(got) {}

    Verdict run(std::string& text);

  private:
    void note(const char* name, uint64_t want, uint64_t got) {
        if (want != got) text_ += fmt::format("  {}: want {:x} got {:x}\n", name, want, got);
    }
    void note(const std::string& name, const uint8_t* want, const uint8_t* got, unsigned n) {
        if (std::memcmp(want, got, n) != 0)
            text_ += fmt::format("  {}: want {} got {}\n", name, hex(want, n), hex(got, n));
    }
    const Assembled::Place* place_at(uint64_t rip) const;
    bool beyond_the_table() const;
    bool at_trap(uint64_t rip) const;
    bool emulated() const;
    bool before_equal() const;
    bool stops();
    uint32_t undefined() const;
    void registers();
    void floating_point();
    void tolerate();
    void memory();

    const Assembled& a_;
    const Outcome& want_;
    Outcome got_;
    std::string text_;
    bool partial_ = false;  // memory may be half done
};

const Assembled::Place* Comparison::place_at(uint64_t rip) const {
    for (const auto& place : a_.places)
        if (place.address == rip) return &place;
    return nullptr;
}

// Stile refuses bytes that have no row. If the host does something else with them, they belong to an
// extension that Stile does not have.
bool Comparison::beyond_the_table() const {
    if (got_.stop.kind != Stop::fault || got_.stop.vector != UD) return false;
    const auto* place = place_at(got_.stop.rip);
    const bool known = place && (!place->piece || place->piece->form);
    return !known &&
           !(want_.stop.kind == Stop::fault && want_.stop.vector == UD && want_.stop.rip == got_.stop.rip);
}

// Before or behind an instruction whose trap is reported now here, now there.
bool Comparison::at_trap(uint64_t rip) const {
    for (const auto& place : a_.places) {
        if (!place.piece || !place.piece->form || place.piece->form->reason != Why::trap_address) continue;
        if (rip == place.address || rip == place.address + place.piece->bytes.size()) return true;
    }
    return false;
}

// Linux executes some instructions in the place of processors that refuse them to programs (UMIP), and its
// faults are not quite theirs.
bool Comparison::emulated() const {
    if (want_.stop.kind == Stop::fault && want_.stop.vector == DB) {
        for (const auto& p : a_.places)  // nor does a trap follow them
            if (p.piece && p.piece->form && p.piece->form->reason == Why::machine_value) return true;
    }
    const auto at_one = [&](const Stop& stop) {
        const auto* place = place_at(stop.rip);
        return stop.kind == Stop::fault && place && place->piece && place->piece->form &&
               place->piece->form->reason == Why::machine_value;
    };
    // Linux writes what it emulates without checks of alignment.
    return at_one(want_.stop) || (at_one(got_.stop) && got_.stop.vector == AC);
}

// A trap (single step, which popf may have asked for) between an instruction that leaves what vendors choose
// and those that overwrite it.
bool Comparison::before_equal() const {
    if (want_.stop.kind != Stop::fault) return false;
    const auto* place = place_at(want_.stop.rip);
    if (!place || !place->piece || place->piece->chosen) return false;
    while (place != a_.places.data() && place->piece && !place->piece->chosen) --place;
    return place->piece && place->piece->form && place->piece->form->reason == Why::x87_pointers;
}

bool Comparison::stops() {
    const Stop &want = want_.stop, &got = got_.stop;
    const bool fault = want.kind == Stop::fault;
    const auto* begun = place_at(want.rip);
    const bool either = begun && begun->piece && begun->piece->form && two_accesses(*begun->piece->form);
    const bool same_place = want.rip == got.rip || (at_trap(want.rip) && at_trap(got.rip));
    // Before an inner ring's selector is refused, Stile and AMD's processors have looked at where an outer
    // stack's pointer would be.
    const bool beyond = begun && begun->piece && begun->piece->form && begun->piece->form->op == Op::retf &&
                        !host_is_amds() && want.vector == GP && is_address_fault(got);
    const bool same_vector =
        want.vector == got.vector || beyond || (either && is_address_fault(want) && is_address_fault(got));
    if (want.kind != got.kind || (fault && (!same_vector || !same_place))) {
        text_ += "  end: want " + describe(want) + "\n       got " + describe(got) + "\n";
        return false;
    }
    if (!fault) return true;
    const isa::Form* form = begun && begun->piece ? begun->piece->form : nullptr;
    partial_ = form && in_steps(*form);
    if (want.vector != got.vector) return true;
    uint32_t error = want.error ^ got.error;
    uint64_t address = 0;
    if (want.vector == PF) {
        address = want.address ^ got.address;
        // Of two accesses either may come first, of a large one any part.
        constexpr uint64_t largest = 512;
        if (form && two_accesses(*form)) address = error = 0;
        if (partial_ && want.address - got.address + largest < 2 * largest) {
            address = 0;
            error &= ~1u;  // one page may be read-only and the next absent
        }
        // Linux reports the kernel's half as present, whatever it is.
        if (want.address >> 63) error &= ~1u;
    }
    if (error == 0 && address == 0) return true;
    text_ += "  end: want " + describe(want) + "\n       got " + describe(got) + "\n";
    return false;
}

uint32_t Comparison::undefined() const {
    uint32_t undefined = 0;
    const uint64_t rip = want_.stop.kind == Stop::fault ? want_.stop.rip : a_.places.back().address;
    if (const auto* place = place_at(rip)) {
        undefined = place->undefined;
        if (want_.stop.kind == Stop::fault && place->piece && place->piece->form) {
            const isa::Form& form = *place->piece->form;
            undefined |= flags_undefined(form);
            // Of a repetition that a fault ends: those of the last element, as here, or those from before it
            // (Intel SDM vol. 2, REP).
            if ((form.op == Op::cmps || form.op == Op::scas) && !host_is_amds())
                undefined |= flag::arithmetic;
        }
    } else if (!a_.linear || want_.stop.rip != exit_at) {
        for (const auto& p : a_.places) undefined |= p.undefined | p.undefined_after;
    } else {
        undefined = a_.places.back().undefined;
    }
    return undefined;
}

void Comparison::registers() {
    static constexpr const char* names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                              "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    const State &want = want_.state, &got = got_.state;
    for (unsigned i = 0; i < 16; ++i) note(names[i], want.r[i], got.r[i]);
    const uint64_t mask = flags_compared & ~uint64_t{undefined() & flag::arithmetic};
    note("rflags", want.flags & mask, got.flags & mask);
    note("fs base", want.fs_base, got.fs_base);
    note("gs base", want.gs_base, got.gs_base);
}

void Comparison::floating_point() {
    const State &want = want_.state, &got = got_.state;
    note("x87 control", want.control(), got.control());
    const uint32_t codes = ~(undefined() >> flag::x87_shift);
    note("x87 status", want.status() & codes, got.status() & codes);
    note("x87 tags", want.fx[4], got.fx[4]);
    note("mxcsr", want.mxcsr(), got.mxcsr());
    if (std::memcmp(want.st(0), got.st(0), 384) == 0) return;
    for (unsigned i = 0; i < 8; ++i) note(fmt::format("st{}", i), want.st(i), got.st(i), 10);
    for (unsigned i = 0; i < 16; ++i) note(fmt::format("xmm{}", i), want.xmm(i), got.xmm(i), 16);
}

long double extended(const uint8_t* p) {
    long double v = 0;
    std::memcpy(&v, p, 10);
    return v;
}

// Distance in units of the last place of the extended format.
double units_apart(long double a, long double b) {
    if (a == b) return 0;
    if (!std::isfinite(a) || !std::isfinite(b)) return HUGE_VAL;
    int e;
    std::frexp(b, &e);
    return static_cast<double>(std::fabs(a - b) / std::ldexp(1.0L, std::max(e, -16381) - 64));
}

// |relative error| <= 1.5 * 2^-12 each (Intel SDM vol. 2, RCPPS and RSQRTPS).
bool near(float want, float got) {
    constexpr double bound = 2 * 1.5 / 4096;
    if (!std::isfinite(want) || !std::isfinite(got) || want == 0 || got == 0) return false;
    return std::fabs(static_cast<double>(got) / static_cast<double>(want) - 1) <= bound;
}

// Rows with a tolerance end their case. What is near enough becomes equal before anything is compared.
void Comparison::tolerate() {
    const Piece* last = nullptr;
    for (const auto& place : a_.places)
        if (place.piece) last = place.piece;
    if (!last || !last->form || last->form->oracle != isa::Oracle::tolerance) return;
    State& got = got_.state;
    const State& want = want_.state;
    if (last->form->reason == Why::estimate) {
        for (unsigned i = 0; i < 16; ++i) {
            for (unsigned lane = 0; lane < 16; lane += 4) {
                float w, g;
                std::memcpy(&w, want.xmm(i) + lane, 4);
                std::memcpy(&g, got.xmm(i) + lane, 4);
                if (near(w, g)) std::memcpy(got.xmm(i) + lane, &w, 4);
            }
        }
        return;
    }
    constexpr double bound = 2;
    for (unsigned i = 0; i < 2; ++i) {
        if (units_apart(extended(got.st(i)), extended(want.st(i))) <= bound)
            std::memcpy(got.st(i), want.st(i), 10);
    }
    // Whether an inexact result was rounded up is part of its last bit.
    constexpr uint16_t PE = 0x20, C1 = 0x200;
    if (want.status() & PE) got.status() = static_cast<uint16_t>((got.status() & ~C1) | (want.status() & C1));
}

void Comparison::memory() {
    if (partial_) return;
    const bool code = a_.program.slot >= first_writable_slot;
    if (want_.data == got_.data && (!code || want_.code == got_.code)) return;
    for (unsigned i = 0; i < data_bytes; i += 16)
        note(fmt::format("memory {:x}", data_at + i), &want_.data[i], &got_.data[i], 16);
    if (!code) return;
    for (unsigned i = 0; i < slot_bytes; i += 16)
        note(fmt::format("code {:x}", slot_at(a_.program.slot) + i), &want_.code[i], &got_.code[i], 16);
}

Verdict Comparison::run(std::string& text) {
    const auto is = [](const Outcome& o, Stop::Kind kind) { return o.stop.kind == kind; };
    if (is(want_, Stop::forbidden) || is(want_, Stop::died)) return Verdict::unjudged;
    if (is(want_, Stop::endless) && is(got_, Stop::endless)) return Verdict::unjudged;
    // A loop that the host ends within its patience may be beyond ours.
    if (!a_.linear && is(got_, Stop::endless)) return Verdict::unjudged;
    // A changed jump to the exit, which leads somewhere else on the host's page of it.
    const auto beside_exit = [](const Outcome& o) { return o.stop.rip - exit_at - 1 < page_bytes - 1; };
    if (beside_exit(want_) || beside_exit(got_)) return Verdict::unjudged;
    if (emulated() || before_equal()) return Verdict::unjudged;
    if (beyond_the_table()) return Verdict::unjudged;
    constexpr uint32_t misaligned_sse = 1 << 17;  // MXCSR.MM of AMD's processors
    if (want_.state.mxcsr() & misaligned_sse) return Verdict::unjudged;
    if (stops()) {
        tolerate();
        registers();
        floating_point();
        memory();
    }
    text = std::move(text_);
    return text.empty() ? Verdict::equal : Verdict::different;
}

}  // namespace

Verdict compare(const Assembled& assembled, const Outcome& want, const Outcome& got,
                std::string& differences) {
    return Comparison(assembled, want, got).run(differences);
}

}  // namespace stile::fuzz
