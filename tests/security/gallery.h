// SPDX-License-Identifier: Apache-2.0
//
// The gallery of attacks: its table, how one of them is run, and the page that tells of all.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace stile::security {

struct Attack {
    const char *name, *family, *tries, *rule;
    const char* stopped;   // regular expression: what is said when it is stopped
    const char* off;       // key=value: the rule turned off
    const char* evidence;  // regular expression: what the console says when it gets in
    const char* machine;   // key=value that it needs, or ""
};

inline void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

const std::vector<Attack>& gallery();

struct Outcome {
    int code = -1;
    std::string err, console;  // the run's messages, what the guests printed
    std::string all() const { return err + console; }
};

// In the working folder. `more`: further options of `stile run`.
Outcome run_attack(const std::string& stile, const Attack& attack, bool with_rule,
                   const std::string& more = "");

// What the page says of an outcome: the run's own words, without addresses and numbers of domains.
std::string said(const Outcome& outcome, bool with_rule);

// The page: `told` and `got_in` are said() of each attack.
struct Evidence {
    std::string told, got_in;
};
std::string row(const Attack& attack, const Evidence& evidence);
std::string page(const std::vector<Evidence>& evidence);
// The page without its rows.
std::string page_text();

}  // namespace stile::security
