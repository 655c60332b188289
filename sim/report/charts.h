// SPDX-License-Identifier: Apache-2.0
//
// The charts of a sweep as files, drawn by gnuplot.
#pragma once

#include <string>
#include <vector>

#include "sim/report/front.h"

namespace stile::sim {

struct Chart {
    std::string file;    // "pareto.svg"
    std::string title;   // what it shows, in words
    std::string script;  // for gnuplot, which writes the SVG to its standard output
};

// The front, a line chart per dimension, a heat map per pair of dimensions; those that have something to
// show.
std::vector<Chart> charts_of(const SweepData& data, const Selection& selection, const Answer& answer);

// Points that agree in the levels of `dimensions`: the figure of the best of them, each the mean over the
// loads that are not among `dimensions`.
struct Shape {
    std::vector<size_t> levels;  // one per dimension asked for
    double objective = 0;
};
std::vector<Shape> shape_of(const SweepData& data, const Selection& selection,
                            const std::vector<size_t>& dimensions);

// A string of gnuplot's, in quotes, whatever is in it.
std::string gnuplot_quoted(const std::string& text);

// Throws std::runtime_error: gnuplot is not there, or it says what is wrong with the script.
std::string draw(const Chart& chart);

}  // namespace stile::sim
