// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/minimise.h"

#include <algorithm>

namespace stile::fuzz {

namespace {

using Fails = std::function<bool(const Sequence&, const Data&)>;

void remove_unit(Sequence& s, size_t n) {
    s.units.erase(s.units.begin() + static_cast<std::ptrdiff_t>(n));
    for (Unit& unit : s.units) {
        for (Piece& piece : unit)
            if (piece.fix == Piece::Fix::unit && piece.target > n) --piece.target;
    }
}

class Minimiser {
  public:
    Minimiser(Sequence& sequence, Data& data, const Fails& fails)
        : s_(sequence), data_(data), fails_(fails) {}

    void run() {
        Sequence plainer = s_;
        plainer.second_page = SecondPage::writable;
        keep(plainer);
        while (units() || pieces()) {
        }
        contents();
        registers();
        floating_point();
        while (units() || pieces()) {
        }
    }

  private:
    bool keep(const Sequence& shorter) {
        if (!fails_(shorter, data_)) return false;
        s_ = shorter;
        return true;
    }
    bool units();
    bool pieces();
    void contents();
    void registers();
    void floating_point();
    template <typename Change>
    void state(Change change) {
        Sequence plainer = s_;
        change(plainer.start);
        keep(plainer);
    }

    Sequence& s_;
    Data& data_;
    const Fails& fails_;
};

bool Minimiser::units() {
    bool any = false;
    for (size_t n = s_.units.size(); n-- > 0 && s_.units.size() > 1;) {
        Sequence shorter = s_;
        remove_unit(shorter, n);
        any |= keep(shorter);
    }
    return any;
}

bool Minimiser::pieces() {
    bool any = false;
    for (size_t n = 0; n < s_.units.size(); ++n) {
        // What comes before the instruction in question; what comes after it makes processors equal.
        const auto chosen =
            std::find_if(s_.units[n].begin(), s_.units[n].end(), [](const Piece& p) { return p.chosen; });
        for (auto i = static_cast<size_t>(chosen - s_.units[n].begin()); i-- > 0;) {
            Sequence shorter = s_;
            shorter.units[n].erase(shorter.units[n].begin() + static_cast<std::ptrdiff_t>(i));
            any |= keep(shorter);
        }
    }
    return any;
}

void Minimiser::contents() {
    for (const size_t step : {window_bytes, page_bytes, uint64_t{256}}) {
        for (size_t at = 0; at < window_bytes; at += step) {
            Data plainer = data_;
            std::fill_n(plainer.begin() + static_cast<std::ptrdiff_t>(at), step, uint8_t{0});
            if (plainer != data_ && fails_(s_, plainer)) data_ = plainer;
        }
    }
}

void Minimiser::registers() {
    const State plain = plain_state();
    for (unsigned i = 0; i < 16; ++i) state([&](State& s) { s.r[i] = plain.r[i]; });
    state([](State& s) { s.flags = 0x202; });
    for (unsigned bit = 0; bit < 22; ++bit) {
        if (s_.start.flags >> bit & 1 && bit != 1 && bit != 9)
            state([&](State& s) { s.flags &= ~(1ull << bit); });
    }
    state([](State& s) { s.fs_base = 0; });
    state([](State& s) { s.gs_base = 0; });
}

void Minimiser::floating_point() {
    const State plain = plain_state();
    state([&](State& s) { s.fx = plain.fx; });
    for (unsigned i = 0; i < 16; ++i) state([&](State& s) { std::memset(s.xmm(i), 0, 16); });
    for (unsigned i = 0; i < 8; ++i) state([&](State& s) { std::memset(s.st(i), 0, 10); });
    state([&](State& s) { s.mxcsr() = plain.mxcsr(); });
    state([&](State& s) { s.tags() = 0; });
    state([&](State& s) {
        s.control() = plain.control();
        s.status() &= 0x7f00;  // nothing is pending then
    });
    state([&](State& s) { s.status() = static_cast<uint16_t>(s.status() & ~0x4700); });
}

}  // namespace

State plain_state() {
    State s;
    s.control() = 0x37f;
    s.mxcsr() = 0x1f80;
    s.r[4] = data_at + 0x800;
    return s;
}

void minimise(Sequence& sequence, Data& data, const Fails& fails) { Minimiser(sequence, data, fails).run(); }

}  // namespace stile::fuzz
