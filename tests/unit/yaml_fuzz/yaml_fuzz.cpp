// SPDX-License-Identifier: Apache-2.0
//
// Spoils every YAML file of configs/ and tests/malformed/ and loads it: yaml_fuzz --count N --seed S. A file
// must be taken, and mean the same when it is written out and loaded again, or be refused at a place that is
// in a file. Ends with 0, or says which case did neither, keeps its file as yaml_fuzz_failed.yaml and ends
// with 1.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sim/config/describe.h"
#include "sim/config/plain_text.h"
#include "sim/config/sweep.h"
#include "tests/unit/yaml_fuzz/guard.h"
#include "tests/unit/yaml_fuzz/mutate.h"

namespace {

using namespace stile;  // a program of its own, not a header
namespace fs = std::filesystem;

constexpr size_t most_megabytes = 1500;

const char* const sweep = R"(extends: domains.yaml
sweep:
  axes:
    workload.live: {from: 1, to: 16, step: 5}
    machine.core.ooo.rob: {from: 32, to: 512, count: 5}
    workload.pattern: [zipf, random]
  zip:
    - machine.l1d.size: [16 KiB, 32 KiB]
      machine.l1d.latency: [3, 4 cycles]
    - machine.codoms.apl_cache.entries: [4, 8]
      machine.codoms.apl_cache.ways: [4, 8]
  random: {points: 10, seed: 2}
  invalid: skip
  timeout: 60 s
)";

struct Seed {
    fs::path folder;
    std::string text;
};

struct Counts {
    unsigned taken = 0, sweeps = 0, refused = 0;
};

class Wrong : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string copy_of(const std::string& text) {
    constexpr size_t most = 400;
    return text.size() > most ? text.substr(0, most) + "..." : text;
}

workload::Plugin load_plugin(const std::string& name) {
    // A library from anywhere may do anything.
    if (name.find('/') != name.npos) throw workload::PluginError("no workload from elsewhere here");
    return workload::load_plugin(name, {fs::path(STILE_BINARY_DIR) / "plugins"});
}

