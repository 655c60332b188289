// SPDX-License-Identifier: Apache-2.0
#include "sim/report/page_files.h"

extern "C" const char stile_page_style[], stile_page_style_end[], stile_page_front[], stile_page_front_end[],
    stile_page_rows[], stile_page_rows_end[], stile_page_script[], stile_page_script_end[], stile_page_d3[],
    stile_page_d3_end[], stile_page_licence[], stile_page_licence_end[];

namespace stile::sim {

std::string_view page_style() { return {stile_page_style, stile_page_style_end}; }
std::string_view page_front() { return {stile_page_front, stile_page_front_end}; }
std::string_view page_rows() { return {stile_page_rows, stile_page_rows_end}; }
std::string_view page_script() { return {stile_page_script, stile_page_script_end}; }
std::string_view page_d3() { return {stile_page_d3, stile_page_d3_end}; }
std::string_view page_licence() { return {stile_page_licence, stile_page_licence_end}; }

}  // namespace stile::sim
