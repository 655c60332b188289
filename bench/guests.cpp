// SPDX-License-Identifier: Apache-2.0
//
// Speed of whole runs: the guest programs of bench/guests, natively, under qemu-user and in Stile. The three
// take turns, so that what else the computer does meets all of them, and the median of several turns counts.
// Time is user time of the whole process: for Stile it includes building the machine and booting the kernel
// (the line `empty` says how much that is), for qemu its start-up.
//
// --check is the test of the programs themselves: with few rounds, every program must print the same natively
// and on every core model. Nothing is timed then.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bench/child.h"

namespace {

using stile::bench::Child;
using stile::bench::run_child;
namespace fs = std::filesystem;

struct Guest {
    const char* name;
    int few;   // rounds for --check
    int some;  // rounds for some tenths of a second on a timed core model
};
constexpr Guest guests[] = {{"checksum", 8, 100}, {"copy", 1, 16},       {"chase", 10, 400}, {"calls", 1, 2},
                            {"sort", 1, 1},       {"interpreter", 1, 6}, {"hash", 1, 1},     {"matrix", 1, 2},
                            {"text", 1, 1},       {"irregular", 3, 60}};

constexpr const char* models[] = {"functional", "inorder", "ooo"};

struct Options {
    std::string stile, programs;
    std::vector<std::string> only, timed = {"inorder", "ooo"};
    std::vector<int> cores;
    int turns = 5;
    bool check = false, protections = false;
};

struct Simulated {
    Child child;
    uint64_t instructions = 0;
    std::string console;
};

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Bench {
  public:
    explicit Bench(const Options& options) : options_(options) {
        std::string name = (fs::temp_directory_path() / "stile-bench-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder: " + name);
        folder_ = name;
    }
    ~Bench() { fs::remove_all(folder_); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Child native(const std::string& guest, int few) { return checked(command({}, guest, few)); }
    Child qemu(const std::string& guest) { return checked(command({"qemu-x86_64"}, guest, 0)); }
    Simulated simulated(const std::string& guest, const std::string& core, int few) {
        return run("", core, program(guest), few ? fmt::format("'{}'", few) : "");
    }
    // The same program as position-independent one, which runs in the shared page table where there are
    // domains.
    Simulated protected_by(const std::string& protection, const std::string& guest, const std::string& core,
                           int rounds) {
        return run("protection: " + protection + "\n", core, program(guest + "_pie"),
                   rounds ? fmt::format("'{}'", rounds) : "");
    }
    // The program at the same time on each of `cores` cores.
    Simulated copies(const std::string& guest, const std::string& core, int cores, int few) {
        const fs::path files = folder_ / "files";
        fs::create_directories(files);
        fs::copy_file(program(guest), files / guest, fs::copy_options::overwrite_existing);
        return run(fmt::format("machine:\n  cores: {}\n", cores), core, program("copies"),
                   fmt::format("'{}', /{}{}", cores, guest, few ? fmt::format(", '{}'", few) : ""), files);
    }

  private:
    Simulated run(const std::string& machine, const std::string& core, const fs::path& path,
                  const std::string& arguments, const fs::path& files = {}) {
        const fs::path config = folder_ / "run.yaml", out = folder_ / "run";
        std::ofstream(config) << machine << "workload:\n  name: program\n  path: " << path
                              << fmt::format("\n  args: [{}]\n", arguments)
                              << (files.empty() ? "" : fmt::format("  files: {}\n", files.string()));
        Simulated s;
        s.child = checked({options_.stile, "run", config, "--core", core, "--out", out});
        s.console = contents(out / "console.txt");
        const auto stats = nlohmann::json::parse(contents(out / "stats.json"));
        // Of all cores.
        for (const auto& [key, value] : stats.at("rows").at(0).at("statistics").items())
            if (key.starts_with("core") && key.ends_with(".instructions") &&
                key.find('.') == key.size() - std::string_view(".instructions").size())
                s.instructions += value.get<uint64_t>();
        return s;
    }
    fs::path program(const std::string& guest) const {
        return fs::path(options_.programs) / ("bench_" + guest);
    }
    std::vector<std::string> command(std::vector<std::string> words, const std::string& guest,
                                     int few) const {
        words.push_back(program(guest));
        if (few) words.push_back(std::to_string(few));
        return words;
    }
    Child checked(const std::vector<std::string>& argv) const {
        Child child = run_child(argv, folder_ / "out.txt");
        if (child.status == 127)
            throw std::runtime_error(
                argv[0] + " cannot be run" +
                (argv[0] == "qemu-x86_64" ? "; on Debian or Ubuntu: apt-get install qemu-user" : ""));
        if (child.status != 0)
            throw std::runtime_error(fmt::format("{} ended with status {}:\n{}", argv[0], child.status,
                                                 contents(folder_ / "out.txt.err")));
        return child;
    }
    const Options& options_;
    fs::path folder_;
};

double median(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

// The same text everywhere, or an error.
void same(const char* guest, const std::string& where, const std::string& native, const std::string& other) {
    if (native == other && !native.empty()) return;
    throw std::runtime_error(
        fmt::format("{}: natively it prints\n{}and {}\n{}", guest, native, where, other));
}

std::string repeated(const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
}

int check(Bench& bench, const std::vector<Guest>& chosen, const Options& options) {
    for (const Guest& g : chosen) {
        const std::string native = bench.native(g.name, g.few).out;
        for (const char* core : models)
            same(g.name, core, native, bench.simulated(g.name, core, g.few).console);
        for (const int n : options.cores)
            same(g.name, fmt::format("on {} cores", n), repeated(native, n),
                 bench.copies(g.name, "inorder", n, g.few).console);
        fmt::print("{}", native);
    }
    return 0;
}

struct Geomean {
    double logs = 0, worst = 1e300;
    std::string who;
    unsigned n = 0;
    void add(double v, const char* name) {
        logs += std::log(v);
        ++n;
        if (v < worst) worst = v, who = name;
    }
    double value() const { return n ? std::exp(logs / n) : 0; }
};

double mips(const Simulated& s) { return static_cast<double>(s.instructions) / s.child.user_seconds / 1e6; }

// MIPS and the share of qemu's speed of each timed core model; the best of a few turns, which the rest of the
// computer can only make worse.
struct TimedModel {
    std::string name;
    Geomean rate, to_qemu;
};

int measure(Bench& bench, const std::vector<Guest>& chosen, const Options& options) {
    std::vector<TimedModel> timed;
    for (const std::string& name : options.timed) timed.push_back({name, {}, {}});
    fmt::print("{:<12} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}", "program", "million", "native", "qemu",
               "stile", "MIPS", "of qemu", "of nat.");
    for (const TimedModel& t : timed) fmt::print(" {:>10} {:>8}", t.name, "of qemu");
    fmt::print("\n{:<12} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "instr.", "s", "s", "s", "", "", "");
    for (size_t i = 0; i < timed.size(); ++i) fmt::print(" {:>10} {:>8}", "MIPS", "");
    fmt::print("\n");
    Geomean rates, to_qemu, to_native;
    for (const Guest& g : chosen) {
        std::vector<double> native, qemu, functional;
        std::vector<double> best(timed.size(), 0);
        uint64_t instructions = 0;
        for (int turn = 0; turn < options.turns; ++turn) {
            const Child n = bench.native(g.name, 0), q = bench.qemu(g.name);
            const Simulated s = bench.simulated(g.name, "functional", 0);
            same(g.name, "under qemu", n.out, q.out);
            same(g.name, "in Stile", n.out, s.console);
            native.push_back(n.user_seconds);
            qemu.push_back(q.user_seconds);
            functional.push_back(s.child.user_seconds);
            instructions = s.instructions;
            for (size_t i = 0; turn < 2 && i < timed.size(); ++i)
                best[i] = std::max(best[i], mips(bench.simulated(g.name, timed[i].name, 0)));
        }
        const double seconds = median(functional), rate = static_cast<double>(instructions) / seconds / 1e6;
        const double of_qemu = median(qemu) / seconds, of_native = median(native) / seconds;
        rates.add(rate, g.name);
        to_qemu.add(of_qemu, g.name);
        to_native.add(of_native, g.name);
        fmt::print("{:<12} {:>9.1f} {:>8.3f} {:>8.3f} {:>8.3f} {:>8.0f} {:>8.3f} {:>8.3f}", g.name,
                   static_cast<double>(instructions) / 1e6, median(native), median(qemu), seconds, rate,
                   of_qemu, of_native);
        for (size_t i = 0; i < timed.size(); ++i) {
            const double share = of_qemu * best[i] / rate;
            timed[i].rate.add(best[i], g.name);
            timed[i].to_qemu.add(share, g.name);
            fmt::print(" {:>10.1f} {:>8.3f}", best[i], share);
        }
        fmt::print("\n");
        std::fflush(stdout);
    }
    fmt::print("{:<12} {:>9} {:>8} {:>8} {:>8} {:>8.0f} {:>8.3f} {:>8.3f}", "geom. mean", "", "", "", "",
               rates.value(), to_qemu.value(), to_native.value());
    for (const TimedModel& t : timed) fmt::print(" {:>10.1f} {:>8.3f}", t.rate.value(), t.to_qemu.value());
    fmt::print("\nworst: {:.0f} MIPS ({}), {:.3f} of qemu ({}), {:.3f} of native ({})\n", rates.worst,
               rates.who, to_qemu.worst, to_qemu.who, to_native.worst, to_native.who);
    std::vector<double> start;
    for (int turn = 0; turn < options.turns; ++turn)
        start.push_back(bench.simulated("empty", "functional", 0).child.user_seconds);
    fmt::print("included in each run of Stile: {:.3f} s of user time to start and boot (program `empty`)\n",
               median(start));
    return 0;
}

// Total MIPS of one copy of each program per core. One host thread simulates all cores.
int measure_cores(Bench& bench, const std::vector<Guest>& chosen, const Options& options) {
    fmt::print("{:<12}", "program");
    for (const std::string& model : options.timed)
        for (const int n : options.cores) fmt::print(" {:>10}", fmt::format("{} x{}", model, n));
    fmt::print("\n");
    std::vector<Geomean> all(options.timed.size() * options.cores.size());
    for (const Guest& g : chosen) {
        fmt::print("{:<12}", g.name);
        const std::string native = bench.native(g.name, 0).out;
        size_t column = 0;
        for (const std::string& model : options.timed)
            for (const int n : options.cores) {
                const Simulated s = bench.copies(g.name, model, n, 0);
                same(g.name, fmt::format("on {} cores", n), repeated(native, n), s.console);
                all[column++].add(mips(s), g.name);
                fmt::print(" {:>10.1f}", mips(s));
                std::fflush(stdout);
            }
        fmt::print("\n");
    }
    fmt::print("{:<12}", "geom. mean");
    for (const Geomean& m : all) fmt::print(" {:>10.1f}", m.value());
    fmt::print("\n");
    return 0;
}

// MIPS with a page table per process, and with domains checked; the best of a few turns of each.
int measure_protections(Bench& bench, std::vector<Guest> chosen, const Options& options) {
    fmt::print("{:<12}", "program");
    for (const char* core : models) fmt::print(" {:>10} {:>8} {:>8}", core, "codoms", "ratio");
    fmt::print("\n");
    Geomean ratios[std::size(models)];
    // A program of its own kind: every call crosses. It is no part of the mean.
    const char* crossings = "crossings";
    chosen.push_back({crossings, 0, 2});
    for (const Guest& g : chosen) {
        if (g.name == crossings) {
            fmt::print("{:<12}", "geom. mean");
            for (const Geomean& m : ratios) fmt::print(" {:>10} {:>8} {:>8.3f}", "", "", m.value());
            fmt::print("\n");
        }
        fmt::print("{:<12}", g.name);
        for (size_t i = 0; i < std::size(models); ++i) {
            double paging = 0, codoms = 0;
            std::string first;
            for (int turn = 0; turn < options.turns; ++turn) {
                const int rounds = i == 0 ? 0 : g.some;  // functional: as many as are usual
                const Simulated p = bench.protected_by("paging", g.name, models[i], rounds);
                const Simulated c = bench.protected_by("codoms", g.name, models[i], rounds);
                same(g.name, "with domains", p.console, c.console);
                paging = std::max(paging, mips(p));
                codoms = std::max(codoms, mips(c));
            }
            if (g.name != crossings) ratios[i].add(codoms / paging, g.name);
            fmt::print(" {:>10.1f} {:>8.1f} {:>8.3f}", paging, codoms, codoms / paging);
            std::fflush(stdout);
        }
        fmt::print("\n");
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    options.stile = STILE_PROGRAM;
    options.programs = STILE_BENCH_GUESTS;
    CLI::App app{"Runs the guest programs natively, under qemu-x86_64 and in Stile, and compares."};
    app.add_option("--stile", options.stile, "the stile program")->capture_default_str();
    app.add_option("--programs", options.programs, "folder of the guest programs")->capture_default_str();
    app.add_option("--turns", options.turns, "how often each is run; the median counts")
        ->check(CLI::Range(1, 99))
        ->capture_default_str();
    app.add_option("--only", options.only, "names of programs; default: all");
    app.add_option("--timed", options.timed, "core models beside the functional one")->capture_default_str();
    app.add_flag_callback(
        "--no-timed", [&options] { options.timed.clear(); }, "leave them out");
    app.add_option("--cores", options.cores, "instead: a copy of the program on each core, of so many cores")
        ->delimiter(',')
        ->check(CLI::Range(1, 64));
    app.add_flag("--protections", options.protections,
                 "instead: every core model under paging and under codoms");
    app.add_flag("--check", options.check, "few rounds, nothing timed: do all print the same?");
    CLI11_PARSE(app, argc, argv);
    std::vector<Guest> chosen;
    for (const Guest& g : guests)
        if (options.only.empty() || std::ranges::find(options.only, g.name) != options.only.end())
            chosen.push_back(g);
    if (chosen.empty()) {
        fmt::print(stderr, "bench_guests: --only names none of the programs in bench/guests\n");
        return 2;
    }
    try {
        Bench bench(options);
        if (options.check) return check(bench, chosen, options);
        if (options.protections) return measure_protections(bench, chosen, options);
        return options.cores.empty() ? measure(bench, chosen, options)
                                     : measure_cores(bench, chosen, options);
    } catch (const std::exception& e) {
        fmt::print(stderr, "bench_guests: {}\n", e.what());
        return 1;
    }
}
