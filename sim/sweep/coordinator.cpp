// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/coordinator.h"

#include <fmt/format.h>

#include "sim/config/describe.h"
#include "sim/process/say.h"
#include "sim/results/run_directory.h"
#include "sim/sweep/identity.h"
#include "sim/sweep/interrupt.h"

namespace stile::sim {

Coordinator::Coordinator(const LoadedSweep& sweep, const StoredSweep& stored, const SweepDirectory& directory,
                         Store& store)
    : sweep_(sweep),
      stored_(stored),
      directory_(directory),
      store_(store),
      worker_(worker_sha256(sweep.base().config)) {}

// Why a result must not stand among the others; empty if it may.
std::string Coordinator::misfit(const PointResult& result) const {
    if (result.program_sha256 != worker_) return "it was simulated by another program than this one";
    if (result.config_sha256 != stored_.points.at(result.point - 1).config_sha256)
        return "it is of another configuration";
    return "";
}

void Coordinator::merge_leftovers() {
    for (const size_t point : directory_.results()) {
        const std::filesystem::path path = directory_.result(point);
        std::string why;
        try {
            PointResult result = point_from_text(read_file(path));
            if (result.point != point || point > stored_.points.size()) {
                why = "it is of another point";
            } else {
                why = misfit(result);
                if (why.empty()) record(std::move(result));
            }
        } catch (const DatabaseError&) {
            throw;
        } catch (const std::runtime_error& error) {
            why = error.what();
        }
        if (!why.empty())
            say("stile: warning: {} is of no use: {}; its point runs again\n", path.string(), why);
        std::filesystem::remove(path);
    }
    // Those that failed in an earlier session run again.
    failed_.clear();
}

PointResult Coordinator::result_of(const Ended& end) {
    const std::filesystem::path path = directory_.result(end.point);
    PointResult result;
    std::string why = end.text.empty() ? "its process ended and left no result" : end.text;
    try {
        if (std::filesystem::exists(path)) {
            result = point_from_text(read_file(path));
            why = result.point == end.point ? misfit(result) : "it is of another point";
            if (why.empty()) return result;
        }
    } catch (const std::runtime_error& error) {
        why = path.string() + " is of no use: " + error.what();
    }
    result = PointResult();
    result.point = end.point;
    result.reason = why;
    result.of_host = end.by_host;
    result.config_sha256 = stored_.points.at(end.point - 1).config_sha256;
    return result;
}

void Coordinator::ended(const Ended& end) {
    PointResult result = result_of(end);
    result.attempts = ++attempts_[end.point];
    const auto most = static_cast<unsigned>(sweep_.config().retries) + 1;
    if (result.status != PointResult::Status::done && result.of_host && result.attempts < most) {
        std::filesystem::remove(directory_.result(end.point));
        pending_.push_back(end.point);
        return;
    }
    if (result.status == PointResult::Status::crashed) write_failed(result);
    progress_->ended(result.status == PointResult::Status::done);
    record(std::move(result));
    std::filesystem::remove(directory_.result(end.point));
}

// A worker that was killed could not do it.
void Coordinator::write_failed(const PointResult& result) const {
    const std::filesystem::path folder = directory_.failed(result.point);
    if (std::filesystem::exists(folder / "reason.txt") &&
        std::filesystem::exists(directory_.result(result.point)))
        return;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    write_whole(folder / "config.yaml", resolved_yaml(sweep_.load(result.point)->keys));
    write_whole(folder / "reason.txt", result.reason + "\n");
}

void Coordinator::record(PointResult result) {
    store_.record(result, stored_.reports);
    if (result.status == PointResult::Status::done) {
        std::error_code ignored;
        std::filesystem::remove_all(directory_.failed(result.point), ignored);
        failed_.erase(result.point);
    } else {
        const size_t point = result.point;
        failed_[point] = std::move(result);
    }
}

bool Coordinator::run(Launcher& launcher) {
    block_interrupts();
    const std::map<size_t, std::string> known = store_.statuses();
    size_t before = 0, runnable = 0;
    for (size_t point = 1; point <= stored_.points.size(); ++point) {
        if (!stored_.points[point - 1].invalid.empty()) continue;
        ++runnable;
        const auto status = known.find(point);
        if (status != known.end() && status->second == name_of(PointResult::Status::done)) {
            ++before;
        } else {
            pending_.push_back(point);
        }
    }
    progress_ = std::make_unique<SweepProgress>(runnable, before);
    size_t running = 0;
    while (!interrupted() && (running > 0 || !pending_.empty())) {
        std::vector<size_t> next;
        for (size_t room = launcher.room(); room > 0 && !pending_.empty(); --room) {
            next.push_back(pending_.front());
            pending_.pop_front();
        }
        if (!next.empty()) {
            launcher.start(next);
            running += next.size();
        }
        progress_->show(running);
        for (const Ended& end : launcher.wait(std::chrono::milliseconds(250))) {
            --running;
            // Whose process the same Control-C has ended is not to be blamed.
            if (!interrupted() || std::filesystem::exists(directory_.result(end.point))) ended(end);
        }
    }
    launcher.stop();
    progress_->clear();
    if (!interrupted()) return true;
    // Those that came to their end just now.
    const std::map<size_t, PointResult> failed = failed_;
    merge_leftovers();
    failed_.insert(failed.begin(), failed.end());
    return false;
}

}  // namespace stile::sim
