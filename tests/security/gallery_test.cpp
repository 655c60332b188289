// SPDX-License-Identifier: Apache-2.0
//
// Question: is every attack of the gallery stopped by the rule that is named for it, does it leave the victim
// as it was, would it succeed without that rule, and does docs/security.md say what these runs say?
#include "tests/security/gallery.h"

#include <fmt/format.h>

#include <set>

#include "tests/e2e/stile.h"

namespace stile::security {
namespace {

const std::string& written() {
    static const std::string text = sim::contents(STILE_SOURCE_DIR "/docs/security.md");
    return text;
}

// The row of an attack; empty: there is none.
std::string row_of(const Attack& a) {
    const auto at = written().find(fmt::format("\n| `{}` |", a.name));
    if (at == std::string::npos) return "";
    return written().substr(at + 1, written().find('\n', at + 1) - at - 1);
}

void expect_stopped(const Attack& a, const Outcome& o) {
    EXPECT_EQ(o.code, 0) << o.all();
    EXPECT_THAT(o.all(), testing::ContainsRegex(a.stopped));
    EXPECT_THAT(o.console, testing::HasSubstr("victim: memory and results intact"));
    EXPECT_THAT(o.console, testing::Not(testing::HasSubstr("got in")));
    EXPECT_THAT(o.console, testing::Not(testing::HasSubstr("damaged")));
}

void expect_success(const Attack& a, const Outcome& o) {
    EXPECT_EQ(o.code, 1) << o.all();
    EXPECT_THAT(o.err, testing::HasSubstr("exit status 7; workload.expect_exit is 0"));
    EXPECT_THAT(o.err,
                testing::HasSubstr("stile: warning: rule off: " + std::string(a.off, strchr(a.off, '='))));
    EXPECT_THAT(o.console, testing::ContainsRegex(a.evidence));
    // A crash is no success.
    EXPECT_THAT(o.console, testing::Not(testing::HasSubstr("killed by signal")));
}

class Gallery : public sim::Stile, public testing::WithParamInterface<Attack> {};

TEST_P(Gallery, IsStoppedByItsRule) {
    const Outcome o = run_attack(STILE_PROGRAM, GetParam(), true);
    expect_stopped(GetParam(), o);
    EXPECT_THAT(row_of(GetParam()), testing::HasSubstr("| " + said(o, true) + " |"))
        << "scripts/security writes the page anew";
}

class WithoutRule : public Gallery {};
TEST_P(WithoutRule, GetsIn) {
    const Outcome o = run_attack(STILE_PROGRAM, GetParam(), false);
    expect_success(GetParam(), o);
    EXPECT_THAT(row_of(GetParam()), testing::HasSubstr(": " + said(o, false) + " |"))
        << "scripts/security writes the page anew";
}

const auto by_name = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Attacks, Gallery, testing::ValuesIn(gallery()), by_name);

std::vector<Attack> with_a_switch() {
    std::vector<Attack> all;
    for (const Attack& a : gallery())
        if (*a.off) all.push_back(a);
    return all;
}
INSTANTIATE_TEST_SUITE_P(Attacks, WithoutRule, testing::ValuesIn(with_a_switch()), by_name);

// Other machines: one attack of each kind, in both ways.
std::vector<Attack> chosen() {
    const std::set<std::string> names{"load",
                                      "store",
                                      "call",
                                      "beside_the_entry",
                                      "single_step",
                                      "write_from",
                                      "return_from_nowhere",
                                      "forge_by_mov",
                                      "widen",
                                      "store_away",
                                      "after_revocation",
                                      "crowd_apl_cache",
                                      "jump_to_the_proxy",
                                      "code_changes_hands",
                                      "plugin_load",
                                      "plugin_straddle",
                                      "plugin_takes_host",
                                      "plugin_signal_return",
                                      "fill_apl_cache"};
    std::vector<Attack> all;
    for (const Attack& a : gallery())
        if (names.contains(a.name)) all.push_back(a);
    EXPECT_EQ(all.size(), names.size());
    return all;
}

class OnOtherMachines : public sim::Stile, public testing::WithParamInterface<Attack> {
  protected:
    void both_ways(const std::string& machine) {
        expect_stopped(GetParam(), run_attack(STILE_PROGRAM, GetParam(), true, machine));
        expect_success(GetParam(), run_attack(STILE_PROGRAM, GetParam(), false, machine));
    }
};
TEST_P(OnOtherMachines, OutOfOrder) { both_ways(" --core ooo"); }
TEST_P(OnOtherMachines, TwoCores) { both_ways(" --set machine.cores=2"); }
TEST_P(OnOtherMachines, RefilledByHardware) { both_ways(" --set machine.codoms.apl_cache.refill=hardware"); }
INSTANTIATE_TEST_SUITE_P(Attacks, OnOtherMachines, testing::ValuesIn(chosen()), by_name);

TEST(GalleryPage, HasTheTextAndARowForEachAttackInOrder) {
    std::string without_rows;
    std::vector<std::string> rows, names;
    std::istringstream in(written());
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("| `"))
            rows.push_back(line.substr(3, line.find('`', 3) - 3));
        else
            without_rows += line + "\n";
    }
    for (const Attack& a : gallery()) names.push_back(a.name);
    EXPECT_EQ(rows, names);
    EXPECT_EQ(without_rows, page_text());
}

TEST(GalleryPage, RowsSayWhatTheTableSays) {
    for (const Attack& a : gallery())
        EXPECT_THAT(row_of(a),
                    testing::HasSubstr(fmt::format("| `{}` | {} | {} | ", a.name, a.tries, a.rule)));
}

}  // namespace
}  // namespace stile::security
