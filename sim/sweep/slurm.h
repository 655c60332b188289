// SPDX-License-Identifier: Apache-2.0
//
// What a sweep asks of Slurm, in the words of its commands: they are the same on every cluster, and need no
// library of the right version.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace stile::sim {

// A job array: its n-th task, counted from 1, is for the n-th point.
struct SlurmArray {
    std::string name, id;
    std::vector<size_t> points;
};

struct SlurmTask {
    std::string name;    // of its array
    std::string id;      // of its array
    size_t index = 0;    // in its array, from 1
    std::string state;   // RUNNING, PENDING, ...
    std::string reason;  // why it waits
};

// What became of a task that is no longer there.
struct SlurmEnd {
    std::string state;  // FAILED, NODE_FAIL, ...; empty: Slurm has forgotten
    int status = 0, signal = 0;
};

// Throws BadInput where Slurm's commands are not installed.
void check_slurm();

// How many tasks an array may have.
size_t slurm_array_limit();

// Returns the array's id. Throws BadInput where Slurm does not take it.
std::string slurm_submit(const SlurmArray& array, const std::filesystem::path& script, unsigned at_a_time,
                         double seconds, const std::filesystem::path& folder);

// All tasks of this user that wait, run or end just now. Throws std::runtime_error where Slurm gives no
// answer.
std::vector<SlurmTask> slurm_tasks();

SlurmEnd slurm_end(const std::string& id, size_t index);

// All arrays of these names. What goes wrong is told, not thrown: there is nothing else to be done.
void slurm_cancel(const std::vector<std::string>& names);

// Jobs of a directory are known by their names: "stile-" and this, and a number.
std::string slurm_name(const std::filesystem::path& directory);

// The lines that such commands print.
std::vector<SlurmTask> parse_squeue(const std::string& text);
SlurmEnd parse_scontrol_job(const std::string& text);
size_t parse_array_limit(const std::string& text);

// The script that each task runs, and what it says of its points.
std::string slurm_script(const std::vector<std::string>& worker, const std::vector<size_t>& points);
std::vector<size_t> parse_slurm_script(const std::string& text);

}  // namespace stile::sim
