// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/slurm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "sim/config/fault.h"
#include "sim/process/say.h"
#include "sim/results/sha256.h"
#include "sim/sweep/host_command.h"

namespace stile::sim {
namespace {

const Place launcher{"--launcher slurm", 0, 0};
constexpr const char *points_begin = "<<'POINTS'\n", *points_end = "POINTS\n";

size_t number(const std::string& text, size_t otherwise = 0) {
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? value : otherwise;
}

std::string quoted(const std::string& text) {
    std::string all = "'";
    for (const char c : text) all += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return all + "'";
}

// The word after "KEY=".
std::string field(const std::string& text, const std::string& key) {
    for (size_t at = text.find(key + "="); at != text.npos; at = text.find(key + "=", at + 1)) {
        if (at != 0 && text[at - 1] != ' ' && text[at - 1] != '\n') continue;
        const size_t begin = at + key.size() + 1;
        return text.substr(begin, text.find_first_of(" \n", begin) - begin);
    }
    return "";
}

}  // namespace

void check_slurm() {
    for (const char* name : {"sbatch", "squeue", "scontrol", "scancel"})
        if (!is_host_command(name))
            throw BadInput(launcher, fmt::format("{} is not there", name),
                           "Slurm's commands are expected in $PATH; --launcher local needs none");
}

size_t parse_array_limit(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("MaxArraySize")) continue;
        // The largest index is one less.
        const size_t size = number(line.substr(line.find_first_of("0123456789", line.find('='))));
        if (size >= 2) return size - 1;
    }
    return 1000;  // of Slurm's default
}

size_t slurm_array_limit() {
    const HostCommand show = run_host_command({"scontrol", "show", "config"});
    if (!show.good())
        throw BadInput(launcher, "Slurm gives no answer: " + show.complaint(),
                       "is this computer part of a cluster, and its slurmctld running?");
    return parse_array_limit(show.out);
}

std::string slurm_submit(const SlurmArray& array, const std::filesystem::path& script, unsigned at_a_time,
                         double seconds, const std::filesystem::path& folder) {
    // A worker keeps its time limit by itself; Slurm's is for those that cannot, in its minutes.
    const auto minutes = static_cast<int64_t>(std::ceil(std::min(seconds, 1e9) / 60)) + 2;
    std::string tasks = fmt::format("--array=1-{}", array.points.size());
    if (at_a_time != 0) tasks += fmt::format("%{}", at_a_time);
    // A % is the beginning of a name's part that Slurm fills in.
    std::string output = folder.string();
    for (size_t at = output.find('%'); at != output.npos; at = output.find('%', at + 2))
        output.insert(at, "%");
    const HostCommand batch = run_host_command(
        {"sbatch", "--parsable", "--job-name=" + array.name, tasks, "--ntasks=1", "--cpus-per-task=1",
         fmt::format("--time={}", minutes), "--no-requeue", "--export=ALL", "--chdir=" + folder.string(),
         "--output=" + output + "/slurm-%A_%a.out", script.string()});
    // "ID" or "ID;CLUSTER"
    const std::string id = batch.out.substr(0, batch.out.find_first_of(";\n"));
    if (!batch.good() || number(id) == 0)
        throw BadInput(
            launcher, "sbatch does not take the job: " + batch.complaint(),
            "partition, account and the like are set by Slurm's variables, such as SBATCH_PARTITION");
    return id;
}

std::vector<SlurmTask> parse_squeue(const std::string& text) {
    std::vector<SlurmTask> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        SlurmTask task;
        std::string index;
        if (!(words >> task.id >> index >> task.state >> task.name)) continue;
        std::getline(words >> std::ws, task.reason);
        task.index = number(index);
        if (task.index != 0) all.push_back(std::move(task));
    }
    return all;
}

std::vector<SlurmTask> slurm_tasks() {
    const HostCommand queue = run_host_command(
        {"squeue", "--noheader", "--array", fmt::format("--user={}", getuid()), "--format=%F %K %T %j %r"});
    if (!queue.good()) throw std::runtime_error(queue.complaint());
    return parse_squeue(queue.out);
}

SlurmEnd parse_scontrol_job(const std::string& text) {
    SlurmEnd end;
    end.state = field(text, "JobState");
    const std::string code = field(text, "ExitCode");  // STATUS:SIGNAL
    const size_t colon = code.find(':');
    end.status = static_cast<int>(number(code.substr(0, colon)));
    if (colon != code.npos) end.signal = static_cast<int>(number(code.substr(colon + 1)));
    return end;
}

SlurmEnd slurm_end(const std::string& id, size_t index) {
    return parse_scontrol_job(
        run_host_command({"scontrol", "--oneliner", "show", "job", fmt::format("{}_{}", id, index)}).out);
}

void slurm_cancel(const std::vector<std::string>& names) {
    if (names.empty()) return;
    const HostCommand cancel = run_host_command({"scancel", "--quiet", fmt::format("--user={}", getuid()),
                                                 fmt::format("--name={}", fmt::join(names, ","))});
    if (!cancel.good()) say("stile: warning: scancel: {}\n", cancel.complaint());
}

std::string slurm_name(const std::filesystem::path& directory) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::weakly_canonical(directory, error);
    return "stile-" + sha256((error ? directory : real).string()).substr(0, 12) + "-";
}

std::string slurm_script(const std::vector<std::string>& worker, const std::vector<size_t>& points) {
    std::string text =
        "#!/bin/sh\n# A sweep by Stile: the n-th task of the array takes the n-th of these points.\n"
        "point=$(sed -n \"${SLURM_ARRAY_TASK_ID}p\" ";
    text += points_begin;
    for (const size_t point : points) text += fmt::format("{}\n", point);
    text += points_end;
    text += ")\nexec";
    for (const std::string& word : worker) text += " " + (word == "$point" ? "\"$point\"" : quoted(word));
    return text + "\n";
}

std::vector<size_t> parse_slurm_script(const std::string& text) {
    std::vector<size_t> points;
    const size_t begin = text.find(points_begin);
    if (begin == text.npos) return points;
    std::istringstream lines(text.substr(begin + std::string_view(points_begin).size()));
    for (std::string line; std::getline(lines, line) && line + "\n" != points_end;)
        points.push_back(number(line));
    return points;
}

}  // namespace stile::sim
