// SPDX-License-Identifier: Apache-2.0
//
// Which handler executes which micro-op. Each group of handlers registers its own in a function of the form
//     void register_group(HandlerTable& table, Mode mode);
// which is named in the list in handlers.cpp.
#pragma once

#include <array>

#include "model/core/exec/exec.h"

namespace stile::model {

class HandlerTable {
  public:
    // To be used instead: `segmented` where the micro-op has a segment base, `unindexed` where it has neither
    // that nor an index.
    void set(Op op, Handler handler, Handler segmented = nullptr, Handler unindexed = nullptr) {
        row(op) = {handler, segmented, unindexed, nullptr};
    }
    // One handler for each condition in aux; the array must outlive the table.
    void set_by_condition(Op op, const std::array<Handler, 16>& handlers) {
        row(op) = {handlers[0], nullptr, nullptr, handlers.data()};
    }
    bool has(Op op) const { return rows_[static_cast<size_t>(op)].handler; }
    Handler select(const Uop& u) const;
    // `ret` of code on a privileged page, which no remembered target answers (docs/codoms.md, 4).
    void set_privileged_ret(Handler handler) { privileged_ret_ = handler; }
    Handler privileged_ret() const { return privileged_ret_; }

  private:
    struct Row {
        Handler handler = nullptr, segmented = nullptr, unindexed = nullptr;
        const Handler* by_condition = nullptr;
    };
    Handler privileged_ret_ = nullptr;
    Row& row(Op op) { return rows_[static_cast<size_t>(op)]; }
    std::array<Row, static_cast<size_t>(Op::count)> rows_{};
};

const HandlerTable& handlers(Mode mode);

// f.operator()<mode>().
template <typename F>
void instantiate(Mode mode, F f) {
    switch (mode) {
        case Mode::functional:
            return f.template operator()<Mode::functional>();
        case Mode::timed:
            return f.template operator()<Mode::timed>();
        case Mode::buffered:
            return f.template operator()<Mode::buffered>();
    }
}

// Rows of ops.def that come in sizes and with a register or an immediate as second operand.
#define STILE_SET_1248(table, name, fn)  \
    table.set(Op::name##1, fn<int8_t>);  \
    table.set(Op::name##2, fn<int16_t>); \
    table.set(Op::name##4, fn<int32_t>); \
    table.set(Op::name##8, fn<int64_t>)

}  // namespace stile::model
