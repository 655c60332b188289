// SPDX-License-Identifier: Apache-2.0
#include "model/area/circuit.h"

#include <algorithm>
#include <cmath>

namespace stile::model::area {
namespace {

double drain(const Technology& t, double width, unsigned stack, double fold) {
    const int folds = static_cast<int>(std::ceil(width / fold));
    const double w = folds < 2 ? width : fold;
    double across = t.contact + 2 * t.poly_to_contact + (stack - 1) * t.poly_to_poly;
    double side = w, along_gate = w + 2 * w * (stack - 1), metal = 0;
    if (folds > 1) {
        across +=
            (folds - 2) * (t.contact + 2 * t.poly_to_contact) + (folds - 1) * (stack - 1) * t.poly_to_poly;
        if (folds % 2 == 0) side = 0;
        along_gate *= folds;
        metal = t.local.capacitance * across;
    }
    return t.junction_cap * across * w + t.sidewall_cap * (side + 2 * across) +
           2 * (t.fringe_cap + t.overlap_cap) * along_gate + metal;
}

// Currents of transistors in series fall by this factor with every further one that is off.
constexpr double stack_factor = .43;

// How often k of n are off. CACTI counts the state with all of them off n + 1 times; kept, so that its
// figures can be compared.
double ways_off(unsigned n, unsigned k) {
    if (k == n) return n + 1.;
    double ways = 1;
    for (unsigned i = 0; i < k; ++i) ways = ways * (n - i) / (i + 1);
    return ways;
}

double series(double current, unsigned n) {
    double sum = 0, factor = 1;
    for (unsigned off = 1; off <= n; ++off, factor *= stack_factor)
        sum += current * factor * ways_off(n, off);
    return sum;
}

double diffusion(const Technology& t, unsigned stacked, unsigned folds) {
    const double contacted = t.contact + 2 * t.poly_to_contact;
    double w = 2 * contacted + stacked * t.feature + (stacked - 1) * t.poly_to_poly;
    if (folds > 1)
        w += (folds - 2) * 2 * contacted +
             (folds - 1) * (stacked * t.feature + (stacked - 1) * t.poly_to_poly);
    return w;
}

}  // namespace

double drain_cap(const Technology& t, double width, Channel channel, unsigned stack, double cell_height) {
    const double region = cell_height - 2 * t.rail - t.p_n_gap;
    return drain(t, width, stack, region * (channel == Channel::n ? 1 : 2) / 3);
}

double drain_cap_in_pitch(const Technology& t, double width, double pitch) {
    return drain(t, width, 1, pitch);
}

double horowitz(double ramp, double tf, double v1, double v2, bool rising) {
    if (ramp == 0 && v1 == v2) return tf * (v1 < 1 ? -std::log(v1) : std::log(v1));
    const double a = ramp / tf, l1 = std::log(rising ? v1 : 1 - v1), l2 = std::log(rising ? v2 : 1 - v2);
    const double slope = rising ? .5 * (1 - v1) : .4 * v1;
    return tf * (std::sqrt(l1 * l1 + 2 * a * slope) + l1 - l2);
}

double nand_leakage(const Technology& t, double n, double p, unsigned inputs) {
    return (inputs * p * t.off_current + series(n * t.off_current, inputs)) / (1u << inputs);
}
double nor_leakage(const Technology& t, double n, double p, unsigned inputs) {
    return (inputs * n * t.off_current + series(p * t.off_current, inputs)) / (1u << inputs);
}
double nmos_leakage(const Technology& t, double n, unsigned stack) {
    return stack == 1 ? n * t.off_current / 2 : series(n * t.off_current, stack) / (1u << stack);
}

double gate_area(const Technology& t, unsigned inputs, double p, double n, double height) {
    if (p <= 0 || n <= 0) return 0;
    const double region = height - 2 * t.rail - t.p_n_gap, share = p / (p + n);
    const auto p_folds = static_cast<unsigned>(std::ceil(p / (region * share)));
    const auto n_folds = static_cast<unsigned>(std::ceil(n / (region * (1 - share))));
    const double width = std::max(diffusion(t, inputs, n_folds), diffusion(t, 1, inputs * p_folds));
    return width * (region * (1 - share) > n ? n + p + t.p_n_gap + 2 * t.rail : height);
}

double folded(const Technology& t, double width, double pitch) {
    const double folds = std::ceil(width / pitch);
    return folds * t.feature + (folds + 1) * (t.contact + 2 * t.poly_to_contact);
}

GateChain::GateChain(const Technology& t, unsigned inputs, double load, double wire, double height)
    : t_(&t), inputs_(inputs) {
    n_[0] = inputs * t.min_n;
    p_[0] = t.p_to_n * t.min_n;
    input_cap_ = gate_cap(t, n_[0] + p_[0]);
    const double effort = (inputs + t.p_to_n) / (1 + t.p_to_n);
    size(effort, effort * load / input_cap_, load);
    first_area_ = gate_area(t, inputs, p_[0], n_[0], height);
    double switched = 0;
    for (unsigned i = 0; i < gates_; ++i) {
        const unsigned k = i == 0 ? inputs : 1;
        const bool last = i + 1 == gates_;
        const double own =
            k * drain_cap(t, p_[i], Channel::p, 1, height) + drain_cap(t, n_[i], Channel::n, k, height);
        const double next = last ? load : gate_cap(t, n_[i + 1] + p_[i + 1]);
        tf_[i] = on_resistance(t, n_[i], Channel::n, k) * (own + next) + (last ? wire : 0);
        switched += own + next;
        area_ += i == 0 ? first_area_ : gate_area(t, 1, p_[i], n_[i], height);
    }
    energy_ = switched * t.vdd * t.vdd;
}

// Stages that are four times as strong as the one before, an even number of them; where the last one would
// be too wide, it gets the greatest width and the others follow.
void GateChain::size(double effort_of_gate, double effort, double load) {
    constexpr double best = 4;
    const double r = t_->p_to_n;
    const auto stages = [](double f, unsigned more) {
        int n = static_cast<int>(std::log(f) / std::log(best)) + static_cast<int>(more);
        n += n % 2 ? 1 : 0;
        return static_cast<unsigned>(std::clamp(n, 2, static_cast<int>(most)));
    };
    gates_ = stages(effort, 0);
    double f = std::pow(effort, 1. / gates_);
    double last = std::max(load / f / (1 + r) / t_->gate_cap, t_->min_n);
    if (last > t_->max_n) {
        effort = effort_of_gate * gate_cap(*t_, (1 + r) * t_->max_n) / input_cap_;
        gates_ = stages(effort, 1);
        f = std::pow(effort, 1. / (gates_ - 1));
        last = t_->max_n;
    }
    n_[gates_ - 1] = last;
    for (unsigned i = gates_ - 2; i >= 1; --i) n_[i] = std::max(n_[i + 1] / f, t_->min_n);
    for (unsigned i = 1; i < gates_; ++i) p_[i] = r * n_[i];
}

double GateChain::leakage(unsigned from, bool stacked) const {
    double sum = 0;
    for (unsigned i = from; i < gates_; ++i)
        sum += inputs_ > 1 && (i == 0 || stacked) ? nand_leakage(*t_, n_[i], p_[i], inputs_)
                                                  : inverter_leakage(*t_, n_[i], p_[i]);
    return sum;
}

double GateChain::drive(double ramp, double& delay, unsigned from) const {
    for (unsigned i = from; i < gates_; ++i) {
        const double d = horowitz(ramp, tf_[i], .5, .5, true);
        delay += d;
        ramp = d / .5;
    }
    return ramp;
}

}  // namespace stile::model::area
