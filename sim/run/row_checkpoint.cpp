// SPDX-License-Identifier: Apache-2.0
#include "sim/run/row_checkpoint.h"

#include <fmt/format.h>

#include "sim/config/fault.h"
#include "sim/run/simulate.h"

namespace stile::sim {

RowCheckpoint::RowCheckpoint(const RunConfig& config, const RowInputs& row, const CheckpointOptions& options)
    : config_(config), options_(options) {
    const bool wanted = !options.folder.empty() && (options.save || options.restore);
    if (wanted && config.measure.fast_forward != "none") store_.emplace(config, row, options.folder);
}

bool RowCheckpoint::begin(RowState state, Conductor& conductor) {
    if (store_ && options_.restore && restore(state, conductor)) return true;
    conductor.on_hand_over([this, state](model::Cycles now) mutable { hand_over(state, now); });
    return false;
}

bool RowCheckpoint::restore(RowState& state, Conductor& conductor) {
    std::string body;
    std::vector<std::string> troubles;
    const auto found = store_->find(body, troubles);
    if (!found) {
        if (!options_.automatic())
            throw CheckpointError("it has no checkpoint any more that fits: " +
                                  (troubles.empty() ? store_->nearest() : troubles.front()));
        for (const std::string& trouble : troubles) warnings_.push_back(trouble + "; it is made anew");
        return false;
    }
    handed_over_ = found->header.handed_over;
    if (!handed_over_) return false;
    try {
        model::StateArchive archive(body);
        state.archive(archive);
        archive_memory(archive, state.machine.memory(), state.machine.memory());
        archive.finish();
    } catch (const model::ArchiveError& error) {
        // Half of it may have been believed by now.
        throw CheckpointError(fmt::format("{}: {}", found->path.string(), error.what()));
    }
    if (state.console.size() > config_.output.console_limit)
        state.console.resize(config_.output.console_limit);
    conductor.resume(found->header.now);
    return true;
}

// Written or not, the machine goes on from what would have been written: so a run that begins with it cannot
// differ from this one.
void RowCheckpoint::hand_over(RowState& state, model::Cycles now) {
    handed_over_ = true;
    if (store_ && options_.save) {
        try {
            store_->save(state, now);
        } catch (const CheckpointError& error) {
            if (options_.automatic())
                warnings_.push_back(error.what());
            else
                failure_ = error.what();
        }
    }
    model::StateArchive out;
    state.archive(out);
    model::StateArchive in(out.bytes());
    state.archive(in);
    in.finish();
}

// Nothing could be gained by beginning with a row that ends before its hand-over; but who restores a run
// wants to know that none of its checkpoints is lost.
void RowCheckpoint::end(bool by_itself) {
    if (!store_ || !options_.save || options_.automatic() || handed_over_ || !by_itself) return;
    try {
        store_->save_that_it_ends_before();
    } catch (const CheckpointError& error) {
        failure_ = error.what();
    }
}

void check_checkpoints(const RunConfig& config, const std::vector<workload::Row>& rows,
                       const CheckpointOptions& options) {
    if (options.folder.empty() || options.automatic() || !(options.save || options.restore)) return;
    const std::string option = (options.save ? "--save " : "--restore ") + options.folder;
    if (config.measure.fast_forward == "none")
        throw BadInput({option, 0, 0}, "a checkpoint is of the moment up to which the functional core runs",
                       "name one with --fast-forward: boot, roi or a time");
    std::error_code error;
    if (options.save) {
        std::filesystem::create_directories(options.folder, error);
        if (error)
            throw BadInput({option, 0, 0}, "this folder cannot be made: " + error.message(),
                           "name another one");
        return;
    }
    if (!std::filesystem::is_directory(options.folder, error))
        throw BadInput({option, 0, 0}, "this is no folder", "one that a run with --save wrote is expected");
    constexpr size_t told = 10;
    Faults faults;
    size_t lacking = 0;
    for (const workload::Row& row : rows) {
        const RowInputs inputs = row_inputs(config, row);
        const CheckpointStore store(config, inputs, options.folder);
        std::string body;
        std::vector<std::string> troubles;
        if (store.find(body, troubles)) continue;
        if (++lacking > told) continue;
        faults.push_back({{option, 0, 0},
                          fmt::format("no checkpoint fits row {}: {}", row_key(config, row).text(),
                                      troubles.empty() ? store.nearest() : troubles.front()),
                          "a run with --save writes one"});
    }
    if (lacking > told)
        faults.push_back({{option, 0, 0}, fmt::format("nor {} rows more", lacking - told), ""});
    if (!faults.empty()) throw BadInput(std::move(faults));
}

}  // namespace stile::sim