size_t lines_of(const std::string& path) {
    const std::string text = contents(path);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

void check_fault(const sim::Fault& fault) {
    const std::string said = copy_of(fault.text());
    if (sim::find_text_fault(fault.text())) throw Wrong("a message is no plain text: " + sim::shown(said));
    if (fault.wrong.empty()) throw Wrong("a message says nothing: " + said);
    if (fault.text().size() > 20'000) throw Wrong("a message is a book: " + said);
    if (fault.place.line == 0) {
        // A file that cannot be read has no lines.
        if (fault.wrong.find("cannot be read") == std::string::npos && fault.wrong != "this is a folder")
            throw Wrong("a message without a place: " + said);
        return;
    }
    if (fault.place.column == 0) throw Wrong("a place without a column: " + said);
    if (!fs::is_regular_file(fault.place.file)) {
        if (fault.place.file.starts_with("/dev/")) return;
        throw Wrong("a place in no file: " + said);
    }
    if (fault.place.line > lines_of(fault.place.file))
        throw Wrong("a place behind the end of the file: " + said);
}

void check(const sim::BadInput& bad) {
    if (bad.faults().empty()) throw Wrong("refused without a message");
    for (const sim::Fault& fault : bad.faults()) check_fault(fault);
}

void same(const std::string& first, const std::string& again) {
    if (first == again) return;
    std::istringstream a(first), b(again);
    std::string x, y;
    while (std::getline(a, x) && std::getline(b, y) && x == y) {
    }
    throw Wrong("written out, it means something else: '" + copy_of(x) + "' became '" + copy_of(y) + "'");
}

void check_text(const std::string& yaml) {
    if (sim::find_text_fault(yaml)) throw Wrong("what is written out is no plain text");
}

void try_run(const fs::path& file, const fs::path& again) {
    const auto loaded = sim::load_config(file.string(), {}, load_plugin);
    const std::string yaml = sim::resolved_yaml(loaded->keys);
    check_text(yaml);
    write(again, yaml);
    try {
        same(yaml, sim::resolved_yaml(sim::load_config(again.string(), {}, load_plugin)->keys));
    } catch (const sim::BadInput& bad) {
        throw Wrong("written out, it is refused: " + copy_of(bad.what()));
    }
    sim::make_rows(*loaded);
}

void try_sweep(const fs::path& file, const fs::path& again) {
    const sim::LoadedSweep sweep(file.string(), {}, load_plugin);
    const std::string yaml = sweep.yaml();
    check_text(yaml);
    write(again, yaml);
    try {
        const sim::LoadedSweep second(again.string(), {}, load_plugin);
        same(yaml, second.yaml());
        if (sweep.points() != second.points()) throw Wrong("written out, it has another number of points");
        for (const size_t point : {size_t{1}, sweep.points()}) same(sweep.text(point), second.text(point));
    } catch (const sim::BadInput& bad) {
        throw Wrong("written out, the sweep is refused: " + copy_of(bad.what()));
    }
    for (const size_t point : {size_t{1}, sweep.points()}) sweep.load(point);
}

class Fuzz {
  public:
    Fuzz() {
        std::string name = "/tmp/stile-yaml-fuzz-XXXXXX";
        folder_ = mkdtemp(name.data());
        fs::copy(STILE_SOURCE_DIR "/configs", folder_ / "configs", fs::copy_options::recursive);
        fs::copy(STILE_SOURCE_DIR "/tests/malformed", folder_ / "malformed", fs::copy_options::recursive);
        std::map<fs::path, std::string> files;  // in an order
        for (const auto& entry : fs::recursive_directory_iterator(folder_))
            if (entry.path().extension() == ".yaml") files[entry.path()] = contents(entry.path());
        for (auto& [path, text] : files)
            if (path.parent_path().filename() == "machines") text += "workload: domains\n";
        for (const auto& [path, text] : files) {
            (path.parent_path().filename() == "malformed" ? malformed_ : sound_)
                .push_back({path.parent_path(), text});
            material_.texts.push_back(text);
        }
        sound_.push_back({folder_ / "configs" / "runs", sweep});
        sim::RunConfig config;
        sim::Registry keys;
        sim::bind_run(keys, config);
        for (const sim::Key& key : keys.keys()) material_.paths.push_back(key.path());
        // Text is what is quoted in many ways.
        for (int i = 0; i < 40; ++i) material_.paths.emplace_back(i % 2 ? "machine.name" : "output.folder");
        for (const char* path : {"workload.live", "workload.sizes", "workload.mechanisms", "sweep.timeout"})
            material_.paths.emplace_back(path);
    }
    ~Fuzz() { fs::remove_all(folder_); }
    Fuzz(const Fuzz&) = delete;
    Fuzz& operator=(const Fuzz&) = delete;

    size_t seeds() const { return sound_.size() + malformed_.size(); }
    void one(uint64_t seed, uint64_t number) {
        test::Random random(seed * 0x2545f4914f6cdd1d + number);
        const Seed& from = some_seed(random);
        const std::string text = test::mutate(from.text, material_, random);
        const fs::path file = from.folder / "case.yaml", again = from.folder / "again.yaml";
        write(file, text);
        const size_t before = test::peak_megabytes();
        try {
            const bool is_sweep = text.find("sweep:") != text.npos;
            if (is_sweep) {
                try_sweep(file, again);
            } else {
                try_run(file, again);
            }
            ++counts.taken;
            counts.sweeps += is_sweep;
        } catch (const sim::BadInput& bad) {
            ++counts.refused;
            check(bad);
        }
        const size_t grown = test::peak_megabytes() - before;
        if (grown > most_megabytes) throw Wrong(fmt::format("eats memory: {} MB", grown));
    }
    // What the case was, for people to look at.
    void keep(uint64_t seed, uint64_t number) {
        test::Random random(seed * 0x2545f4914f6cdd1d + number);
        const Seed& from = some_seed(random);
        write("yaml_fuzz_failed.yaml", test::mutate(from.text, material_, random));
    }
    Counts counts;

  private:
    // Mostly sound files: those that are refused anyway say little about what comes later.
    const Seed& some_seed(test::Random& random) const {
        return random.of(random.one_in(4) ? malformed_ : sound_);
    }

    fs::path folder_;
    std::vector<Seed> sound_, malformed_;
    test::Material material_;
};

}  // namespace

int main(int argc, char** argv) {
    uint64_t count = 1000, seed = 1, only = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const uint64_t value = std::strtoull(argv[i + 1], nullptr, 0);
        if (!std::strcmp(argv[i], "--count")) count = value;
        if (!std::strcmp(argv[i], "--seed")) seed = value;
        if (!std::strcmp(argv[i], "--case")) only = value;
    }
    Fuzz fuzz;
    test::begin_guard();
    for (uint64_t number = only ? only : 1; number <= (only ? only : count); ++number) {
        const std::string name = fmt::format("--seed {} --case {}", seed, number);
        test::begin_case(name);
        std::string why;
        try {
            fuzz.one(seed, number);
        } catch (const Wrong& wrong) {
            why = wrong.what();
        } catch (const std::bad_alloc&) {
            why = "eats memory";
        } catch (const std::exception& error) {
            why = std::string("neither taken nor refused: ") + error.what();
        }
        if (!why.empty()) {
            fuzz.keep(seed, number);
            fmt::print("{}: {}\n", name, why);
            return 1;
        }
    }
    fmt::print("{} mutations of {} files: {} taken ({} sweeps), {} refused, {} MB more at most\n", count,
               fuzz.seeds(), fuzz.counts.taken, fuzz.counts.sweeps, fuzz.counts.refused,
               test::peak_megabytes());
    return 0;
}
