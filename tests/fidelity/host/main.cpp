// SPDX-License-Identifier: Apache-2.0
//
//   fidelity [--machine FILE] [ROW]...   measures (all rows if none is named) and prints row and value
//   fidelity --page                      prints docs/fidelity.md
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <vector>

#include "tests/fidelity/host/measure.h"
#include "tests/fidelity/host/page.h"
#include "tests/fidelity/host/published.h"

namespace {

using namespace stile::fidelity;  // a program of its own, not a header

int run(int argc, char** argv) {
    std::string machine = reference_machine;
    std::vector<std::string> rows;
    bool page = false;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        if (arg == "--machine" && i + 1 < argc)
            machine = argv[++i];
        else if (arg == "--page")
            page = true;
        else
            rows.push_back(arg);
    }
    if (page) {
        fmt::print("{}", write_page(measure_all()));
        return 0;
    }
    const auto config = load_machine(machine);
    if (rows.empty())
        for (const Published& p : published()) rows.emplace_back(p.row);
    for (const auto& row : rows) {
        fmt::print("{:24} {:10.3f}\n", row, measure(config, row));
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        fmt::print(stderr, "fidelity: {}\n", e.what());
        return 1;
    }
}
