// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/slurm_launcher.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>

#include "sim/process/say.h"
#include "sim/results/run_directory.h"
#include "sim/sweep/host_command.h"

namespace stile::sim {

namespace fs = std::filesystem;

namespace {

// squeue is a burden to a large cluster's controller.
constexpr std::chrono::seconds ask_every{2};
// Between the end of a task and its result there may be a network's file system.
constexpr std::chrono::seconds result_delay{5};
constexpr std::chrono::seconds longest_silence{600}, longest_stop{60};

// Waits without reason to worry.
const std::set<std::string> usual = {"None",     "Priority",          "Resources",    "Prolog", "BeginTime",
                                     "Cleaning", "JobArrayTaskLimit", "RaisedSignal", "(null)"};

// What else a task ended with says nothing of the guest.
bool is_by_host(const SlurmEnd& end) {
    return end.state != "COMPLETED" && (end.state != "FAILED" || end.signal != 0);
}

std::string end_of_file(const fs::path& path) {
    constexpr size_t most = 4096;
    std::string text;
    try {
        text = read_file(path);
    } catch (const std::runtime_error&) {
        return "";
    }
    if (text.size() > most) text.erase(0, text.size() - most);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

// Scripts and output of tasks that are gone.
void remove_files(const SweepDirectory& directory) {
    std::error_code ignored;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory.work(), ignored))
        if (entry.path().filename().string().starts_with("slurm-")) files.push_back(entry.path());
    for (const fs::path& file : files) fs::remove(file, ignored);
}

}  // namespace

SlurmLauncher::SlurmLauncher(WorkerOptions options, unsigned jobs)
    : options_(std::move(options)),
      directory_(options_.directory),
      jobs_(jobs),
      prefix_(slurm_name(options_.directory)) {
    check_slurm();
    limit_ = slurm_array_limit();
    guardian_ = std::make_unique<SlurmGuardian>();
    adopt();
}

SlurmLauncher::~SlurmLauncher() {
    stop();
    guardian_.reset();
    remove_files(directory_);
}

std::string SlurmLauncher::script(const std::string& name) const {
    return (directory_.work() / ("slurm-" + name.substr(prefix_.size()) + ".sh")).string();
}

// The scripts of an earlier coordinator say which task has which point.
void SlurmLauncher::adopt() {
    std::map<std::string, std::vector<size_t>> points;
    for (const auto& entry : fs::directory_iterator(directory_.work())) {
        const std::string file = entry.path().filename().string();
        if (!file.starts_with("slurm-") || entry.path().extension() != ".sh") continue;
        const std::string number = entry.path().stem().string().substr(6);
        points[prefix_ + number] = parse_slurm_script(read_file(entry.path()));
        next_ = std::max(next_, static_cast<size_t>(std::strtoull(number.c_str(), nullptr, 10)) + 1);
    }
    if (points.empty()) return;
    std::set<std::string> strange;
    for (const SlurmTask& task : slurm_tasks()) {
        if (!task.name.starts_with(prefix_)) continue;
        const auto known = points.find(task.name);
        if (known == points.end() || task.index > known->second.size()) {
            strange.insert(task.name);
        } else {
            adopted_[known->second[task.index - 1]] = {task.name, task.id, task.index, true, std::nullopt};
            guardian_->guard(task.name);
        }
    }
    slurm_cancel({strange.begin(), strange.end()});
    if (!adopted_.empty())
        say("stile: {} points are still with Slurm, from an earlier session: their jobs go on\n",
            adopted_.size());
}

// Large arrays rather than many: more only when half of the last one is done.
size_t SlurmLauncher::room() const { return tasks_.size() > limit_ / 2 ? 0 : limit_ - tasks_.size(); }

void SlurmLauncher::start(const std::vector<size_t>& points) {
    std::vector<size_t> others;
    for (const size_t point : points) {
        if (const auto known = adopted_.find(point); known != adopted_.end()) {
            tasks_[point] = known->second;
            adopted_.erase(known);
        } else {
            others.push_back(point);
        }
    }
    if (!others.empty()) submit(others);
}

void SlurmLauncher::submit(const std::vector<size_t>& points) {
    SlurmArray array{prefix_ + std::to_string(next_++), "", points};
    std::vector<std::string> worker = worker_arguments(options_, 0);
    worker[0] = fs::read_symlink("/proc/self/exe").string();
    std::replace(worker.begin(), worker.end(), std::string("0"), std::string("$point"));
    write_whole(script(array.name), slurm_script(worker, points));
    guardian_->guard(array.name);
    array.id = slurm_submit(array, script(array.name), jobs_, options_.timeout_seconds, directory_.work());
    for (size_t i = 0; i < points.size(); ++i)
        tasks_[points[i]] = {array.name, array.id, i + 1, false, std::nullopt};
    asked_ = Clock::now();
}

