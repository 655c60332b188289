// SPDX-License-Identifier: Apache-2.0
//
// `stile sweep` as a user starts it, and as fate ends it.
#pragma once

#include <fcntl.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <thread>

#include "sim/sqlite/sqlite.h"
#include "tests/e2e/stile.h"

namespace stile::sim {

class Sweep : public Stile {
  protected:
    // A coordinator that the test can end.
    class Running {
      public:
        explicit Running(std::vector<std::string> arguments) {
            pid_ = fork();
            if (pid_ != 0) return;
            const int null = open("/dev/null", O_RDWR);
            const int err = open("running.err", O_WRONLY | O_CREAT | O_TRUNC, 0666);
            dup2(null, 0), dup2(null, 1), dup2(err, 2);
            arguments.insert(arguments.begin(), "stile");
            std::vector<char*> argv;
            for (std::string& argument : arguments) argv.push_back(argument.data());
            argv.push_back(nullptr);
            execv(STILE_PROGRAM, argv.data());
            _exit(127);
        }
        ~Running() {
            if (pid_ > 0) end(SIGKILL);
        }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        void send(int signal) const { kill(pid_, signal); }
        // Its exit code, or 128 + the signal.
        int wait() {
            int status = 0;
            waitpid(pid_, &status, 0);
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        int end(int signal) {
            send(signal);
            return wait();
        }

      private:
        pid_t pid_;
    };

    static constexpr std::chrono::seconds patience{120};

    static bool eventually(const std::function<bool()>& happened) {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (!happened()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return true;
    }

    // One cell; "" if there is none, or no database yet.
    static std::string query(const std::string& out, const std::string& sql) {
        std::string all;
        try {
            Database(out + "/results.sqlite", Database::For::reading).query(sql, [&](const Statement& row) {
                all += (all.empty() ? "" : "\n") + row.text(0);
            });
        } catch (const std::runtime_error&) {
        }
        return all;
    }
    static int done(const std::string& out) {
        return std::atoi(query(out, "SELECT count(*) FROM points WHERE status = 'done'").c_str());
    }

    // Processes whose command line names the folder: workers and the rows below them.
    static std::vector<pid_t> processes_of(const std::string& folder) {
        std::vector<pid_t> all;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            const pid_t pid = std::atoi(entry.path().filename().c_str());
            if (pid <= 0 || pid == getpid()) continue;
            const std::string line = contents(entry.path() / "cmdline");
            if (line.find("--worker") != std::string::npos && line.find(folder) != std::string::npos)
                all.push_back(pid);
        }
        return all;
    }
};

}  // namespace stile::sim
