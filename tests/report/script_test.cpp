// SPDX-License-Identifier: Apache-2.0
//
// Question: does the page's script say of every selection what the C++ says?
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "sim/report/page_files.h"
#include "sim/report/rows.h"
#include "sim/report/sweep_page.h"
#include "sim/report/words.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using nlohmann::ordered_json;

// What Duktape, a small engine of ECMAScript 5, prints.
std::string run_script(const Folder& folder, const std::string& text) {
    { std::ofstream(folder / "script.js", std::ios::binary) << page_front() << page_rows() << text; }
    const std::string out = (folder / "out.txt").string();
    const std::string command =
        fmt::format("{} {} >{} 2>&1", STILE_DUK, (folder / "script.js").string(), out);
    EXPECT_EQ(std::system(command.c_str()), 0) << text_of(out).substr(0, 2000);
    return text_of(out);
}

std::string said(const SweepData& data, const Selection& selection) {
    const Answer answer = answer_of(data, selection);
    std::string out = answer.sentence + "|" + answer.over;
    for (size_t i : answer.steps)
        out += fmt::format("|{}{}", design_text(data, answer.front[i]), i == *answer.build ? "!" : "");
    for (const Design& design : answer.ranking) out += "|" + design_text(data, design);
    if (answer.rows)
        for (const auto& line : rows_cells(data, selection, *answer.rows))
            out += fmt::format("|{}", fmt::join(line, ";"));
    return out + "\n";
}

constexpr const char* say = R"js(
selections.forEach(function(selection) {
    var answer = answerOf(data, selection), out = answer.sentence + '|' + answer.over;
    answer.steps.forEach(function(i) { out += '|' + designText(data, answer.front[i]) + (i === answer.build ? '!' : ''); });
    answer.ranking.forEach(function(design) { out += '|' + designText(data, design); });
    if (answer.rows) rowsCells(data, selection, answer.rows).forEach(function(line) { out += '|' + line.join(';'); });
    print(out);
});
)js";

void compare(const Folder& folder, const std::string& directory) {
    const SweepData data = read_sweep(folder / directory / "results.sqlite");
    Selection selection = default_selection(data);
    ordered_json selections = ordered_json::array();
    std::string expected;
    std::mt19937 random(7);
    for (int i = 0; i < 60; ++i) {
        selections.push_back(page_data(data, selection)["selection"]);
        expected += said(data, selection);
        selection.group = random() % std::max<size_t>(1, data.groups.size());
        selection.cost = random() % data.metrics.size();
        selection.objective = random() % data.metrics.size();
        selection.more_is_better = random() % 2;
        for (size_t d = 0; d < data.dimensions.size(); ++d) {
            selection.load[d] = std::nullopt;
            if (data.dimensions[d].load && random() % 2)
                selection.load[d] = random() % data.dimensions[d].levels.size();
        }
    }
    const std::string script =
        fmt::format("var data = {};\nvar selections = {};\n{}",
                    page_data(data, default_selection(data)).dump(), selections.dump(), say);
    EXPECT_EQ(run_script(folder, script), expected) << directory;
}