// Marks the tasks that Slurm knows no more.
void SlurmLauncher::ask() {
    asked_ = Clock::now();
    std::vector<SlurmTask> there;
    try {
        there = slurm_tasks();
        silent_.reset();
    } catch (const std::runtime_error& error) {
        // Controllers are started anew now and then; the tasks go on meanwhile.
        if (!silent_) silent_ = asked_;
        if (asked_ - *silent_ > longest_silence)
            throw std::runtime_error(fmt::format("Slurm has given no answer for {} minutes: {}",
                                                 longest_silence.count() / 60, error.what()));
        return;
    }
    std::map<std::pair<std::string, size_t>, const SlurmTask*> known;
    for (const SlurmTask& task : there) known[{task.id, task.index}] = &task;
    bool all_wait = !tasks_.empty();
    std::string reason;
    for (auto& [point, task] : tasks_) {
        const auto found = known.find({task.id, task.index});
        if (found == known.end()) {
            if (!task.gone) task.gone = asked_;
            all_wait = false;
            continue;
        }
        task.seen = true;
        task.gone.reset();
        all_wait &= found->second->state == "PENDING";
        reason = found->second->reason;
    }
    if (all_wait && !usual.contains(reason) && told_ != reason) {
        told_ = reason;
        say("stile: all points wait; Slurm's reason: {}\n", reason);
    }
}

std::string SlurmLauncher::output_of(const Task& task) const {
    return (directory_.work() / fmt::format("slurm-{}_{}.out", task.id, task.index)).string();
}

Ended SlurmLauncher::end_of(size_t point, const Task& task) const {
    const SlurmEnd end = slurm_end(task.id, task.index);
    std::string text = fmt::format("its task {}_{} ", task.id, task.index);
    if (end.state.empty()) {
        text += "is no longer known to Slurm";
    } else if (end.signal != 0) {
        text += fmt::format("ended as {} by signal {}", end.state, end.signal);
    } else {
        text += fmt::format("ended as {} with status {}", end.state, end.status);
    }
    if (end.state == "COMPLETED") text += " and left no result";
    const std::string said = end_of_file(output_of(task));
    // 130: broken off by somebody else.
    return {point, is_by_host(end) || end.status == 130, said.empty() ? text : text + ": " + said};
}

void SlurmLauncher::forget(size_t point) {
    std::error_code ignored;
    fs::remove(output_of(tasks_.at(point)), ignored);
    tasks_.erase(point);
}

std::vector<Ended> SlurmLauncher::wait(std::chrono::milliseconds at_most) {
    std::vector<Ended> all;
    const auto take_results = [&] {
        for (const size_t point : directory_.results()) {
            if (!tasks_.contains(point)) continue;
            all.push_back({point, false, ""});
            forget(point);
        }
    };
    take_results();
    if (!all.empty() || tasks_.empty()) return all;
    sigset_t waiting;
    sigprocmask(SIG_SETMASK, nullptr, &waiting);
    sigdelset(&waiting, SIGINT);
    sigdelset(&waiting, SIGTERM);
    sigdelset(&waiting, SIGHUP);
    const timespec time{at_most.count() / 1000, at_most.count() % 1000 * 1'000'000};
    if (ppoll(nullptr, 0, &time, &waiting) < 0) return all;
    if (Clock::now() - asked_ >= ask_every) ask();
    take_results();
    std::vector<size_t> lost;
    for (const auto& [point, task] : tasks_)
        if (task.gone && Clock::now() - *task.gone > result_delay) lost.push_back(point);
    for (const size_t point : lost) {
        all.push_back(end_of(point, tasks_.at(point)));
        forget(point);
    }
    return all;
}

void SlurmLauncher::stop() {
    std::set<std::string> names;
    for (const auto* tasks : {&tasks_, &adopted_})
        for (const auto& [point, task] : *tasks) names.insert(task.name);
    if (names.empty()) return;
    const std::vector<std::string> all(names.begin(), names.end());
    try {
        slurm_cancel(all);
        for (const auto end = Clock::now() + longest_stop; Clock::now() < end;) {
            const std::vector<SlurmTask> there = slurm_tasks();
            if (std::none_of(there.begin(), there.end(),
                             [&](const SlurmTask& task) { return names.contains(task.name); }))
                break;
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        }
    } catch (const std::exception& error) {
        say("stile: warning: whether Slurm's jobs have ended is not known: {}\n", error.what());
    }
    adopted_.clear();
    while (!tasks_.empty()) forget(tasks_.begin()->first);
}

void cancel_slurm_jobs(const SweepDirectory& directory) {
    std::error_code error;
    std::vector<fs::path> scripts;
    for (const auto& entry : fs::directory_iterator(directory.work(), error))
        if (entry.path().filename().string().starts_with("slurm-") && entry.path().extension() == ".sh")
            scripts.push_back(entry.path());
    if (scripts.empty()) return;
    std::vector<std::string> names;
    for (const fs::path& path : scripts)
        names.push_back(slurm_name(directory.path()) + path.stem().string().substr(6));
    if (is_host_command("scancel")) slurm_cancel(names);
    remove_files(directory);
}

}  // namespace stile::sim
