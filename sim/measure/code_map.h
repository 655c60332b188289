// SPDX-License-Identifier: Apache-2.0
//
// Whose code is at an address: which process runs, which image it runs and where that was loaded. Fed by the
// kernel's markers; knows kernel and guest programs as ELF files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/core/phase.h"
#include "sim/boot/elf_image.h"
#include "sim/measure/measurement.h"

namespace stile::sim {

class CodeMap {
  public:
    explicit CodeMap(std::vector<CodeImage> images);

    void exec(uint64_t pid, const std::string& path, uint64_t bias);
    void fork(uint64_t parent, uint64_t child);
    void thread_of(uint64_t tid, uint64_t pid) { pid_of_thread_[tid] = pid; }
    // Code that the kernel generated.
    void proxy(uint64_t address, uint64_t bytes, uint64_t policy) {
        proxies_.push_back({{address, address + bytes}, policy});
    }
    void switched_to(unsigned core, uint64_t tid) { current_tid_[core] = tid; }

    uint64_t current_pid(unsigned core) const;
    std::string path_of(uint64_t pid) const;           // "" when unknown
    std::string describe_process(uint64_t pid) const;  // "process 3 (/bin/x)"

    // For code that process `pid` runs: its own image first, then any image loaded there, because a dIPC
    // thread runs code of other processes in the shared page table.
    std::string symbol(uint64_t pid, uint64_t vaddr) const;
    bool in_kernel_image(uint64_t vaddr) const;

    model::Phase user_phase(unsigned core, uint64_t vaddr) const;
    model::Phase kernel_phase(uint64_t vaddr) const;

    // What the markers have said.
    void archive(auto& a) {
        a(proxies_, processes_, pid_of_thread_, current_tid_);
        for (auto& [pid, process] : processes_) process.image = image_of(process.path);
    }

  private:
    struct Range {
        uint64_t begin = 0, end = 0;
        bool holds(uint64_t a) const { return begin <= a && a < end; }
        void archive(auto& a) { a(begin, end); }
    };
    struct Image {
        CodeImage file;  // `elf` views its bytes
        std::unique_ptr<ElfImage> elf;
        Range all{};
        std::vector<Range> stubs;
    };
    struct Process {
        std::string path;
        const Image* image = nullptr;
        uint64_t bias = 0;
        void archive(auto& a) { a(path, bias); }
    };
    // Image at vaddr and the address inside it, before the bias.
    struct Place {
        const Image* image;
        uint64_t address;
    };
    std::optional<Place> find(uint64_t pid, uint64_t vaddr) const;
    const Image* image_of(const std::string& path) const;
    static std::string name(const Image& image, uint64_t address);

    std::vector<std::unique_ptr<Image>> images_;
    const Image* kernel_ = nullptr;
    std::vector<std::pair<Range, uint64_t>> proxies_;  // policy bits
    std::vector<std::pair<Range, model::Phase>> kernel_phases_;
    std::map<uint64_t, Process> processes_;
    std::map<uint64_t, uint64_t> pid_of_thread_;
    std::map<unsigned, uint64_t> current_tid_;  // by core
};

}  // namespace stile::sim
