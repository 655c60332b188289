// SPDX-License-Identifier: Apache-2.0
//
// A user with a sweep and a cluster.
#pragma once

#include <signal.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>

#include "tests/e2e/stile.h"
#include "tests/slurm/cluster.h"

namespace stile::sim {

class SlurmSweep : public Stile {
  protected:
    void SetUp() override {
        if (const std::string why = test::Cluster::missing(); !why.empty())
            GTEST_SKIP() << "no Slurm here: " << why;
        // Arrays of three, so that six points need several.
        cluster_.emplace(folder_ + "/cluster", "MaxArraySize=4\n");
        ASSERT_EQ(cluster_->trouble(), "");
        write("quick.yaml", sweep_text(5));
        write("slow.yaml", sweep_text(700));
    }
    static std::string sweep_text(unsigned repetitions) {
        return "extends: " STILE_SOURCE_DIR
               "/configs/runs/domains.yaml\nmachine: {core: {model: inorder}}\nmeasure: {warmup: 1, "
               "repetitions: " +
               std::to_string(repetitions) +
               "}\nsweep:\n  axes:\n    workload.live: [1, 4, 8]\n    machine.l1d.size: [16 KiB, 32 KiB]\n";
    }
    // In the background; the process id of the coordinator.
    pid_t begin(const std::string& arguments) {
        const pid_t pid = fork();
        if (pid != 0) return pid;
        if (!freopen("begun.txt", "w", stdout) || !freopen("begun.err", "w", stderr)) _exit(1);
        signal(SIGINT, SIG_DFL);
        execl("/bin/sh", "sh", "-c", ("exec " STILE_PROGRAM " " + arguments).c_str(), nullptr);
        _exit(127);
    }
    static bool within(int seconds, const std::function<bool()>& done) {
        for (int i = 0; i < seconds * 10; ++i) {
            if (done()) return true;
            usleep(100'000);
        }
        return false;
    }
    size_t tasks() {
        const std::string lines = shell("timeout 30 squeue --noheader --array").out;
        return static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
    }
    bool running() {
        return shell("timeout 30 squeue --noheader --states=RUNNING").out.find('\n') != std::string::npos;
    }
    static std::vector<pid_t> processes(const std::function<bool(const std::filesystem::path&)>& wanted) {
        std::vector<pid_t> all;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const std::string name = entry.path().filename();
            if (std::isdigit(static_cast<unsigned char>(name[0])) && wanted(entry.path()))
                all.push_back(std::atoi(name.c_str()));
        }
        return all;
    }
    // What squeue and the like are is not asked: only the guardian has a session of its own.
    static std::vector<pid_t> guardians_of(pid_t coordinator) {
        return processes([&](const std::filesystem::path& process) {
            const pid_t pid = std::atoi(process.filename().c_str());
            return getsid(pid) == pid &&
                   contents(process / "status").find("\nPPid:\t" + std::to_string(coordinator) + "\n") !=
                       std::string::npos;
        });
    }
    // The tasks of a sweep that are under way, and their children.
    std::vector<pid_t> workers(const std::string& work) const {
        const auto folder = std::filesystem::weakly_canonical(folder_ + "/" + work),
                   program = std::filesystem::canonical(STILE_PROGRAM);
        return processes([&](const std::filesystem::path& process) {
            std::error_code error;
            return std::filesystem::read_symlink(process / "cwd", error) == folder &&
                   std::filesystem::read_symlink(process / "exe", error) == program;
        });
    }
    // Whether a worker has been stopped, with its children, in the middle of its work.
    bool halted(const std::string& work) const {
        const std::vector<pid_t> found = workers(work);
        for (const pid_t worker : found) kill(worker, SIGSTOP);
        usleep(50'000);
        const auto stopped = [](pid_t worker) {
            return contents("/proc/" + std::to_string(worker) + "/status").find("\nState:\tT") !=
                   std::string::npos;
        };
        return !found.empty() && found == workers(work) && std::all_of(found.begin(), found.end(), stopped);
    }
    static std::vector<std::string> left_in(const std::string& folder) {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            names.push_back(entry.path().filename());
        return names;
    }

    std::optional<test::Cluster> cluster_;
};

}  // namespace stile::sim
