// SPDX-License-Identifier: Apache-2.0
//
// Which designs are worth building: the Pareto front of cost against objective, and its knee.
//
// The knee is found in two steps (docs/results.md). A design on the front that is less than 2 % better than
// the last one that counted, a cheaper one, does not count. Of those that count, with cost and objective in
// logarithms, the knee is the one farthest below the straight line from the cheapest to the best (Satopää et
// al., "Finding a 'Kneedle' in a Haystack", ICDCSW 2011; logarithms are our choice, because sizes come as
// powers of two and gains as per cent). Where none is clearly below, the best is taken: each step is worth as
// much as the last.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/sweep_data.h"

namespace stile::sim {

inline constexpr size_t front_shown_whole = 12;  // of a longer one only what counts, and the best
inline constexpr double worth_having = 0.02;     // of the objective
inline constexpr double clearly_below = 0.05;    // of the line's length along either axis

struct Tradeoff {
    double cost = 0, objective = 0;
};

// By how much of itself `from` is bettered.
double gain(double from, double to, bool more_is_better);

// Indices of those that nothing cheaper or as cheap equals or beats, by cost. Of equals the first.
std::vector<size_t> pareto_front(const std::vector<Tradeoff>& all, bool more_is_better);

struct Knee {
    size_t place = 0;              // in the front
    std::vector<size_t> counting;  // places of those that count
    bool bends = false;            // false: the best of all, for want of a bend
};
Knee find_knee(const std::vector<Tradeoff>& front, bool more_is_better);

// What of a sweep is looked at. `load` has one entry per dimension: a level, or nothing for the mean over all
// of them; of dimensions that are no load it is not used.
struct Selection {
    size_t group = 0, cost = 0, objective = 0;
    bool more_is_better = false;
    std::vector<std::optional<size_t>> load;
};

// The group, and the loads if no design met all of them, in which the sweep shows most.
Selection default_selection(const SweepData& data);

// All points with the same values of everything that is no load.
struct Design {
    std::vector<size_t> points;  // indices, of those selected
    Tradeoff figures;            // means over these points
    bool measured = false;       // each point selected has the objective
    bool complete = false;       // and the cost
};
std::vector<Design> designs_of(const SweepData& data, const Selection& selection);
// Other dimensions may tell designs apart (`own`, one per dimension), and `load` may fix any of them.
std::vector<Design> designs_by(const SweepData& data, const Selection& selection,
                               const std::vector<bool>& own);

// "38 of 40 points have results, 2 failed."
std::string count_text(const SweepData& data);
// That a core model has no time, and how many points have it; empty if none has.
std::string untimed_text(const SweepData& data);

// "16 entries, 4 ways"
std::string design_text(const SweepData& data, const Design& design);

// Where designs hardly differ but the rows of a point do (sim/report/rows.h).
struct RowsTable {
    size_t dimension = 0;
    std::vector<std::vector<std::optional<double>>> figures;  // by group, then level
};

struct Answer {
    std::string sentence;
    std::string over;             // "mean over live 1 to 64; dipc low": what was looked at; may be empty
    std::vector<Design> front;    // by cost
    std::optional<size_t> build;  // of the front
    bool bends = false;
    std::vector<size_t> steps;      // of the front: what a table shows of it
    std::optional<RowsTable> rows;  // then this is what the sweep says
    std::vector<Design> ranking;    // where cost is the same for all: the best first, in place of a front
};
Answer answer_of(const SweepData& data, const Selection& selection);

}  // namespace stile::sim
