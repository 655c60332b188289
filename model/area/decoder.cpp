// SPDX-License-Identifier: Apache-2.0
#include "model/area/decoder.h"

#include <array>

namespace stile::model::area {
namespace {

// A predecoder of so many bits: gates of two and of three inputs, then where there are more than three bits
// gates that combine those.
struct Shape {
    unsigned two, three, combined;                  // gates
    unsigned active_two, active_three;              // that switch in an access
    unsigned inputs;                                // of the combining gates; 0: there are none
    unsigned fan_two, fan_three;                    // combining gates that each drives
    unsigned two_drivers, two_load, three_drivers;  // buffers of address bits, and what those of two drive
};
constexpr std::array<Shape, 10> shapes{{{},
                                        {2, 0, 0, 1, 0, 0, 1, 1, 1, 2, 0},
                                        {4, 0, 0, 1, 0, 0, 1, 1, 2, 4, 0},
                                        {0, 8, 0, 0, 1, 0, 1, 1, 0, 0, 3},
                                        {8, 0, 16, 2, 0, 2, 4, 1, 4, 4, 0},
                                        {4, 8, 32, 1, 1, 2, 8, 4, 2, 4, 3},
                                        {0, 16, 64, 0, 2, 2, 1, 8, 0, 0, 6},
                                        {8, 8, 128, 2, 1, 3, 32, 16, 4, 4, 3},
                                        {4, 16, 256, 2, 2, 3, 64, 32, 2, 4, 6},
                                        {0, 24, 512, 0, 3, 3, 1, 64, 0, 0, 9}}};
constexpr unsigned three_load = 8;

struct Half {
    const Shape& shape;
    GateChain two, three, combined, two_driver, three_driver;

    Half(const Technology& t, unsigned bits, double load, double wire) : shape(shapes[bits]) {
        const double h = t.cell_height;
        const bool combines = shape.inputs != 0;
        if (combines) combined = GateChain(t, shape.inputs, load, wire, h);
        const auto first = [&](unsigned inputs, unsigned fan) {
            return GateChain(t, inputs, combines ? fan * combined.input_cap() : load, combines ? 0 : wire, h);
        };
        if (shape.two) {
            two = first(2, shape.fan_two);
            two_driver = GateChain(t, 1, shape.two_load * two.input_cap(), 0, h);
        }
        if (shape.three) {
            three = first(3, shape.fan_three);
            three_driver = GateChain(t, 1, three_load * three.input_cap(), 0, h);
        }
    }

    // The first gate of three inputs counts only where there are none of two, as in CACTI.
    unsigned uncounted() const { return shape.two && shape.three ? 1 : 0; }
    double area() const {
        return shape.two * two.area() + shape.three * three.area(uncounted()) +
               shape.combined * combined.area() + shape.two_drivers * two_driver.area() +
               shape.three_drivers * three_driver.area();
    }
    double leakage() const {
        return shape.two * two.leakage(0, true) + shape.three * three.leakage(uncounted(), true) +
               shape.combined * combined.leakage() + shape.two_drivers * two_driver.leakage() +
               shape.three_drivers * three_driver.leakage();
    }
    double driver_energy() const {
        return .5 * (shape.two_drivers * two_driver.energy() + shape.three_drivers * three_driver.energy());
    }

    void slower(double& delay, double& ramp) const {
        double two_delay = 0, three_delay = 0, two_ramp = 0, three_ramp = 0;
        if (two.exists()) two_ramp = two.drive(two_driver.drive(0, two_delay), two_delay);
        if (three.exists()) three_ramp = three.drive(three_driver.drive(0, three_delay), three_delay);
        if (combined.exists()) {  // its first gate is timed on the path that it has its inputs from
            two_ramp = combined.drive(two_ramp, two_delay, shape.inputs == 2 ? 0 : 1);
            three_ramp = combined.drive(three_ramp, three_delay, shape.inputs == 3 ? 0 : 1);
        }
        if (two_delay > delay) delay = two_delay, ramp = two_ramp;
        if (three_delay > delay) delay = three_delay, ramp = three_ramp;
    }
};

}  // namespace

Decoder::Decoder(const Technology& t, unsigned lines, bool way_select, double c, double r, double cell_height,
                 bool always)
    : few(always && log2_floor(lines) < 4), load(c), wire_resistance(r), vdd_(t.vdd) {
    const bool many = few || log2_floor(lines) >= 4;
    if (!many && !way_select) return;
    inputs = many && way_select ? 3 : 2;
    chain = GateChain(t, inputs, load, wire_resistance * load / 2, 4 * cell_height);
}

Predecoder::Predecoder(const Technology& t, unsigned lines, const Decoder& decoder, double wire_cap,
                       double wire_resistance, unsigned decoders) {
    const unsigned all = log2_floor(lines);
    double load[2]{decoder.load, 0}, resistance = decoder.wire_resistance;
    bits[0] = all;
    const double gates = decoders * decoder.chain.input_cap();
    if (decoder.few) {
        load[0] = gates + wire_cap;
        resistance = wire_resistance;
    } else if (all >= 4) {
        bits[0] = (all + 1) / 2;
        bits[1] = all - bits[0];
        for (unsigned i : {0, 1}) load[i] = (1u << bits[1 - i]) * gates + wire_cap;
        resistance = wire_resistance;
    }
    const Shape& first = shapes[bits[0]];
    for (unsigned i : {0, 1}) {
        if (bits[i] == 0) continue;
        const Half half(t, bits[i], load[i], resistance * load[i] / 2);
        half.slower(delay, ramp);
        area += half.area();
        leakage += half.leakage() * t.vdd;
        // Of both halves as many gates switch as in the first.
        energy += half.driver_energy() + first.active_two * half.two.energy() +
                  first.active_three * half.three.energy() + half.combined.energy();
    }
}

double way_select_area(const Technology& t, unsigned ways, const Decoder& decoder) {
    if (ways <= 1 || decoder.inputs == 0) return 0;
    return ways * GateChain(t, 1, decoder.chain.input_cap(), 0, t.cell_height).area();
}

}  // namespace stile::model::area
