// SPDX-License-Identifier: Apache-2.0
//
// How figures and designs of a sweep are told to people.
#pragma once

#include <string>

#include "sim/report/sweep_data.h"

namespace stile::sim {

struct MetricWords {
    std::string unit;        // "mm2"; empty: the name stands before the figure instead
    std::string noun;        // "area"
    std::string less, more;  // "fewer" and "more"
};
MetricWords metric_words(const std::string& name);

// A dimension's value in words: "16 entries", "32 KiB l1d", "core.rob 128".
std::string phrase_of(const SweepData& data, size_t dimension, size_t level);

// At least `count` digits that mean something: 1234.5 -> "1235", 14.62 -> "14.6", 0.00312 -> "0.00312"
// (three).
std::string digits(double value, int count);
// "1.05x", "7.8x"
inline std::string times_text(double ratio) { return digits(ratio, ratio < 2 ? 3 : 2) + "x"; }
inline std::string three_digits(double value) { return digits(value, 3); }

// "14.6 cycles per call", "14.6 to 19.1 cycles per call", "run.cycles 876 to 900".
std::string with_unit(const SweepData& data, size_t metric, const std::string& numbers);
std::string figure(const SweepData& data, size_t metric, double value);
// "from 14.6 (live 4) to 19.1 cycles per call (live 64)"
std::string figures_from(const SweepData& data, size_t metric, double from, const std::string& at_from,
                         double to, const std::string& at_to);

// Valid UTF-8 without control characters: what HTML and SVG can hold.
std::string page_text(const std::string& text);

}  // namespace stile::sim
