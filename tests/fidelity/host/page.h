// SPDX-License-Identifier: Apache-2.0
//
// docs/fidelity.md, from measurements.
#pragma once

#include <string>
#include <vector>

#include "tests/fidelity/host/published.h"

namespace stile::fidelity {

struct Measured {
    const Published* row;
    double value;
    double error() const { return value / row->value - 1; }
};

std::vector<Measured> measure_all();  // on the reference machine, in the order of the page
std::string write_page(const std::vector<Measured>& rows);

}  // namespace stile::fidelity
