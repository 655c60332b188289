// SPDX-License-Identifier: Apache-2.0
//
// Question: is every key that a checkpoint is said not to depend on really one of which the functional core
// notices nothing? Each gets another value, and the checkpoints must be the same byte for byte.
#include "sim/checkpoint/keys.h"

#include "sim/config/load.h"
#include "tests/checkpoint/checkpoint.h"

namespace stile::sim {
namespace {

class Harmless : public Checkpoint {
  protected:
    Harmless() { bind_run(keys_, config_); }

    // What must not change here: who runs, and what decides when the row ends or where the hand-over is.
    static bool is_left_alone(const std::string& key) {
        return key.starts_with("workload.") || key.starts_with("machine.little.") ||
               key == "measure.stop_at" || key == "measure.warmup" || key == "measure.repetitions" ||
               key == "measure.touch" || key == "output.folder" || key == "output.report";
    }

    // Another value, or nothing where there is none.
    static std::string other_value(const Key& key) {
        if (!key.choices().empty()) {
            for (const std::string& choice : key.choices())
                if (choice != key.value_text()) return choice;
            return "";
        }
        const std::string& path = key.path();
        if (path.ends_with("large_ways")) return "2";
        if (path.ends_with("large_entries")) return "16";
        switch (key.kind()) {
            case KeyKind::boolean:
                return key.value_text() == "true" ? "false" : "true";
            case KeyKind::text:
            case KeyKind::path:
                if (path.find(".ports.") != path.npos || path.ends_with("_ports")) return "p0";
                // A program that is not there is a fault of its own, where energies are wanted.
                return path == "machine.area.cacti" ? "" : "another";
            case KeyKind::time:
                return std::to_string(std::get<int64_t>(key.load()) * 2 + 1) + " ns";
            case KeyKind::frequency:
                return std::to_string(std::get<int64_t>(key.load()) * 2) + " Hz";
            case KeyKind::text_list:
            case KeyKind::bytes_list:
            case KeyKind::moment:
                return "";
            default: {
                // Twice as much fits what must be a power of two, or a multiple.
                const int64_t value = std::get<int64_t>(key.load());
                for (const int64_t other : {value * 2, value + 1, value / 2, value - 1})
                    if (other != value && other >= key.min() && other <= key.max())
                        return std::to_string(other) + (key.kind() == KeyKind::bytes ? " B" : "");
                return "";
            }
        }
    }

    std::vector<std::pair<std::string, std::string>> others() const {
        std::vector<std::pair<std::string, std::string>> all;
        for (const Key& key : keys_.keys()) {
            if (!is_harmless(key.path()) || is_left_alone(key.path())) continue;
            const std::string value = other_value(key);
            if (!value.empty()) all.emplace_back(key.path(), value);
        }
        return all;
    }

    void configure(const std::string& more) {
        write("base.yaml",
              "extends: " STILE_SOURCE_DIR
              "/configs/runs/compare.yaml\nworkload: {mechanisms: [dipc], policies: [low], sizes: "
              "[64 B]}\nmeasure: {warmup: 2, repetitions: 2}\n" +
                  more);
        write("run.yaml", "extends: base.yaml\n");
        std::filesystem::remove_all("state");
        ASSERT_EQ(run("--fast-forward roi --save state", "saved").code, 0);
    }
    // With the value put over base.yaml.
    void expect_unnoticed(const std::vector<std::pair<std::string, std::string>>& settings) {
        std::string arguments = "--fast-forward roi --save other";
        for (const auto& [key, value] : settings) arguments += " --set " + key + "='" + value + "'";
        std::filesystem::remove_all("other");
        const Output output = run(arguments, "changed");
        ASSERT_EQ(output.code, 0) << output.err;
        expect_same_checkpoints("state", "other");
    }

    RunConfig config_;
    Registry keys_;
};

// Some need another beside them, or may not be together with all others.
bool stands_alone(const std::string& key) {
    return key == "machine.memory.latency" || key.ends_with("ways") || key.ends_with("large_entries");
}

TEST_F(Harmless, AllAtOnce) {
    configure("");
    std::vector<std::pair<std::string, std::string>> together;
    for (const auto& setting : others())
        if (!stands_alone(setting.first)) together.push_back(setting);
    EXPECT_GT(together.size(), 300u);
    expect_unnoticed(together);
    for (const auto& setting : others())
        if (stands_alone(setting.first)) {
            SCOPED_TRACE(setting.first);
            expect_unnoticed({setting});
        }
}

}  // namespace
}  // namespace stile::sim
