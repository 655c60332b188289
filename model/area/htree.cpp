// SPDX-License-Identifier: Apache-2.0
#include "model/area/htree.h"

#include <algorithm>
#include <cmath>

#include "model/area/decoder.h"

namespace stile::model::area {
namespace {

// A gate where the tree branches: what it adds per wire. Sizes in minimum transistors.
struct Branch {
    double delay, energy, leakage;
};

struct Branches {
    const Technology& t;
    double n = t.min_n, p = t.p_to_n * t.min_n;
    double drain_n(double size) const { return drain_cap(t, size * n, Channel::n, 1, t.cell_height); }
    double drain_p(double size) const { return drain_cap(t, size * p, Channel::p, 1, t.cell_height); }
    double ramp(double length) const {
        return t.wire_delay * length * 1e-6 * t.repeater_spacing * 1e-6 / t.vth;
    }
    double threshold() const { return t.vth / t.vdd; }

    Branch nand(double from, double to, double length) const {
        const double size = std::max(from * (1 + t.p_to_n) / (2 + t.p_to_n), 1.);
        const double next = 2 * gate_cap(t, to * (n + p));
        const double tf = 2 * on_resistance(t, size * n, Channel::n, 1) * (2 * drain_n(size) + next);
        return {horowitz(ramp(length), tf, threshold(), threshold(), true),
                .5 * (2 * drain_p(t.p_to_n * size) + drain_n(size) + next) * t.vdd * t.vdd,
                nand_leakage(t, 2 * size * n, 2 * size * p, 2) * t.vdd};
    }
    // A tri-state buffer: NAND, NOR and a pass gate.
    Branch buffer(double from, double to, double length) const {
        const double next = gate_cap(t, to * (n + p)), own = gate_cap(t, from * (n + p));
        const double load = (next + length * t.wire_cap_per_um) / next;
        const double pass = own / 2 / (load * gate_cap(t, p));
        const double size = std::max(from * (1 + t.p_to_n) / (3 + 3 * t.p_to_n), 1.);
        const double nor_r = 2 * on_resistance(t, size * p, Channel::p, 1);
        const double pass_r = on_resistance(t, pass * n, Channel::n, 1);
        const double inner = drain_n(size) + 2 * drain_p(size) + gate_cap(t, pass * p);
        const double outer = 2 * (drain_p(pass) + drain_n(pass)) + own;
        const double switched = inner + drain_p(size) + drain_n(size) + gate_cap(t, size * (n + p)) +
                                drain_p(size) + 2 * drain_n(size) + gate_cap(t, pass * (n + p)) + outer;
        const double leak = inverter_leakage(t, 2 * pass * n, 2 * pass * p) +
                            nand_leakage(t, 3 * size * n, 3 * size * p, 2) +
                            nor_leakage(t, 3 * size * n, 3 * size * p, 2);
        return {
            horowitz(ramp(length), nor_r * inner + (nor_r + pass_r) * outer, threshold(), threshold(), true),
            .5 * switched * t.vdd * t.vdd, leak * t.vdd};
    }
};

}  // namespace

HTree::HTree(const Technology& t, const Floor& floor, TreeKind kind, double wires) {
    int h = static_cast<int>(log2_floor(floor.across)), v = static_cast<int>(log2_floor(floor.down));
    const double across = floor.across, down = floor.down, pitch = t.global.pitch;
    const bool spread = kind == TreeKind::search_in || kind == TreeKind::search_out;
    const double shared = (floor.address + floor.search) * pitch, data = floor.data * pitch;
    width = floor.mat_width * across;
    height = floor.mat_height * down;
    if (spread) {
        height += (shared + data) * 2 * (1 - std::pow(.5, h));
        width += (shared + data) * 2 * (1 - std::pow(.5, v));
    } else if (floor.across == floor.down) {
        height += shared * (down - 1) + data * h;
        width += shared * (across - 1) + data * v;
    } else if (floor.across > floor.down) {
        height +=
            shared * (down - 1 + (h - v)) + data * (2 * (1 - std::pow(.5, h - v)) + std::pow(.5, v - h) * v);
        width += shared * (across - 1) + data * v;
    } else {
        const double excess = v - h;
        height += shared * (across - 1 + excess) + data * h;
        width += shared * (across - 1 + excess) + data * (h + 2 * (1 - std::pow(.5, v - h)));
    }
    const Branches branches{t};
    const bool inwards = kind == TreeKind::in || kind == TreeKind::search_in;
    const double per_um_delay = t.wire_delay * 1e-6, per_um_energy = t.wire_energy * 1e-6,
                 per_um_leakage = t.wire_leakage * 1e-6;
    double length = width / 2, rise = height / 4, last_length = width / 2, last_rise = height / 2;
    double alive = wires;  // wires that leak at this depth
    double searching = 0;  // energy of a search, in which all branches of a tree inwards switch
    double energy_per_wire = 0;
    const auto wire = [&](double um, unsigned leaking) {
        delay += per_um_delay * um;
        energy_per_wire += per_um_energy * um;
        searching += per_um_energy * um * (inwards ? alive : wires);
        leakage += per_um_leakage * um * alive * leaking;
    };
    const auto repeater = [&](double um, double of) {
        return um > t.repeater_spacing ? t.repeater_size : of / t.repeater_spacing * t.repeater_size;
    };
    const auto branch = [&](double from, double to, double um) {
        const Branch b = inwards ? branches.nand(from, to, um) : branches.buffer(from, to, um);
        delay += b.delay;
        energy_per_wire += b.energy;
        leakage += b.leakage * alive;
    };
    while (h > 0 || v > 0) {
        const bool both = h == v || (v > h && h > 0);
        const bool vertical = !both && h <= v;
        double first = length;
        if (both) {
            last_length = length, last_rise = rise;
            length /= 2, rise /= 2, --h, --v;
        } else if (vertical) {
            first = last_rise = rise;
            rise /= 2, --v;
        } else {
            last_length = length;
            length /= 2, --h;
        }
        wire(first, 1);
        if ((!spread && vertical) || kind == TreeKind::search_in) alive *= 2;
        const double second = repeater(last_rise, last_length);
        if (!spread) {
            branch(repeater(last_length, last_length), second, std::min(last_length, t.repeater_spacing));
        }
        if (!both) continue;
        wire(last_rise, 2);
        if (spread) continue;
        alive *= 2;
        const bool far = last_rise > t.repeater_spacing;
        branch(second, repeater(last_rise, last_length), far ? t.repeater_spacing : last_rise);
    }
    energy = spread ? searching : energy_per_wire * wires;
}

}  // namespace stile::model::area
