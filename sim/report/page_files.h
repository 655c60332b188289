// SPDX-License-Identifier: Apache-2.0
//
// The files that are built into the program to be put into reports.
#pragma once

#include <string_view>

namespace stile::sim {

std::string_view page_style();    // page/sweep.css
std::string_view page_front();    // page/front.js
std::string_view page_rows();     // page/rows.js
std::string_view page_script();   // page/sweep.js
std::string_view page_d3();       // D3, as the distribution has it
std::string_view page_licence();  // of D3

}  // namespace stile::sim
