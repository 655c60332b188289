// SPDX-License-Identifier: Apache-2.0
//
// Bugs that the differential fuzzer must find. A fuzzer that reports nothing says little until it is known
// what it would have reported: each of these is a mistake that a simulator's author could make, put into a
// core from outside. Most replace the handlers of some micro-ops in every block that the core translates
// (Core::Impl::translated); some spoil what the core is told about stores to code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/core/core_impl.h"

namespace stile::fuzz {

struct Bug {
    const char* name;
    const char* mistake;  // in a few words
    // What the minimised sequence must show: a part of one of its lines of disassembly, or several with |.
    const char* culprit;
    std::function<void(model::Core::Impl&)> plant;
    // Core models that have it; where it is in one only, that one must be blamed.
    std::vector<model::CoreModel> cores{model::CoreModel::functional, model::CoreModel::inorder};
    size_t most_units = 4;  // of the minimised sequence
};

const std::vector<Bug>& integer_bugs();
const std::vector<Bug>& memory_bugs();
const std::vector<Bug>& vector_bugs();  // and x87
const std::vector<Bug>& engine_bugs();  // translation, links, software TLB, self-modifying code

// --- How to plant one --------------------------------------------------------------------------------------
using model::Exec;
using model::Handler;
using model::Next;
using model::Op;
using model::Uop;

using Edit = std::function<void(Uop&, model::Block&)>;
std::function<void(model::Core::Impl&)> in_every_block(std::function<void(model::Block&)> edit);
std::function<void(model::Core::Impl&)> in_every_uop(Edit edit);

struct Replacement {
    Op op;
    Handler handler;
};
std::function<void(model::Core::Impl&)> replace(std::vector<Replacement> replacements);

void set_handler(Uop& u, Handler handler);
// What really executes the micro-op, in the core's present model.
Handler own_handler(Exec& x, const Uop& u);
// Planted handlers leave by next_unwound(), or by one of the following: tests are not compiled so that a call
// at the end of a function is a jump.
// Executes u as it should be, and nothing after it. False: it ended the block, and `result` is what its
// handler is to return.
bool alone(Exec& x, const Uop* u, Next& result);
Next as_usual(Exec& x, const Uop* u);
Next as(Exec& x, const Uop* u, Op op);  // as if it were another

}  // namespace stile::fuzz
