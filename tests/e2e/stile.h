// SPDX-License-Identifier: Apache-2.0
//
// Runs the stile program as a user does, in a folder of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/results/csv.h"

namespace stile::sim {

struct Output {
    int code = -1;
    std::string out, err;
};

inline std::string contents(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

class Stile : public testing::Test {
  protected:
    Stile() {
        std::string name = "/tmp/stile-e2e-XXXXXX";
        folder_ = mkdtemp(name.data());
        std::filesystem::current_path(folder_);
    }
    ~Stile() override {
        std::filesystem::current_path("/");
        std::filesystem::remove_all(folder_);
    }

    void write(const std::string& name, const std::string& text) { std::ofstream(name) << text; }

    Output shell(const std::string& command) {
        Output result;
        const int status = std::system(("(" + command + ") >stdout.txt 2>stderr.txt").c_str());
        result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        result.out = contents("stdout.txt");
        result.err = contents("stderr.txt");
        return result;
    }
    Output stile(const std::string& arguments) { return shell(STILE_PROGRAM " " + arguments); }

    // A run of sync_call: small, so that the whole suite stays quick.
    Output run(const std::string& arguments, const std::string& out) {
        write("run.yaml", "extends: " STILE_SOURCE_DIR
                          "/configs/runs/compare.yaml\nworkload: {sizes: [0 B, 64 B, 4 KiB]}\nmeasure: "
                          "{warmup: 20, repetitions: 20}\n");
        return stile("run run.yaml --out " + out + " " + arguments);
    }
    static Csv results(const std::string& out) { return parse_csv(contents(out + "/results.csv")); }

    static size_t find(const Csv& csv, const std::string& mechanism, const std::string& policy,
                       const std::string& size) {
        for (size_t i = 0; i < csv.rows.size(); ++i) {
            if (csv.at(i, "mechanism") == mechanism && csv.at(i, "policy") == policy &&
                csv.at(i, "size_bytes") == size)
                return i;
        }
        ADD_FAILURE() << "no row " << mechanism << " " << policy << " " << size;
        return 0;
    }
    static double number(const Csv& csv, size_t row, const std::string& column) {
        return row < csv.rows.size() ? std::atof(csv.at(row, column).c_str()) : 0;
    }

    std::string folder_;
};

}  // namespace stile::sim
