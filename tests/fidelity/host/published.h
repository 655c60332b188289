// SPDX-License-Identifier: Apache-2.0
//
// What is published about the processor that the reference machine stands for.
#pragma once

#include <span>

namespace stile::fidelity {

inline constexpr const char* reference_machine = "xeon-e3-1220v2.yaml";

inline constexpr double tolerance = 0.15;

struct Published {
    const char* row;  // the micro-benchmark, tests/fidelity/guest/
    const char* group;
    const char* what;
    const char* unit;  // none: cycles
    double value;
    const char* source;  // a key of the page's list of sources
    // Whether the figure is a parameter of the machine file, read back through executed code, or follows from
    // several parameters and the structure of the model.
    enum Kind { parameter, emerges } kind;
    const char* note = "";
    const char* why = "";  // it is off; required where it is by more than `tolerance`
};

std::span<const Published> published();

}  // namespace stile::fidelity
