// SPDX-License-Identifier: Apache-2.0
//
// The door through which every workload comes, built-in ones too: a shared library that exports
//   STILE_WORKLOAD_EXPORT const stile::workload::Descriptor* stile_workload();
// stile_add_workload() in CMake makes such a library from a host-side descriptor and guest programs, whose
// ELF images it embeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace stile::workload {

// Higher when anything here changes, or a number in abi/ that guest programs are compiled with.
inline constexpr uint32_t abi_version = 4;

// A guest ELF image, embedded in the library.
struct Image {
    const char* name;  // its path in the guest is /bin/NAME
    std::span<const uint8_t> bytes;
};

// A `path` is a string that reaches the plugin absolute: relative ones start at the file that they stand in.
enum class Type { integer, boolean, string, bytes, string_list, bytes_list, path };
using Value = std::variant<int64_t, bool, std::string, std::vector<std::string>, std::vector<int64_t>>;

struct Parameter {
    std::string name;  // key below `workload:` in YAML
    Type type;
    Value default_value;
    std::string help;
    int64_t min = 0, max = INT64_MAX;       // integer, bytes and each element of bytes_list
    std::vector<std::string> choices = {};  // string and each element of string_list
    bool required = false;
};
using Parameters = std::map<std::string, Value>;

// One process to start at boot. The first one is the main one: the run ends with it.
struct Process {
    std::string path;  // in the guest
    std::vector<std::string> argv, env;
    std::string stdin_data;
    std::string cwd = {};              // in the guest; empty: the root
    std::vector<unsigned> cores = {};  // those on which it may run until it says otherwise; empty: all
};

// A file that the guest sees, besides the images.
struct File {
    std::string path;
    std::string contents;
    unsigned mode = 0644;  // with S_IFDIR or S_IFLNK: a folder, or a link whose target `contents` is
};

// One row of results.csv: its key columns and what the guest runs for it.
struct Row {
    std::string mechanism, policy = "-", scope = "same_process", placement = "same_core";
    int64_t size_bytes = 0;
    std::vector<Process> processes;
    std::vector<File> files;
    std::vector<std::string> keep;  // guest paths that are copied into the run directory at the end
    bool measured = true;           // false: no timed calls are expected (workload `program`)
};

struct Measure {
    int64_t warmup = 0, repetitions = 0;
    std::string touch;  // none, read, write
};

// A figure of the workload's own that guest programs report (STILE_MARK_REPORT): a column of results.csv. The
// last value of a row counts; the cell is empty where it reported none. `cycles_best`, `cycles_p90` and
// `cycles_worst` of the timed calls are filled in where they are declared and the guest does not say them.
struct Report {
    std::string name;  // the column, and what the marker says
    std::string unit = {};
    std::string help = {};
};

struct Mechanism {
    std::string name, help;
};

struct Descriptor {
    uint32_t abi = abi_version;
    std::string name, help;
    std::vector<Mechanism> mechanisms;  // empty: the workload has no mechanisms
    std::vector<Parameter> parameters;
    std::vector<Image> images;
    // What to run. `host_folder` is the directory of the configuration file, for relative paths. Throws
    // std::invalid_argument("KEY: what is wrong; what would be right").
    std::function<std::vector<Row>(const Parameters&, const Measure&, const std::string& host_folder)> rows;
    std::vector<Report> reports = {};  // columns after those of every workload, in this order
};

// The images that stile_add_workload() embeds, in the order of its GUEST and IMAGES arguments; generated, and
// private to each plugin.
std::vector<Image> embedded_images();

// What a library was built with, as constant bytes that are read from its file before any of its code runs: a
// descriptor means something else to a program with another ABI, C++ library or string. Plain data; a later
// version may only add to its end.
struct BuildTag {
    char magic[8];
    uint32_t tag_bytes, abi;
    uint32_t descriptor_bytes, row_bytes, process_bytes, parameter_bytes, value_bytes, string_bytes;
    uint32_t sanitizers;  // 1: AddressSanitizer, 2: ThreadSanitizer
    char library[44];     // C++ library and what changes its types
    char compiler[64];    // for messages only: compilers that agree on the rest agree on the C++ ABI
};
inline constexpr char build_tag_magic[] = "STILEWL";  // with its NUL

constexpr BuildTag this_build() {
    BuildTag tag{};
    const auto put = [](char* to, size_t room, const char* text) {
        for (size_t i = 0; i + 1 < room && text[i] != '\0'; ++i) to[i] = text[i];
    };
    put(tag.magic, sizeof tag.magic, build_tag_magic);
    tag.tag_bytes = sizeof(BuildTag);
    tag.abi = abi_version;
    tag.descriptor_bytes = sizeof(Descriptor);
    tag.row_bytes = sizeof(Row);
    tag.process_bytes = sizeof(Process);
    tag.parameter_bytes = sizeof(Parameter);
    tag.value_bytes = sizeof(Value);
    tag.string_bytes = sizeof(std::string);
#ifdef __SANITIZE_ADDRESS__
    tag.sanitizers |= 1;
#endif
#ifdef __SANITIZE_THREAD__
    tag.sanitizers |= 2;
#endif
#if defined(_LIBCPP_VERSION)
    put(tag.library, sizeof tag.library, "libc++");
#elif defined(_GLIBCXX_DEBUG)
    put(tag.library, sizeof tag.library, "libstdc++ with _GLIBCXX_DEBUG");
#elif defined(_GLIBCXX_USE_CXX11_ABI) && !_GLIBCXX_USE_CXX11_ABI
    put(tag.library, sizeof tag.library, "libstdc++ with _GLIBCXX_USE_CXX11_ABI=0");
#elif defined(__GLIBCXX__)
    put(tag.library, sizeof tag.library, "libstdc++");
#else
    put(tag.library, sizeof tag.library, "an unknown C++ library");
#endif
    put(tag.compiler, sizeof tag.compiler, __VERSION__);
    return tag;
}

}  // namespace stile::workload

// Put before the definition of the entry point, in one source of a plugin; everything else in it is hidden.
#define STILE_WORKLOAD_EXPORT                                                                           \
    extern "C" {                                                                                        \
    __attribute__((visibility("default"))) extern const stile::workload::BuildTag stile_workload_build; \
    constexpr stile::workload::BuildTag stile_workload_build = stile::workload::this_build();           \
    }                                                                                                   \
    extern "C" __attribute__((visibility("default")))
