// SPDX-License-Identifier: Apache-2.0
//
// Leads a sweep from its first point to its last: what runs where, what is tried again, what is recorded.
// Everything it knows is in results.sqlite after each point, so that it may be killed at any moment.
#pragma once

#include <deque>
#include <map>

#include "sim/config/sweep.h"
#include "sim/sweep/directory.h"
#include "sim/sweep/launcher.h"
#include "sim/sweep/progress.h"
#include "sim/sweep/store/store.h"

namespace stile::sim {

class Coordinator {
  public:
    // All outlive it.
    Coordinator(const LoadedSweep& sweep, const StoredSweep& stored, const SweepDirectory& directory,
                Store& store);

    // What workers of an earlier session have left.
    void merge_leftovers();
    // Until all points have ended or a signal came: then false.
    bool run(Launcher& launcher);
    // Points that have not come out well, with the reason.
    const std::map<size_t, PointResult>& failed() const { return failed_; }

  private:
    void ended(const Ended& end);
    PointResult result_of(const Ended& end);
    void record(PointResult result);
    std::string misfit(const PointResult& result) const;
    void write_failed(const PointResult& result) const;

    const LoadedSweep& sweep_;
    const StoredSweep& stored_;
    const SweepDirectory& directory_;
    Store& store_;
    std::string worker_;  // hash
    std::deque<size_t> pending_;
    std::map<size_t, unsigned> attempts_;
    std::map<size_t, PointResult> failed_;
    std::unique_ptr<SweepProgress> progress_;
};

}  // namespace stile::sim
