// SPDX-License-Identifier: Apache-2.0
#include "model/area/mat.h"

#include <algorithm>
#include <cmath>

namespace stile::model::area {

// Width of a column of periphery that serves so many columns of cells.
double Mat::below_cell(unsigned columns) const {
    return cam_ ? p_.cam_width : p_.cell_width * columns / p_.sensing();
}

RowPath::RowPath(const Technology& t, const Partition& p)
    : cam(p.part == Part::associative),
      per_mat(p.subarrays / p.mats),
      per_row(!cam          ? p.cut.ndwl / p.mats_across
              : per_mat > 2 ? per_mat / 2
                            : per_mat),
      sub(t, p),
      cell_height(cam ? p.cam_height : p.cell_height),
      row(t, p.rows, false, sub.word_line_cap, sub.word_line_resistance, cell_height, !cam),
      past((cam ? 1 : per_row) * p.rows * cell_height),
      predecoder(t, p.rows + (cam ? log2_floor(per_mat) : 0), row, past * t.global.capacitance,
                 past * t.global.resistance, per_mat),
      ramp(row.drive(predecoder.ramp)) {}

Mat::Mat(const Technology& t, const Partition& p, const RowPath& path)
    : t_(t), p_(p), cam_(path.cam), per_mat_(path.per_mat), per_row_(path.per_row), sub_(path.sub) {
    const Cut& cut = p.cut;
    const double cell_height = path.cell_height;
    cells = sub_.cells;

    const Decoder& row = path.row;
    const Predecoder& row_pre = path.predecoder;
    const unsigned amplifiers = p.columns / cut.ndcm;
    const double along = per_row_ * p.columns * p.cell_width;
    const double along_r = along * t.global.resistance / (per_row_ >= 2 ? 2 : 1);
    const auto select = [&](unsigned lines, bool way_select, unsigned ways, double gates) {
        const double load = ways > 1 ? gates * gate_cap(t, t.column_mux) + along * t.global.capacitance : 0;
        return Decoder(t, lines, way_select, load, along_r, cell_height);
    };
    const double all_amplifiers = per_mat_ * amplifiers;
    Decoder column = select(cut.ndcm, false, cut.ndcm, 2 * per_mat_ * p.columns / cut.ndcm);
    Decoder mux1 = select(p.sa_mux, p.way_signals != 0, cut.sam1, all_amplifiers / cut.sam1);
    Decoder mux2 = select(cut.sam2, false, cut.sam2, all_amplifiers / (cut.sam1 * cut.sam2));

    const Predecoder column_pre(t, cut.ndcm, column, 0, 0, 1), mux1_pre(t, p.sa_mux, mux1, 0, 0, 1),
        mux2_pre(t, cut.sam2, mux2, 0, 0, 1);
    for (auto [decoder, pre] : {std::pair{&column, &column_pre}, {&mux1, &mux1_pre}, {&mux2, &mux2_pre}})
        decoder->drive(pre->ramp);
    word_line = row_pre.delay + row.delay;
    column_select = column_pre.delay + column.delay;
    sa_mux1 = mux1_pre.delay + mux1.delay;
    sa_mux2 = mux2_pre.delay + mux2.delay;
    ramp_ = path.ramp;
    row_decode_ = row.delay;

    // The wire from the sense amplifiers to the edge of the mat.
    const double repeaters = sub_.width / t.repeater_spacing;
    const double wire_area = repeaters * gate_area(t, 1, t.p_to_n * t.min_n * t.repeater_size,
                                                   t.min_n * t.repeater_size, t.cell_height);
    const double um = sub_.width * 1e-6;
    lay_out(row, row_pre, wire_area,
            (row_pre.area + column_pre.area + mux1_pre.area + mux2_pre.area +
             way_select_area(t, p.way_signals, mux1) + column.area() + mux1.area() + mux2.area()) *
                p.all());

    const unsigned read_columns = cam_ ? p.ram_columns : p.columns;
    const double precharge_gates = read_columns * gate_cap(t, 2 * t.precharge + t.equalize);
    const double precharge_wire = read_columns * p.cell_width;
    const GateChain precharge(
        t, 1, precharge_gates + precharge_wire * t.global.capacitance,
        precharge_wire * t.global.resistance * (precharge_wire * t.global.capacitance / 2 + precharge_gates),
        t.cell_height);

    std::optional<Search> search;
    if (cam_) {
        search.emplace(t, p, sub_);
        match = search->delay;
        ramp_ = search->ramp;
    }
    const Costs bits = read_bit_line(), amplifier = amplify(), driver = drive_output(t.wire_delay * um),
                comparators = p.part == Part::tags ? compare() : Costs{};
    const double out_energy = driver.energy + t.wire_energy * um,
                 out_leakage = driver.leakage + t.wire_leakage * um;

    const unsigned subs = cam_ ? 1 : per_mat_;  // that an access reads in this mat
    read_energy = row_pre.energy + column_pre.energy + mux1_pre.energy + mux2_pre.energy +
                  subs * row.energy() + column.energy() + mux1.energy() + mux2.energy() +
                  subs * precharge.energy() + subs * amplifiers * amplifier.energy +
                  subs * p.columns * bits.energy + out_energy * p.mat_out + comparators.energy;
    const unsigned outputs = cam_ ? amplifiers : amplifiers / (cut.sam1 * cut.sam2);
    leakage = per_mat_ * (bits.leakage * p.rows * p.columns + precharge.leakage() * t.vdd +
                          amplifier.leakage * amplifiers * p.sensing() + out_leakage * outputs * p.sensing() +
                          row.leakage() * p.rows) +
              row_pre.leakage;
    if (cam_) {
        search_energy = search->energy * per_mat_;
        hit_energy = precharge.energy() + p.ram_columns * (amplifier.energy + bits.energy) +
                     out_energy * p.search_out + search->hit_energy;
        leakage += search->leakage * per_mat_;
        cycle = match + bit_line;
        return;
    }
    leakage += comparators.leakage * p.mat_out * p.reading() + column_pre.leakage + mux1_pre.leakage +
               mux2_pre.leakage + column.leakage() * cut.ndcm + mux1.leakage() * cut.sam1 +
               mux2.leakage() * cut.sam2;

    // Word line and bit lines must be as before.
    const double word_reset =
        on_resistance(t, row.chain.last_n(), Channel::n, 1) *
            (drain_cap(t, row.chain.last_p(), Channel::p, 1, 4 * p.cell_height) +
             drain_cap(t, row.chain.last_n(), Channel::n, 1, 4 * p.cell_height) + row.load) +
        row.wire_resistance * row.load / 2;
    const double bit_r = p.rows * p.cell_height * t.local.resistance;
    double restore = std::log((t.vdd - .1 * t.sense_swing) / (t.vdd - t.sense_swing)) * sub_.bit_line_cap *
                     (on_resistance(t, t.precharge, Channel::p, 1) + bit_r / 2);
    precharge.drive(0, restore);
    cycle = std::max({row_decode_ + bit_line + sense + horowitz(0, word_reset, .5, .5, true) + restore,
                      row_pre.delay, column_pre.delay, mux1_pre.delay, mux2_pre.delay});
}

void Mat::lay_out(const Decoder& row, const Predecoder& row_predecoder, double output_wire_area,
                  double centre_area) {
    const Technology& t = t_;
    const Partition& p = p_;
    const Cut& cut = p.cut;
    const unsigned reading = p.reading(), sensing = p.sensing();
    const double cell = p.cell_width, pitch = t.global.pitch;
    const double sense_pitch = cell * cut.ndcm / reading;
    double below = folded(t, t.precharge, cam_ ? p.cam_width : cell / (2 * sensing)) +
                   folded(t, t.equalize, cam_ ? p.cam_width : cell / sensing);
    if (cut.ndcm > 1) below += folded(t, t.column_mux, cell / (2 * reading));
    below += 2 * folded(t, t.sense_p, sense_pitch) + folded(t, t.iso, sense_pitch) +
             2 * folded(t, t.sense_n, sense_pitch) + folded(t, t.sense_enable, sense_pitch) + 4 * t.same_gap +
             t.p_n_gap;
    if (cut.sam1 > 1) below += folded(t, t.column_mux, cell * cut.sam1 / reading);
    if (cut.sam2 > 1)
        below += folded(t, t.column_mux, cell * cut.ndcm * cut.sam1 / reading) +
                 2 * folded(t, t.p_to_n * t.min_n, cell * cut.sam2 / reading) +
                 2 * folded(t, t.min_n, cell * cut.sam2 / reading);
    below += output_wire_area * (p.columns / (cut.ndcm * cut.sam1 * cut.sam2)) / sub_.width * sensing;
    const auto selects = [](unsigned lines) { return lines > 1 ? lines : 0; };
    double wires = (selects(cut.ndcm) + selects(cut.sam1) + selects(cut.sam2)) * pitch * reading +
                   (p.mat_address + p.way_signals + (p.mat_in + p.mat_out) / per_row_) * pitch * p.all();
    if (cam_) wires += (p.search_in + p.search_out) / per_row_ * pitch * p.ports.search;
    const double decoders = row.area() * p.rows * p.all() / sub_.height;
    const double predecoded =
        ((1u << row_predecoder.bits[1]) + (1u << row_predecoder.bits[0])) * pitch * p.all();
    const unsigned rows_of_subs = per_mat_ / per_row_;
    height = rows_of_subs * (sub_.height + below) + wires;
    width = per_row_ * sub_.width + std::max(predecoded, per_row_ * decoders) + centre_area / height;
}

// Cells pull one of their two bit lines down until the sense amplifiers see it.
Mat::Costs Mat::read_bit_line() {
    const Technology& t = t_;
    const unsigned mux = p_.cut.ndcm;
    const double pitch = below_cell(mux), swing = t.sense_swing;
    // Associative arrays: CACTI leaves out the resistance per micrometre; kept, so that its figures can be
    // compared.
    const double line_r = p_.rows * (cam_ ? p_.cam_height : p_.cell_height * t.local.resistance);
    const double line = sub_.bit_line_cap;
    const double iso = drain_cap_in_pitch(t, t.iso, pitch);
    const double latch = gate_cap(t, t.sense_p + t.sense_n) + drain_cap_in_pitch(t, t.sense_n, pitch) +
                         drain_cap_in_pitch(t, t.sense_p, pitch);
    const double out = drain_cap_in_pitch(t, t.column_mux, pitch);
    const double cell_r =
        on_resistance(t, t.cell_nmos, Channel::n, 1) + on_resistance(t, t.cell_access, Channel::n, 1);
    const double iso_r = on_resistance(t, t.iso, Channel::p, 1);
    double tau, energy;
    if (mux > 1) {
        const double column =
            drain_cap_in_pitch(t, t.column_mux, cam_ ? p_.cam_width : p_.cell_width / (2 * p_.sensing()));
        const double behind = 2 * iso + latch + out;
        tau = cell_r * (line + 2 * column + behind) + line_r * (line / 2 + 2 * column + behind) +
              on_resistance(t, t.column_mux, Channel::n, 1) * (column + behind) + iso_r * (iso + latch + out);
        energy = (line + 2 * column + behind / mux) * 2 * swing * t.vdd;
    } else {
        tau = cell_r * (line + iso + latch + out) + line_r * line / 2 + iso_r * (iso + latch + out);
        energy = (line + 2 * iso + latch + out) * 2 * swing * t.vdd;
    }
    const double step = tau * std::log(t.vdd / (t.vdd - swing));
    const double slope = t.vdd / ramp_, above = t.vdd - t.vth;
    bit_line = step <= .5 * above / slope ? std::sqrt(2 * step * above / slope) : step + above / (2 * slope);
    const double leak = 2 * inverter_leakage(t, t.cell_nmos, t.cell_pmos) +
                        nmos_leakage(t, t.cell_access, 1) * (p_.ports.read_write + p_.ports.write) +
                        nmos_leakage(t, t.cell_access, 2) * p_.ports.read;
    return {energy, leak * t.vdd};
}

Mat::Costs Mat::amplify() {
    const Technology& t = t_;
    const double pitch = below_cell(p_.cut.ndcm);
    double load = gate_cap(t, t.sense_p + t.sense_n);
    for (const double w : {t.sense_n, t.sense_p, t.iso, t.column_mux})
        load += drain_cap_in_pitch(t, w, pitch);
    sense = load / t.sense_gm * std::log(t.vdd / t.sense_swing);
    return {load * t.vdd * t.vdd, t.sense_enable * t.off_current * t.vdd};
}

// Multiplexer, two inverters, multiplexer, and the wire out.
Mat::Costs Mat::drive_output(double wire_delay) {
    const Technology& t = t_;
    const Cut& cut = p_.cut;
    const double p = t.p_to_n * t.min_n, h = t.cell_height;
    const double inverter_in = gate_cap(t, t.min_n + p);
    const double inverter_out = drain_cap(t, t.min_n, Channel::n, 1, h) + drain_cap(t, p, Channel::p, 1, h);
    const double first = drain_cap_in_pitch(t, t.column_mux, below_cell(cut.ndcm));
    const double second = drain_cap_in_pitch(t, t.column_mux, below_cell(cut.ndcm * cut.sam1));
    const double repeater = gate_cap(t, t.repeater_size * (sub_.width / t.repeater_spacing) * (t.min_n + p));
    const double mux_r = on_resistance(t, t.column_mux, Channel::n, 1);
    const double inverter_r = on_resistance(t, t.min_n, Channel::n, 1);
    double ramp = 0, switched = 0;
    const auto stage = [&](double r, double load) {
        const double d = horowitz(ramp, r * load, .5, .5, true);
        output += d;
        ramp = d / .5;
        switched += load;
    };
    stage(mux_r, cut.sam1 * first + inverter_in);
    stage(inverter_r, inverter_out + inverter_in);
    stage(inverter_r, inverter_out + second);
    stage(mux_r, cut.sam2 * second + repeater);
    output += wire_delay;
    return {.5 * switched * t.vdd * t.vdd, 2 * inverter_leakage(t, t.min_n, p) * t.vdd};
}

// Of the tags, in four parts each. Their delay is hidden in CACTI's access time; so it is here.
Mat::Costs Mat::compare() const {
    const Technology& t = t_;
    const double F = t.feature, h = t.cell_height, ways = p_.ways;
    const auto drains = [&](double n, double p) {
        return drain_cap(t, p * F, Channel::p, 1, h) + drain_cap(t, n * F, Channel::n, 1, h);
    };
    const double sizes[4][2]{{7.5, 12.5}, {15, 25}, {30, 50}, {50, 100}};  // n and p of the timing inverters
    double switched = 0, leak = 0;
    for (unsigned i = 0; i < 3; ++i)
        switched += .5 * 4 * ways *
                    (gate_cap(t, (sizes[i + 1][0] + sizes[i + 1][1]) * F) + drains(sizes[i][0], sizes[i][1]));
    for (const auto& size : sizes) leak += inverter_leakage(t, size[0] * F, size[1] * F) * 4 * ways;
    const double n = 12.5 * F;
    const double bits =
        p_.tag_bits / 4 * (drain_cap(t, n, Channel::n, 1, h) + drain_cap(t, n, Channel::n, 2, h));
    switched += .5 * 4 * ways * (bits + drains(sizes[3][0], sizes[3][1])) +
                (ways - 1) * (bits + drain_cap(t, 37.5 * F, Channel::p, 1, h));
    leak += inverter_leakage(t, n, n) * 4 * ways;
    return {switched * t.vdd * t.vdd, leak * t.vdd};
}

}  // namespace stile::model::area
