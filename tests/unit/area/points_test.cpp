// SPDX-License-Identifier: Apache-2.0
//
// How far is the model from CACTI 7? No point was used to fit anything. The goal is 10 % in the median and
// 25 % at worst. What was reached, and must stay: the digits that the files have, but for the tags of nine
// caches of the first file, for which another cut was taken.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "model/area/array.h"

namespace stile::model::area {
namespace {

using Point = std::map<std::string, std::string>;

std::vector<Point> read_points(const std::string& name) {
    std::ifstream in(std::string(STILE_SOURCE_DIR "/tests/data/") + name);
    std::vector<std::string> header;
    std::vector<Point> points;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> cells;
        std::stringstream text(line);
        for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
        if (header.empty()) {
            header = cells;
            continue;
        }
        Point point;
        for (size_t i = 0; i < cells.size(); ++i) point[header[i]] = cells[i];
        points.push_back(point);
    }
    return points;
}

ArraySpec spec_of(Point& p) {
    const auto number = [&p](const std::string& name) {
        return p[name].empty() ? 0u : static_cast<unsigned>(std::stoul(p[name]));
    };
    ArraySpec s;
    const bool ram = p["kind"] == "ram", associative = p["kind"] == "fa" || (!ram && number("assoc") == 0);
    s.kind = ram ? ArrayKind::ram : associative ? ArrayKind::associative : ArrayKind::cache;
    s.bits = uint64_t{8} * number("size_bytes");
    s.block_bits = 8 * number("block_bytes");
    s.ways = std::max(1u, number("assoc"));
    if (p["tag_bits"] != "default") s.tag_bits = number("tag_bits");
    s.nm = number("tech_nm");
    s.ports = {number("rw_ports"), number("rd_ports"), number("wr_ports"), 0};
    if (associative) s.ports.search = p.contains("search_ports") ? number("search_ports") : 1;
    return s;
}

class Points : public testing::TestWithParam<const char*> {};

TEST_P(Points, AgreeWithCacti) {
    std::vector<Point> points = read_points(GetParam());
    ASSERT_GE(points.size(), 40u);
    std::map<std::string, std::vector<double>> errors;
    for (Point& point : points) {
        const auto f = estimate(spec_of(point));
        ASSERT_TRUE(f) << point["kind"] << " " << point["size_bytes"];
        errors["access"].push_back(std::abs(f->access_ns / std::stod(point["access_ns"]) - 1));
        errors["energy"].push_back(std::abs(f->read_nj / std::stod(point["dyn_read_nJ"]) - 1));
        errors["leakage"].push_back(std::abs(f->leakage_mw / std::stod(point["leak_mW"]) - 1));
        errors["area"].push_back(std::abs(f->area_mm2 / std::stod(point["area_mm2"]) - 1));
    }
    const bool exact = std::string(GetParam()) == "cacti_random_points.csv";
    for (auto& [name, e] : errors) {
        std::sort(e.begin(), e.end());
        EXPECT_LT(e[e.size() / 2], .0001) << name << ", median";
        EXPECT_LT(e.back(), exact ? .001 : .06) << name << ", worst";
    }
}

INSTANTIATE_TEST_SUITE_P(Files, Points, testing::Values("cacti_points.csv", "cacti_random_points.csv"));

}  // namespace
}  // namespace stile::model::area
