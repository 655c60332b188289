// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with an input, and where. All faults of an input are collected before any is reported.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "sim/config/plain_text.h"

namespace stile::sim {

// A place in a file, or an option of the command line (line 0).
struct Place {
    std::string file;
    unsigned line = 0, column = 0;  // counted from 1

    std::string text() const {
        return line == 0 ? file : file + ":" + std::to_string(line) + ":" + std::to_string(column);
    }
};

struct Fault {
    Place place;
    std::string wrong;   // what was found
    std::string remedy;  // what would be right; may be empty

    std::string text() const {
        return printable(place.text() + ": error: " + wrong + (remedy.empty() ? "" : "; " + remedy));
    }
};

using Faults = std::vector<Fault>;

// The user's input cannot be used: exit code 2.
class BadInput : public std::runtime_error {
  public:
    explicit BadInput(Faults faults) : std::runtime_error(join(faults)), faults_(std::move(faults)) {}
    BadInput(Place place, std::string wrong, std::string remedy = "")
        : BadInput(Faults{{std::move(place), std::move(wrong), std::move(remedy)}}) {}
    const Faults& faults() const { return faults_; }

  private:
    static std::string join(const Faults& faults) {
        std::string all;
        for (const Fault& fault : faults) all += (all.empty() ? "" : "\n") + fault.text();
        return all;
    }
    Faults faults_;
};

}  // namespace stile::sim
