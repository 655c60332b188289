// SPDX-License-Identifier: Apache-2.0
//
// Is every mistake that a descriptor can hold told, all of them at once, and nothing that is none?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/results/csv.h"
#include "workloads/check_descriptor.h"

namespace stile::workload {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

Descriptor good() {
    Descriptor d;
    d.name = "mine";
    d.help = "For tests";
    d.mechanisms = {{"pipe", "a pipe"}};
    d.parameters = {
        {.name = "size", .type = Type::bytes, .default_value = int64_t{64}, .help = "of it", .max = 128}};
    d.rows = [](const Parameters&, const Measure&, const std::string&) { return std::vector<Row>{}; };
    d.reports = {{"missed", "calls", "too late"}};
    return d;
}
Row good_row() {
    Row row;
    row.mechanism = "pipe";
    row.processes = {{"/bin/x", {"x"}, {}, ""}};
    return row;
}
Parameter word(Type type, Value value) {
    return {.name = "word", .type = type, .default_value = value, .help = "h", .choices = {"a", "b"}};
}

TEST(DescriptorFaults, a_good_one_has_none) {
    EXPECT_THAT(faults_of(good()), IsEmpty());
    EXPECT_THAT(faults_of(good(), {good_row()}), IsEmpty());
}

TEST(DescriptorFaults, names) {
    Descriptor d = good();
    d.name = "my workload";
    d.help = "";
    d.mechanisms = {{"pipe", ""}, {"pipe", ""}, {"a b", ""}};
    EXPECT_THAT(
        faults_of(d),
        ElementsAre("'my workload' is no name for a workload", "it has no help: one line on what it does",
                    "mechanism 'pipe' is declared twice", "'a b' is no name for a mechanism"));
}

TEST(DescriptorFaults, parameters) {
    Descriptor d = good();
    d.parameters.push_back(d.parameters[0]);
    d.parameters.push_back({.name = "2nd", .type = Type::integer, .default_value = int64_t{0}, .help = "h"});
    d.parameters.push_back(
        {.name = "name", .type = Type::string, .default_value = std::string(), .help = ""});
    d.parameters.push_back(
        {.name = "low", .type = Type::integer, .default_value = int64_t{3}, .help = "h", .min = 5, .max = 4});
    d.parameters.push_back({.name = "kind", .type = Type::boolean, .default_value = int64_t{1}, .help = "h"});
    EXPECT_THAT(faults_of(d), ElementsAre("parameter 'size' is declared twice",
                                          "parameter '2nd': letters, digits and _ make a name",
                                          "parameter 'name': every workload has a key of that name",
                                          "parameter 'name' has no help",
                                          "parameter 'low': its minimum 5 is above its maximum 4",
                                          "parameter 'low': its default 3 is not in 5 to 4",
                                          "parameter 'kind': its default is of another type"));
}

TEST(DescriptorFaults, defaults_are_held_against_ranges_and_choices) {
    Descriptor d = good();
    d.parameters = {word(Type::string, std::string("c"))};
    EXPECT_THAT(faults_of(d), ElementsAre("parameter 'word': its default 'c' is none of its choices"));
    d.parameters = {word(Type::string_list, Strings{"a", "d"})};
    EXPECT_THAT(faults_of(d), ElementsAre("parameter 'word': its default 'd' is none of its choices"));
    d.parameters = {word(Type::path, std::string("a"))};
    EXPECT_THAT(faults_of(d), ElementsAre("parameter 'word' has choices, but is no string"));
    d.parameters = {{.name = "sizes",
                     .type = Type::bytes_list,
                     .default_value = std::vector<int64_t>{1, 9},
                     .help = "h",
                     .max = 8}};
    EXPECT_THAT(faults_of(d), ElementsAre("parameter 'sizes': its default 9 is not in 0 to 8"));
    // What the user must give has no default that could be wrong.
    d.parameters = {word(Type::string, std::string())};
    d.parameters[0].required = true;
    EXPECT_THAT(faults_of(d), IsEmpty());
}

TEST(DescriptorFaults, reports) {
    Descriptor d = good();
    d.reports = {{"missed"}, {"missed"}, {"a b"}, {"calls"}, {"phase_user"}};
    EXPECT_THAT(faults_of(d), ElementsAre("report 'missed' is declared twice",
                                          "report 'a b': letters, digits, _ and . make a name",
                                          "report 'calls': results.csv has a column of that name",
                                          "report 'phase_user': results.csv has a column of that name"));
}

TEST(DescriptorFaults, every_column_of_results_csv_is_known_to_the_check) {
    for (const std::string& name : sim::parse_csv(sim::results_csv({})).header)
        EXPECT_TRUE(is_fixed_column(name)) << name;
    EXPECT_FALSE(is_fixed_column("missed"));
}

TEST(DescriptorFaults, images) {
    static const uint8_t text[] = "#!/bin/sh";
    Descriptor d = good();
    d.images = {{"a", text}, {"a", text}, {"b/c", {}}, {nullptr, {}}};
    EXPECT_THAT(faults_of(d), ElementsAre("image 'a' is no ELF file", "image 'a' is there twice",
                                          "image 'a' is no ELF file", "image 'b/c': a file name is right",
                                          "image 'b/c' is no ELF file", "image '': a file name is right",
                                          "image '' is no ELF file"));
}

TEST(DescriptorFaults, rows) {
    Row row = good_row();
    row.mechanism = "smoke";
    row.placement = "nowhere";
    row.size_bytes = -1;
    row.processes = {{"bin/x", {}, {}, ""}};
    row.files = {{"etc/motd", ""}};
    row.keep = {"out"};
    EXPECT_THAT(
        faults_of(good(), {good_row(), row}),
        ElementsAre("row 2: mechanism 'smoke' is none of the descriptor's",
                    "row 2: placement 'nowhere' is none of same_core, other_core, spread and free",
                    "row 2: size_bytes is -1", "row 2: 'bin/x' is no absolute path of a program in the guest",
                    "row 2: bin/x has no argv[0]", "row 2: file 'etc/motd' is no absolute path in the guest",
                    "row 2: keep: 'out' is no absolute path in the guest"));
}

}  // namespace
}  // namespace stile::workload
