// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/config/load.h"

namespace stile::sim {

// Files in a folder of their own, and a workload that needs no library.
class ConfigTest : public testing::Test {
  protected:
    ConfigTest() {
        folder_ = std::filesystem::temp_directory_path() / ("stile-config-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
        std::filesystem::current_path(folder_);
        ping_.name = "ping";
        ping_.help = "for tests";
        ping_.mechanisms = {{"pipe", "a pipe"}, {"binder", "Binder"}};
        ping_.parameters = {
            {"mechanisms",
             workload::Type::string_list,
             std::vector<std::string>{"pipe"},
             "which",
             0,
             INT64_MAX,
             {"pipe", "binder"},
             false},
            {"sizes", workload::Type::bytes_list, std::vector<int64_t>{0}, "payload", 0, 65536, {}, false},
            {"count", workload::Type::integer, int64_t{3}, "how often", 1, 9, {}, false},
            {"loud", workload::Type::boolean, false, "whether", 0, 0, {}, false},
        };
        ping_.rows = [](const workload::Parameters& p, const workload::Measure&, const std::string&) {
            if (std::get<int64_t>(p.at("count")) == 7)
                throw std::invalid_argument("count: 7 is unlucky; 6 would do");
            std::vector<workload::Row> rows;
            for (const std::string& name : std::get<std::vector<std::string>>(p.at("mechanisms"))) {
                workload::Row row;
                row.mechanism = name;
                row.processes = {{"/bin/ping", {"/bin/ping"}, {}, ""}};
                rows.push_back(row);
            }
            return rows;
        };
        pong_.name = "pong";
        pong_.parameters = {{"path", workload::Type::path, std::string(), "what", 0, INT64_MAX, {}, true}};
        pong_.rows = ping_.rows;
    }
    ~ConfigTest() override {
        std::filesystem::current_path("/");
        std::filesystem::remove_all(folder_);
    }

    void write(const std::string& name, const std::string& text) {
        const std::filesystem::path path(name);
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::unique_ptr<LoadedConfig> load(const std::string& text, const std::vector<Override>& overrides = {}) {
        write("run.yaml", text);
        return load_config("run.yaml", overrides, [this](const std::string& name) -> workload::Plugin {
            if (name == "ping") return {"ping.so", &ping_};
            if (name == "pong") return {"pong.so", &pong_};
            throw workload::PluginError("there is no workload '" + name + "'");
        });
    }
    // What load() complains about, a line per fault.
    std::string faults(const std::string& text, const std::vector<Override>& overrides = {}) {
        try {
            make_rows(*load(text, overrides));
        } catch (const BadInput& bad) {
            return bad.what();
        }
        return "none";
    }

    std::filesystem::path folder_;
    workload::Descriptor ping_, pong_;
};

}  // namespace stile::sim
