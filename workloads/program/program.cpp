// SPDX-License-Identifier: Apache-2.0
//
// Runs any static x86-64 Linux program of the host's.
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "workloads/program/elf_check.h"
#include "workloads/workload.h"

namespace {

namespace fs = std::filesystem;
using namespace stile::workload;
using Strings = std::vector<std::string>;

// A ramdisk gives 32 bits to a file's size.
constexpr uintmax_t largest_file = UINT32_MAX;

// Never a device or a pipe, which may have no end.
std::string read_file(const char* key, const fs::path& path) {
    const auto fail = [&](const std::string& why) {
        throw std::invalid_argument(std::string(key) + ": " + path.string() + why);
    };
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) fail(" is a folder; a file is right");
    if (status.type() == fs::file_type::not_found) fail(": no such file, or it may not be read");
    if (error) fail(": " + error.message());
    if (!fs::is_regular_file(status))
        fail(" is no regular file (a device, a pipe or a socket); a file is right");
    const uintmax_t size = fs::file_size(path, error);
    if (!error && size > largest_file)
        fail(" has " + std::to_string(size) + " bytes; at most " + std::to_string(largest_file) + " fit");
    std::ifstream in(path, std::ios::binary);
    if (!in) fail(": no such file, or it may not be read");
    return {std::istreambuf_iterator<char>(in), {}};
}

// Every file, folder and link below `folder`, by name, at the same place below the guest's root.
std::vector<File> guest_files(const fs::path& folder) {
    std::error_code unreachable;
    if (!fs::is_directory(folder, unreachable))
        throw std::invalid_argument("files: " + folder.string() + ": no such folder");
    std::vector<File> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const fs::directory_entry& entry = *it;
        const std::string name = "/" + entry.path().lexically_relative(folder).string();
        const unsigned mode = static_cast<unsigned>(entry.symlink_status().permissions()) & 07777;
        if (entry.is_symlink())
            files.push_back({name, fs::read_symlink(entry.path()).string(), S_IFLNK | 0777});
        else if (entry.is_directory())
            files.push_back({name, "", S_IFDIR | mode});
        else if (entry.is_regular_file())
            files.push_back({name, read_file("files", entry.path()), S_IFREG | mode});
        else
            throw std::invalid_argument("files: " + entry.path().string() +
                                        " is a device, pipe or socket; files, folders and links are right");
    }
    if (error) throw std::invalid_argument("files: " + folder.string() + ": " + error.message());
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
    return files;
}

// Where `path` is in the guest if its folder is a link to a folder of the same files, such as /bin to
// usr/bin.
std::string behind_link(const std::string& path, const std::vector<File>& files) {
    const fs::path folder = fs::path(path).parent_path();
    for (const File& file : files)
        if (file.path == folder && S_ISLNK(file.mode))
            return ((folder.parent_path() / file.contents).lexically_normal() / fs::path(path).filename())
                .string();
    return path;
}

bool has_folder(const std::vector<File>& files, const fs::path& path) {
    return std::any_of(files.begin(), files.end(),
                       [&](const File& file) { return S_ISDIR(file.mode) && file.path == path; });
}

// What the guest has of its own, and what its ramdisk cannot hold, must not be in the folder: the one would
// be lost without a word, the other ends the ramdisk.
void check_names(const std::vector<File>& files, const std::string& program) {
    const auto fail = [](const File& file, const std::string& why) {
        throw std::invalid_argument("files: " + file.path + " " + why);
    };
    for (const File& file : files) {
        const std::string& path = file.path;
        if (S_ISDIR(file.mode)) {
            if (path == program) fail(file, "is a folder in it, and the program's place in the guest");
            continue;
        }
        if (path == "/TRAILER!!!") fail(file, "is the name that ends a ramdisk; another one is right");
        const bool above =
            program.starts_with(path + "/") &&
            !(S_ISLNK(file.mode) && has_folder(files, fs::path(behind_link(program, files)).parent_path()));
        if (path == "/dev" || path == "/proc" || path == "/tmp" || above)
            fail(file, "must be a folder in the guest");
        if (path.starts_with("/dev/") || path.starts_with("/proc/") || path.starts_with("/.stdin"))
            fail(file, "is a name of the guest's own; it must not be in the folder");
    }
}

