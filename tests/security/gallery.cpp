// SPDX-License-Identifier: Apache-2.0
#include "tests/security/gallery.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace stile::security {
namespace {

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
}

// Addresses, domains' numbers and places in programs change with every build.
std::string lasting(std::string text) {
    text = std::regex_replace(text, std::regex("domain [0-9]+ \\((\\w+)\\)"), "$1");
    text = std::regex_replace(text, std::regex("process [0-9]+ for process [0-9]+"), "itself for the victim");
    text = std::regex_replace(text, std::regex("0x[0-9a-f]{7,}"), "...");
    text = std::regex_replace(text, std::regex("(domain|entry) -?[0-9]+"), "$1 ...");
    return text;
}

std::string cause(const std::string& message) {
    static const std::regex where("(killed|ended) by (SIG\\w+) at [^(]*(\\([^)]*\\))?: (.*)");
    std::smatch m;
    if (!std::regex_search(message, m, where)) return "";
    const bool call = m[1] == "ended";
    std::string why = m[4];
    if (const auto bytes = why.find(", bytes "); bytes != std::string::npos) why.resize(bytes);
    return why + (call ? "; the call ends with EFAULT" : "; " + m[2].str());
}

constexpr const char* head =
#include "tests/security/security_head.inc"
    ;
constexpr const char* tail =
#include "tests/security/security_tail.inc"
    ;

}  // namespace

const std::vector<Attack>& gallery() {
    static const std::vector<Attack> all{
#define ATTACK(name, family, tries, rule, stopped, off, evidence) \
    {#name, family, tries, rule, stopped, off, evidence, ""},
#define ON_ATTACK(machine, name, family, tries, rule, stopped, off, evidence) \
    {#name, family, tries, rule, stopped, off, evidence, machine},
#define CLOSED(name, tries, stopped) \
    {#name, "Doors that are not there", tries, "the kernel has no such way (no switch)", stopped, "", "", ""},
#include "tests/security/attacks/attacks.def"
#undef ATTACK
    };
    return all;
}

Outcome run_attack(const std::string& stile, const Attack& attack, bool with_rule, const std::string& more) {
    const std::string out = std::string("run-") + attack.name;
    std::string command =
        fmt::format("{} run " STILE_SOURCE_DIR "/configs/runs/attack.yaml --out {} --set workload.attack={}",
                    stile, out, attack.name);
    if (*attack.machine) command += fmt::format(" --set {}", attack.machine);
    if (!with_rule) command += fmt::format(" --set {}", attack.off);
    const int status = std::system(fmt::format("{}{} >{}.txt 2>&1", command, more, out).c_str());
    Outcome o;
    o.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    o.err = contents(out + ".txt");
    o.console = contents(out + "/console.txt");
    return o;
}

std::string said(const Outcome& outcome, bool with_rule) {
    std::string text;
    const auto add = [&](const std::string& more) {
        if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
    };
    if (with_rule)
        for (const std::string& line : lines(outcome.err))
            if (text.empty() && line.find("/bin/") != std::string::npos) add(cause(line));
    for (const std::string& line : lines(outcome.console)) {
        const auto colon = line.find(": ");
        const bool attacker = line.starts_with("attacker: ");
        if (with_rule && !text.empty()) break;
        if (with_rule && attacker) add(line.substr(colon + 2));
        if (!with_rule &&
            (line.starts_with("attacker: got in") || line.find(": damaged: ") != std::string::npos))
            add(attacker ? line.substr(sizeof "attacker: got in: " - 1) : line);
    }
    if (text.empty()) {
        for (const std::string& line : lines(outcome.console))
            if (line.find("the attacker ") != std::string::npos) add(line);
    }
    return lasting(text);
}

std::string row(const Attack& a, const Evidence& e) {
    const std::string key = a.off;
    if (key.empty()) return fmt::format("| `{}` | {} | {} | {} | - |\n", a.name, a.tries, a.rule, e.told);
    return fmt::format("| `{}` | {} | {} | {} | `{}`: {} |\n", a.name, a.tries, a.rule, e.told,
                       key.substr(0, key.find('=')), e.got_in);
}

std::string page(const std::vector<Evidence>& evidence) {
    std::string text = head;
    const char* family = "";
    for (size_t i = 0; i < gallery().size(); ++i) {
        const Attack& a = gallery()[i];
        if (std::string(family) != a.family) {
            family = a.family;
            text += fmt::format(
                "\n### {}\n| attack | what it does | rule that stops it | what is said | without the rule |\n"
                "| --- | --- | --- | --- | --- |\n",
                family);
        }
        if (i < evidence.size()) text += row(a, evidence[i]);
    }
    return text + tail;
}

std::string page_text() { return page({}); }

}  // namespace stile::security
