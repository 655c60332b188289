// SPDX-License-Identifier: Apache-2.0
#include "sim/report/sweep_outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "sim/report/rows.h"
#include "sim/report/sweep_csv.h"
#include "sim/report/sweep_page.h"
#include "sim/report/words.h"
#include "sim/results/table.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

// Whole or not at all: written beside its place and renamed.
void put(const fs::path& path, const std::string& text) {
    const fs::path temporary = path.parent_path() / fmt::format(".{}.{}", path.filename().string(), getpid());
    std::ofstream out(temporary, std::ios::binary);
    out << text;
    out.close();
    std::error_code failed;
    if (out) fs::rename(temporary, path, failed);
    if (!out || failed) {
        const std::string why = failed ? failed.message() : std::strerror(errno);
        fs::remove(temporary, failed);
        throw std::runtime_error(fmt::format("{} cannot be written: {}", path.string(), why));
    }
}

// Charts of an earlier state of the sweep must not stay behind.
void put_charts(const fs::path& folder, const std::vector<DrawnChart>& charts) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        throw std::runtime_error(fmt::format("{} cannot be made: {}", folder.string(), failed.message()));
    for (const auto& entry : fs::directory_iterator(folder)) {
        bool stays = entry.path().extension() != ".svg";
        for (const DrawnChart& drawn : charts) stays = stays || entry.path().filename() == drawn.chart.file;
        if (!stays) fs::remove(entry.path(), failed);
    }
    for (const DrawnChart& drawn : charts) put(folder / drawn.chart.file, drawn.svg);
}

}  // namespace

std::vector<std::string> write_sweep_outputs(const fs::path& directory) {
    const SweepData data = read_sweep(directory / "results.sqlite");
    std::vector<std::string> warnings = data.warnings;
    put(directory / "results.csv", sweep_csv(data));
    const Selection selection = default_selection(data);
    const Answer answer = answer_of(data, selection);
    std::vector<DrawnChart> drawn;
    try {
        if (data.count("done") > 0 && !data.rows.empty())
            for (const Chart& chart : charts_of(data, selection, answer))
                drawn.push_back({chart, draw(chart)});
    } catch (const std::runtime_error& error) {
        // The charts are the only thing that needs another program: the rest is worth having without them.
        warnings.push_back(fmt::format("no charts/*.svg: {}", error.what()));
        drawn.clear();
    }
    put_charts(directory / "charts", drawn);
    put(directory / "report.html", sweep_page(data, drawn));
    return warnings;
}

std::string sweep_answer(const fs::path& database) {
    const SweepData data = read_sweep(database);
    const Selection selection = default_selection(data);
    const Answer answer = answer_of(data, selection);
    std::string out = answer.sentence + "\n";
    if (!answer.over.empty()) out += "(" + answer.over + ")\n";
    if (const std::string untimed = untimed_text(data); !untimed.empty()) out += untimed + "\n";
    // Half a sweep must not pass for a whole one.
    const size_t done = data.count("done");
    if (done > 0 && done + data.count("invalid") < data.expected_points()) out += count_text(data) + "\n";
    if (answer.rows) return out + "\n" + aligned(rows_cells(data, selection, *answer.rows), 1);
    if (!answer.build) return out;
    const std::string &cost = data.metrics[selection.cost].name,
                      &objective = data.metrics[selection.objective].name;
    std::vector<std::vector<std::string>> cells;
    if (!answer.ranking.empty()) {
        cells.push_back({"design", objective});
        for (const Design& design : answer.ranking) {
            if (cells.size() > front_shown_whole) break;
            cells.push_back({design_text(data, design), three_digits(design.figures.objective)});
        }
    } else {
        cells.push_back({"front", cost, objective, ""});
        for (size_t i : answer.steps) {
            const Design& design = answer.front[i];
            cells.push_back({design_text(data, design), three_digits(design.figures.cost),
                             three_digits(design.figures.objective),
                             i == *answer.build ? "<- build this" : ""});
        }
    }
    return out + "\n" + aligned(cells, 1);
}

}  // namespace stile::sim