std::vector<unsigned> core_numbers(const Strings& texts) {
    std::vector<unsigned> cores;
    for (const std::string& text : texts) {
        unsigned core = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), core);
        if (error != std::errc() || end != text.data() + text.size() || core > 63)
            throw std::invalid_argument("cores: '" + text + "' is no core; a number from 0 to 63 is right");
        cores.push_back(core);
    }
    return cores;
}

std::vector<Row> rows(const Parameters& parameters, const Measure&, const std::string& host_folder) {
    const auto text = [&](const char* key) { return std::get<std::string>(parameters.at(key)); };
    const auto list = [&](const char* key) { return std::get<Strings>(parameters.at(key)); };
    const fs::path base = host_folder, path = base / text("path");
    if (text("path").empty())
        throw std::invalid_argument("path: it is empty; the path of a static program is right");

    Row row;
    row.mechanism = "program";
    row.measured = false;
    if (!text("files").empty()) row.files = guest_files(base / text("files"));
    const std::string elf = read_file("path", path);
    if (const std::string why = why_no_program(elf); !why.empty())
        throw std::invalid_argument("path: " + path.string() + ": " + why);
    Process process;
    process.path = "/bin/" + path.filename().string();
    check_names(row.files, process.path);
    const std::string place = behind_link(process.path, row.files);
    std::erase_if(row.files,
                  [&](const File& file) { return file.path == process.path || file.path == place; });
    row.files.push_back({process.path, elf, 0755});
    process.argv = {process.path};
    for (const std::string& argument : list("args")) process.argv.push_back(argument);
    process.env = list("env");
    for (const std::string& variable : process.env)
        if (variable.find('=') == variable.npos || variable.front() == '=')
            throw std::invalid_argument("env: '" + variable + "' sets nothing; NAME=VALUE is right");
    process.cwd = text("cwd");
    if (process.cwd.empty() || process.cwd.front() != '/')
        throw std::invalid_argument("cwd: '" + process.cwd +
                                    "' is no absolute path in the guest; /tmp, say, is right");
    row.keep = list("keep");
    for (const std::string& kept : row.keep)
        if (kept.empty() || kept.front() != '/')
            throw std::invalid_argument("keep: '" + kept +
                                        "' is no absolute path in the guest; /tmp/out, say, is right");
    if (!text("stdin").empty()) process.stdin_data = read_file("stdin", base / text("stdin"));
    process.cores = core_numbers(list("cores"));
    row.processes.push_back(process);
    return {row};
}

Descriptor describe() {
    Descriptor d;
    d.name = "program";
    d.help = "Runs a static x86-64 Linux program of the host's";
    d.parameters = {
        {.name = "path",
         .type = Type::path,
         .default_value = std::string(),
         .help = "The program, relative to the file that says so; in the guest it is /bin/NAME",
         .required = true},
        {.name = "args",
         .type = Type::string_list,
         .default_value = Strings{},
         .help = "Its arguments after argv[0]"},
        {.name = "env",
         .type = Type::string_list,
         .default_value = Strings{},
         .help = "Its environment, NAME=VALUE each"},
        {.name = "stdin",
         .type = Type::path,
         .default_value = std::string(),
         .help = "File that it reads as standard input; empty: no input"},
        {.name = "files",
         .type = Type::path,
         .default_value = std::string(),
         .help = "Folder whose files, folders and links the guest sees below its root; empty: none"},
        {.name = "cwd",
         .type = Type::string,
         .default_value = std::string("/"),
         .help = "Folder of the guest in which it starts"},
        {.name = "keep",
         .type = Type::string_list,
         .default_value = Strings{},
         .help = "Files and folders of the guest that are copied to files/ in the run directory at its end"},
        {.name = "cores",
         .type = Type::string_list,
         .default_value = Strings{},
         .help = "Numbers of the cores on which it may run, as taskset says; empty: all"},
    };
    d.images = embedded_images();
    d.rows = rows;
    return d;
}

}  // namespace

STILE_WORKLOAD_EXPORT const Descriptor* stile_workload() {
    static const Descriptor descriptor = describe();
    return &descriptor;
}
