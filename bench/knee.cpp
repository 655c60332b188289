// SPDX-License-Identifier: Apache-2.0
//
// How many entries should an APL cache have? Runs workload `domains` over sizes of the cache and numbers of
// live domains, and writes docs/apl-cache.md and its chart (scripts/knee).
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/child.h"

namespace {

using stile::bench::Child;
using stile::bench::run_child;
namespace fs = std::filesystem;

constexpr int sizes[] = {2, 4, 8, 16, 32, 64, 128};
constexpr int lives[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
constexpr const char* refills[] = {"software", "hardware"};

struct Point {
    double misses = 0, cycles = 0;  // per call of a domain
};
// Of a pattern, a way of refilling ("none": no protection), entries, live domains.
using Key = std::tuple<std::string, std::string, int, int>;

using Settings = std::vector<std::pair<std::string, std::string>>;

struct Options {
    std::string stile = STILE_PROGRAM, docs;
    bool channel = false;
};

class Sweep {
  public:
    explicit Sweep(const Options& options) : options_(options) {
        std::string name = (fs::temp_directory_path() / "stile-knee-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder: " + name);
        folder_ = name;
    }
    ~Sweep() { fs::remove_all(folder_); }
    Sweep(const Sweep&) = delete;
    Sweep& operator=(const Sweep&) = delete;

    const Point& at(const std::string& pattern, const std::string& refill, int entries, int live) {
        const Key key{pattern, refill, refill == "none" ? 0 : entries, live};
        const auto [it, fresh] = points_.try_emplace(key);
        if (fresh) it->second = run(pattern, refill, entries, live);
        return it->second;
    }
    // The only row of a run of configs/runs/`config`, as stats.json has it.
    nlohmann::json row_of(const std::string& config, const Settings& settings) {
        std::vector<std::string> words{options_.stile, "run", STILE_SOURCE_DIR "/configs/runs/" + config,
                                       "--out", folder_ / "run"};
        for (const auto& [key, value] : settings) {
            words.push_back("--set");
            words.push_back(key + "=" + value);
        }
        const Child child = run_child(words, folder_ / "out.txt");
        if (child.status != 0)
            throw std::runtime_error(
                fmt::format("{}: status {}\n{}", fmt::join(words, " "), child.status, errors()));
        std::ifstream in(folder_ / "run" / "stats.json");
        fmt::print(stderr, ".");
        return nlohmann::json::parse(in).at("rows").at(0);
    }
    fs::path folder() const { return folder_; }

  private:
    Point run(const std::string& pattern, const std::string& refill, int entries, int live) {
        // The fewer calls a round has, the more rounds.
        Settings settings{{"workload.live", std::to_string(live)},
                          {"workload.pattern", pattern},
                          {"measure.repetitions", std::to_string(std::max(20, 2000 / live))}};
        if (refill == "none") {
            settings.push_back({"protection", "none"});
        } else {
            settings.push_back({"machine.codoms.apl_cache.entries", std::to_string(entries)});
            settings.push_back({"machine.codoms.apl_cache.ways", std::to_string(entries)});
            settings.push_back({"machine.codoms.apl_cache.refill", refill});
        }
        const auto row = row_of("domains.yaml", settings);
        const auto& statistics = row.at("statistics");
        const double calls = row.at("reports").at("domain_calls").get<double>();
        return {statistics.at("roi.apl_misses").get<double>() / calls,
                statistics.at("roi.cycles").get<double>() / calls};
    }
    std::string errors() const {
        std::ifstream in(folder_ / "out.txt.err");
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }

    const Options& options_;
    fs::path folder_;
    std::map<Key, Point> points_;
};

std::string header(const char* corner) {
    std::string line = fmt::format("| {} |", corner), rule = "| --- |";
    for (const int live : lives) {
        line += fmt::format(" {} |", live);
        rule += " --- |";
    }
    return line + "\n" + rule + "\n";
}

std::string misses_table(Sweep& sweep, const std::string& pattern, const std::string& refill) {
    std::string text = header("entries \\ live");
    for (const int entries : sizes) {
        text += fmt::format("| {} |", entries);
        for (const int live : lives) {
            const double m = sweep.at(pattern, refill, entries, live).misses;
            text += m == 0 ? " 0 |" : fmt::format(" {:.2f} |", m);
        }
        text += "\n";
    }
    return text;
}

std::string cycles_table(Sweep& sweep, const std::string& pattern, const std::string& refill) {
    std::string text = header("entries \\ live");
    for (const int entries : sizes) {
        text += fmt::format("| {} |", entries);
        for (const int live : lives)
            text += fmt::format(" {:.0f} |", sweep.at(pattern, refill, entries, live).cycles);
        text += "\n";
    }
    text += "| no protection |";
    for (const int live : lives) text += fmt::format(" {:.0f} |", sweep.at(pattern, "none", 0, live).cycles);
    return text + "\n";
}

// What one miss costs where every call misses.
double cost_of_miss(Sweep& sweep, const std::string& refill) {
    const Point& p = sweep.at("round_robin", refill, 32, 64);
    return (p.cycles - sweep.at("round_robin", refill, 128, 64).cycles) / p.misses;
}

// The first size with which a zipf-like program of so many domains runs within a tenth of its time with the
// largest.
int enough(Sweep& sweep, const std::string& refill, int live) {
    const double best = sweep.at("zipf", refill, 128, live).cycles;
    for (const int entries : sizes)
        if (sweep.at("zipf", refill, entries, live).cycles <= 1.1 * best) return entries;
    return 128;
}

int bits(int entries, bool walk) { return entries * (17 + entries * (walk ? 3 : 2)); }

std::string page(Sweep& sweep) {
    std::string text = R"(# The APL cache: how many entries?

The hardware knows the rights among as many domains as its APL cache has entries ([codoms.md](codoms.md#3-the-apl-in-memory-and-the-apl-cache)).
A crossing between two of them costs nothing more than a call; one to a domain that is not there is a *miss*. This page is
what `scripts/knee` measures: workload `domains` (`configs/runs/domains.yaml`), a program that calls n domains of its
own, each touching 64 B of its own memory, on the default machine with `core.model: ooo`. The calling domain is live as
well, so that n domains need n + 1 entries; calls through dIPC proxies need one more entry for each proxy's domain, and
one for the kernel control stack's. All caches are fully associative, replacement is LRU.

![Misses and cycles per call](apl-cache.svg)

)";
    text +=
        "## Misses per call\nEach domain in turn (`round_robin`), the worst case for LRU: nothing until the "
        "domains no longer fit, then every call misses.\n\n" +
        misses_table(sweep, "round_robin", "software");
    text +=
        "\nDomain i called as often as 1 / (i + 1) (`zipf`), as programs that use some of their parts more "
        "than "
        "others (0.01 where all fit are first calls):\n\n" +
        misses_table(sweep, "zipf", "software");
    text += "\nEach called by the one before it, n deep (`nested`):\n\n" +
            misses_table(sweep, "nested", "software");
    text += fmt::format(
        "\n## Cycles per call\nA miss costs {:.0f} cycles with the refill in software (exception, "
        "kernel, `cd.aplfill`, return) and {:.0f} with the hardware walk of the APL directory. "
        "Without protection what is left are the call itself, mispredicted loop ends, and TLB "
        "misses: every domain has pages of its own.\n",
        cost_of_miss(sweep, "software"), cost_of_miss(sweep, "hardware"));
    for (const char* refill : refills)
        text += fmt::format("\n`zipf`, refill in {}:\n\n", refill) + cycles_table(sweep, "zipf", refill);
    text +=
        "\n## Which size to build\nBits, for both kinds of refill, and the entries from which on `zipf` is "
        "within "
        "a tenth of its time with 128:\n\n| entries |";
    for (const int entries : sizes) text += fmt::format(" {} |", entries);
    text += "\n| --- |";
    for (size_t i = 0; i < std::size(sizes); ++i) text += " --- |";
    for (const bool walk : {false, true}) {
        text += fmt::format("\n| bits, {} |", walk ? "hardware" : "software");
        for (const int entries : sizes) text += fmt::format(" {} |", bits(entries, walk));
    }
    text += "\n\n| live domains |";
    std::string rule = "\n| --- |", rows[2] = {"\n| software |", "\n| hardware |"};
    for (const int live : lives) {
        if (live < 8) continue;
        text += fmt::format(" {} |", live);
        rule += " --- |";
        for (int i = 0; i < 2; ++i) rows[i] += fmt::format(" {} |", enough(sweep, refills[i], live));
    }
    text += rule + rows[0] + rows[1] + "\n\n";
    text += fmt::format(
        "- Rows of rights make the cache grow with the square of its entries: from 32 to 64 it is {:.1f} "
        "times as "
        "large, from 64 to 128 {:.1f} times.\n"
        "- The knee is where the live domains fit, and it is sharp: under LRU a cyclic caller that is one "
        "domain too "
        "many misses every time. So the question is how many domains a program has *live at once*, not how "
        "many "
        "there are.\n"
        "- **With the refill in software we would build 32 entries**, the papers' choice: {} domains besides "
        "the "
        "caller, {} bits. A program that fits never notices; at twice as many domains `zipf` still hits in "
        "{:.0f} % of "
        "its calls, but each miss is worth {:.0f} calls of a function.\n"
        "- **With the hardware walk 16 entries are enough** ({} bits): a miss finds its three words in the "
        "first-level "
        "cache and is {:.0f} times cheaper, so that `zipf` over 64 domains takes {:.0f} cycles a call "
        "against {:.0f} "
        "with 32 entries refilled in software. What the walk costs instead is that hardware reads a table, "
        "and the "
        "kernel has to keep it.\n",
        static_cast<double>(bits(64, false)) / bits(32, false),
        static_cast<double>(bits(128, false)) / bits(64, false), 31, bits(32, false),
        100 * (1 - sweep.at("zipf", "software", 32, 64).misses),
        cost_of_miss(sweep, "software") / sweep.at("zipf", "none", 0, 1).cycles, bits(16, true),
        cost_of_miss(sweep, "software") / cost_of_miss(sweep, "hardware"),
        sweep.at("zipf", "hardware", 16, 64).cycles, sweep.at("zipf", "software", 32, 64).cycles);
    return text;
}

struct Spy {
    const char* what;
    Settings settings;
};

// Who learns what by timing, and what helps. Every run sets the frequency, so that rates follow from cycles.
std::string channel(Sweep& sweep) {
    constexpr double hertz = 3.1e9;
    const std::pair<std::string, std::string> probe{"workload.method", "prime_probe"},
        thread{"workload.victim", "thread"}, ways{"machine.codoms.apl_cache.ways", "4"},
        groups{"workload.groups", "8"}, walk{"machine.codoms.apl_cache.refill", "hardware"},
        flush{"os.flush_apl_on_switch", "true"}, none{"protection", "none"};
    const Spy spies[] = {{"reload", {}},
                         {"reload, victim in another thread", {thread}},
                         {"reload, hardware walk", {walk}},
                         {"prime and probe", {probe}},
                         {"prime and probe, 8 sets of 4 ways", {probe, ways, groups}},
                         {"prime and probe, 8 sets, hardware walk", {probe, ways, groups, walk}},
                         {"reload, other thread, `os.flush_apl_on_switch`", {thread, flush}},
                         {"prime and probe, 8 sets, other thread", {probe, ways, groups, thread}},
                         {"prime and probe, 8 sets, other thread, `os.flush_apl_on_switch`",
                          {probe, ways, groups, thread, flush}},
                         {"reload, `protection: none` (control)", {none}},
                         {"prime and probe, `protection: none` (control)", {probe, none}}};
    std::string text = R"(## A timing channel
Whether a domain is in the APL cache shows in what a call of it costs, and whoever called it brought it there. So a domain
can learn whom another one on the same core called, without a right over either. Workload `apl_channel`
(`configs/runs/apl-channel.yaml`) does it: a victim's domain calls one of seven others or none, as 512 random symbols
(3 bits each) say, and a spy that times its own calls with `rdtsc` guesses the symbol.

- *Reload*: the spy may call the same domains. It calls 31 domains of its own, which evicts them, lets the victim run,
  and calls each: the quick one was the victim's.
- *Prime and probe*: it may not. It fills the cache with its own domains, and afterwards looks which of them are gone.

| spy | symbols wrong | bits per symbol | cycles per symbol | kbit/s at 3.1 GHz |
| --- | --- | --- | --- | --- |
)";
    for (const Spy& spy : spies) {
        Settings settings = spy.settings;
        settings.push_back({"machine.frequency", "3.1 GHz"});
        const auto reports = sweep.row_of("apl-channel.yaml", settings).at("reports");
        const double bits = reports.at("millibits_per_symbol").get<double>() / 1000,
                     cycles = reports.at("cycles_per_symbol").get<double>();
        text += fmt::format("| {} | {:.0f} % | {:.2f} | {:.0f} | {:.0f} |\n", spy.what,
                            100 * reports.at("wrong").get<double>() / reports.at("symbols").get<double>(),
                            bits, cycles, bits / cycles * hertz / 1000);
    }
    text += R"(
Who guesses blindly is wrong in 88 %. The controls show that it is the APL cache that tells: without it the same calls say
nothing.

- **Fully associative** (the default) prime and probe only shows *that* the victim called a domain that was not cached,
  not which: the least recently used entry goes, whoever comes. Sets give the tag's low bits away.
- **The hardware walk** fetches one right at a time: that the victim's right over a domain is cached does not make the
  spy's a hit, so reload says nothing. Prime and probe works as before.
- **Emptying the cache when threads are switched** (`os.flush_apl_on_switch: true`) closes it between threads, at the price of a
  miss per domain after each switch. It cannot help where the spy calls the victim: there is no switch.
- **Not built**: ways reserved for groups of domains would close prime and probe between groups, not reload of a domain
  that both may call. Whoever must hide whom it calls calls all of them, always.
- A coarser or absent `rdtsc` (CR4.TSD) makes it slower, not impossible: a thread that counts is a clock.
)";
    return text;
}

// One data file per curve: live domains, misses, cycles.
void chart(Sweep& sweep, const fs::path& svg) {
    std::string panels[3];
    for (const int entries : sizes) {
        for (int i = 0; i < 3; ++i) {
            const char* pattern = i == 0 ? "round_robin" : "zipf";
            const fs::path file = sweep.folder() / fmt::format("{}-{}", i, entries);
            std::ofstream out(file);
            for (const int live : lives) {
                const Point& p = sweep.at(pattern, "software", entries, live);
                out << live << " " << (i < 2 ? p.misses : p.cycles) << "\n";
            }
            panels[i] += fmt::format("{}'{}' title '{}' with linespoints", panels[i].empty() ? "" : ", ",
                                     file.string(), entries);
        }
    }
    const fs::path script = sweep.folder() / "chart.gp";
    std::ofstream(script)
        << "set terminal svg size 1200,400 font 'sans-serif,12'\nset output '" << svg.string()
        << "'\nset multiplot layout 1,3\nset logscale x 2\nset xlabel 'live domains'\n"
           "unset key\nset ylabel 'misses per call'\nset yrange [0:1.1]\n"
           "set title 'round\\_robin'\nplot "
        << panels[0] << "\nset key left top title 'entries'\nset title 'zipf'\nplot " << panels[1]
        << "\nset title 'zipf, refill in software'\nset ylabel 'cycles per call'\nset yrange [0:*]\nplot "
        << panels[2] << "\nunset multiplot\n";
    const Child gnuplot = run_child({"gnuplot", script}, sweep.folder() / "gnuplot.txt");
    if (gnuplot.status != 0)
        throw std::runtime_error("gnuplot failed; on Debian or Ubuntu: apt-get install gnuplot-nox");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{
        "Writes apl-cache.md and apl-cache.svg into a folder: APL cache entries against live domains."};
    app.add_option("--stile", options.stile, "the stile program")->capture_default_str();
    app.add_option("folder", options.docs, "where the page goes");
    app.add_flag("--channel", options.channel, "only measure the timing channel, and print that section");
    CLI11_PARSE(app, argc, argv);
    try {
        Sweep sweep(options);
        if (options.channel) {
            fmt::print("{}", channel(sweep));
            return 0;
        }
        if (options.docs.empty()) throw std::runtime_error("name the folder that the page goes to");
        const std::string text = page(sweep) + "\n" + channel(sweep);
        chart(sweep, fs::path(options.docs) / "apl-cache.svg");
        std::ofstream(fs::path(options.docs) / "apl-cache.md") << text;
        fmt::print(stderr, "\n");
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "\nknee: {}\n", e.what());
        return 1;
    }
}