TEST(Script, AnswersAsTheProgramDoes) {
    Folder folder;
    make_knee(folder / "knee");
    make_loads(folder / "loads");
    {
        // Zipped and word axes, two loads, several rows, holes, and figures that are missing, zero or below.
        SweepMaker sweep(folder / "wild", "wild");
        sweep.axis("machine.l1d.size", 0);
        sweep.axis("machine.l1d.latency", 0);
        sweep.axis("protection");
        sweep.axis("workload.live");
        sweep.axis("measure.touch");
        std::mt19937 random(3);
        const char* statuses[] = {"failed", "invalid", "timeout"};
        for (int size = 0; size < 4; ++size)
            for (const char* protection : {"codoms", "none"})
                for (int live : {1, 5, 9})
                    for (const char* touch : {"read", "none"}) {
                        const bool done = random() % 12 != 0;
                        const int point = sweep.point({{fmt::format("{} KiB", 8 << size), 8192 << size},
                                                       {std::to_string(size + 2), size + 2},
                                                       {protection, std::nullopt},
                                                       {std::to_string(live), live},
                                                       {touch, std::nullopt}},
                                                      done ? "done" : statuses[random() % 3]);
                        sweep.array(point, "l1d", 0.013 * (1 << size), 0.1 * size);
                        if (!done) continue;
                        for (int row : {1, 2}) {
                            sweep.row(point, row,
                                      400.0 / (1 << size) + live * 3 + double(random() % 1000) / 7,
                                      {{"mechanism", row == 1 ? "dipc" : "pipe"},
                                       {"apl_misses", std::to_string(random() % 3)}});
                            sweep.statistic(point, row, "signed", double(random() % 100) - 50);
                            if (random() % 9)
                                sweep.statistic(point, row, "sometimes", 0.5 + double(random() % 9));
                        }
                    }
    }
    {
        SweepMaker sweep(folder / "load", "load");
        sweep.axis("workload.live");
        for (int live : {1, 2, 3})
            sweep.row(sweep.point({{std::to_string(live), live}}), 1, live == 3 ? 10 : 10 * live);
    }
    {
        // Mechanisms and policies along sizes, under words that build nothing; holes, refusals, places that
        // change.
        SweepMaker sweep(folder / "rows", "rows");
        sweep.axis("workload.sizes");
        sweep.axis("measure.touch");
        std::mt19937 random(9);
        for (int size : {0, 64, 4096})
            for (const char* touch : {"read", "none"}) {
                const int point = sweep.point({{fmt::format("[{} B]", size), size}, {touch, std::nullopt}},
                                              random() % 9 ? "done" : "failed");
                int row = 0;
                for (const char* mechanism : {"function", "dipc", "pipe", "binder"})
                    for (const char* policy : {"low", "reg_conf@both", "high"}) {
                        const std::string name = mechanism;
                        if (name != "dipc" && policy != std::string("low")) continue;
                        ++row;
                        if (random() % 6 == 0) {
                            sweep.refused(point, row, mechanism, 38, "", name == "dipc" ? policy : "-", size);
                            continue;
                        }
                        const double steep = name == "pipe" ? 3 : name == "binder" ? 1 : 0;
                        sweep.row(point, row, 100.0 + row * 300 + size * steep + double(random() % 100) / 3,
                                  {{"mechanism", mechanism},
                                   {"policy", name == "dipc" ? policy : "-"},
                                   {"scope", name == "function" ? "same_process" : "cross_process"},
                                   {"size_bytes", std::to_string(size)}});
                    }
            }
    }
    for (const char* directory : {"rows", "knee", "loads", "wild", "load"}) compare(folder, directory);
}

TEST(Script, WritesNumbersAsTheProgramDoes) {
    Folder folder;
    std::mt19937_64 random(11);
    std::string numbers, expected;
    for (int i = 0; i < 3000; ++i) {
        const double size = std::pow(10, double(random() % 24) - 12);
        double value = double(random() % 2000001 - 1000000.0) / 1000 * size;
        if (i % 5 == 0) value = double(random() % 4001) / 2;  // halves
        const int count = 1 + static_cast<int>(random() % 4);
        numbers += fmt::format("[{}, {}], ", value, count);
        expected += digits(value, count) + "\n";
    }
    EXPECT_EQ(run_script(folder, "[" + numbers + "].forEach(function(n) { print(digits(n[0], n[1])); });"),
              expected);
}

TEST(Script, FindsFrontAndKneeAsTheProgramDoes) {
    Folder folder;
    std::mt19937 random(5);
    std::string cases, expected;
    for (int i = 0; i < 500; ++i) {
        std::vector<Tradeoff> all(1 + random() % 25);
        const int kind = static_cast<int>(random() % 3);
        for (Tradeoff& one : all) {
            one.cost = kind == 0 ? double(random() % 6) : 1 + double(random() % 1000) / 3;
            one.objective = kind == 2 ? 500 / one.cost + double(random() % 50)
                                      : double(random() % 40) - (kind == 0 ? 5 : 0);
        }
        const bool more = random() % 4 == 0;
        std::vector<Tradeoff> front;
        cases += fmt::format("[{}, [", more);
        for (const Tradeoff& one : all)
            cases += fmt::format("{{cost: {}, objective: {}}}, ", one.cost, one.objective);
        cases += "]],\n";
        for (size_t at : pareto_front(all, more)) {
            front.push_back(all[at]);
            expected += fmt::format("{} ", at);
        }
        const Knee knee = find_knee(front, more);
        expected += fmt::format("knee {} {}\n", knee.place, knee.bends);
    }
    EXPECT_EQ(run_script(folder, "[" + cases + R"js(].forEach(function(one) {
        var front = paretoFront(one[1], one[0]), knee = findKnee(front.map(function(i) { return one[1][i]; }), one[0]);
        print(front.map(function(i) { return i + ' '; }).join('') + 'knee ' + knee.place + ' ' + knee.bends);
    });)js"),
              expected);
}

}  // namespace
}  // namespace stile::sim
