// SPDX-License-Identifier: Apache-2.0
//
// `stile new-workload NAME`: a plugin that builds and runs, to be changed into one's own. Its files are those
// of sim/cli/new_workload/.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "sim/cli/command.h"
#include "sim/process/say.h"
#include "sim/run/run.h"
#include "workloads/plugin.h"

extern "C" const char stile_new_workload_files[];

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

constexpr size_t longest_name = 32;

bool is_name(const std::string& text) {
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '_'; };
    return !text.empty() && text.size() <= longest_name && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

void check_name(const std::string& name) {
    const Place place{"stile new-workload " + name, 0, 0};
    if (!is_name(name))
        throw BadInput(
            place, "'" + name + "' is no name for a workload",
            fmt::format("lower-case letters, digits and _ are right, beginning with a letter, at most {}",
                        longest_name));
    for (const workload::Plugin& plugin : workload::load_all_plugins().plugins)
        if (plugin.descriptor->name == name)
            throw BadInput(place, "there is a workload of that name: " + plugin.path.string(),
                           "choose another one");
    std::error_code error;
    if (fs::symlink_status(name, error).type() != fs::file_type::not_found)
        throw BadInput(place, "./" + name + " exists",
                       "choose another name, or another folder to start it in");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// As one word of a shell's, whatever is in it.
std::string shell_word(const std::string& text) {
    const auto plain = [](unsigned char c) { return std::isalnum(c) || std::strchr("/._-+,:@%", c); };
    if (std::all_of(text.begin(), text.end(), plain)) return text;
    return "'" + replaced(text, "'", "'\\''") + "'";
}

// What CMake must be told to find this Stile; nothing where it looks by itself.
std::string cmake_option() {
    std::error_code error;
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path(),
                   prefix = here.parent_path();
    if (fs::exists(here / "StileConfig.cmake", error)) return " -DStile_DIR=" + shell_word(here.string());
    if (prefix == "/usr" || prefix == "/usr/local") return "";
    return " -DCMAKE_PREFIX_PATH=" + shell_word(prefix.string());
}

// Name to contents, as they are for a workload called `name`.
std::map<std::string, std::string> files_of(const std::string& name, const std::string& option) {
    std::map<std::string, std::string> files;
    for (const char* at = stile_new_workload_files; *at != '\0';) {
        const std::string file = at;
        at += file.size() + 1;
        std::string text = at;
        at += text.size() + 1;
        // What people write from here on is theirs: they choose its licence.
        for (const char* line :
             {"# SPDX-License-Identifier: Apache-2.0\n", "// SPDX-License-Identifier: Apache-2.0\n//\n"})
            if (text.starts_with(line)) text.erase(0, std::strlen(line));
        text = replaced(std::move(text), "/* SPDX-License-Identifier: Apache-2.0\n *\n * ", "/* ");
        text = replaced(std::move(text), "@NAME@", name);
        files[file == "host.cpp" ? name + ".cpp" : file] = replaced(std::move(text), "@WHERE@", option);
    }
    return files;
}

int new_workload(const std::string& name) {
    check_name(name);
    const std::string option = cmake_option();
    fs::create_directory(name);
    for (const auto& [file, text] : files_of(name, option)) {
        std::ofstream out(fs::path(name) / file, std::ios::binary);
        out << text;
        out.close();
        if (!out)
            throw HostTrouble(fmt::format("{}/{} cannot be written: {}", name, file, std::strerror(errno)));
    }
    put(fmt::format(
        "{0}/ holds a workload that runs: README.md says what is where.\n  cd {0}\n  cmake -B build -G "
        "Ninja{1}\n"
        "  cmake --build build\n  ctest --test-dir build\n  stile run run.yaml\n",
        name, option));
    return exit_done;
}

}  // namespace

Command add_new_workload(CLI::App& app) {
    const auto name = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("new-workload", "Write a workload of your own that builds and runs, into ./NAME");
    command->add_option("NAME", *name, "Lower-case letters, digits and _")->required();
    return {command, [name] { return new_workload(*name); }};
}

}  // namespace stile::sim
