// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/code_map.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace stile::sim {

// Sections that os/lib/stile.h's STILE_STUB and cmake/guest_sections.ld make, and .text.stub.domain, the gate of
// cmake/guest_domain.ld.
static constexpr const char* stub_section = ".text.stub";

// C++ names as they were written, without their arguments.
static std::string readable(std::string_view name_in_file) {
    const std::string symbol(name_in_file);
    if (!symbol.starts_with("_Z")) return symbol;  // a C name such as `f` is also a mangled type
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
    if (status != 0 || !plain) return symbol;
    const std::string name = plain.get();
    // "(anonymous namespace)" is part of a name, the next bracket is not.
    const size_t anonymous = name.rfind("(anonymous namespace)");
    return name.substr(0, name.find('(', anonymous == name.npos ? 0 : anonymous + 1));
}

CodeMap::CodeMap(std::vector<CodeImage> images) {
    for (CodeImage& file : images) {
        auto image = std::make_unique<Image>();
        image->file = std::move(file);
        try {
            image->elf = std::make_unique<ElfImage>(image->file.bytes);
        } catch (const ElfError&) {
            continue;  // no program; the loader or the kernel says so when somebody runs it
        }
        image->all = {~0ull, 0};
        for (const ElfSegment& s : image->elf->segments()) {
            image->all.begin = std::min(image->all.begin, s.vaddr);
            image->all.end = std::max(image->all.end, s.vaddr + s.memory_size);
        }
        for (const ElfImage::Section& s : image->elf->sections())
            if (s.name.starts_with(stub_section)) image->stubs.push_back({s.address, s.address + s.size});
        if (image->file.kernel) kernel_ = image.get();
        images_.push_back(std::move(image));
    }
    if (!kernel_) return;
    for (size_t i = 0; i < model::phase_names.size(); ++i) {
        const ElfSymbol* begin = kernel_->elf->find(fmt::format("__phase_{}_start", model::phase_names[i]));
        const ElfSymbol* end = kernel_->elf->find(fmt::format("__phase_{}_end", model::phase_names[i]));
        if (begin && end)
            kernel_phases_.push_back({{begin->address, end->address}, static_cast<model::Phase>(i)});
    }
}

void CodeMap::exec(uint64_t pid, const std::string& path, uint64_t bias) {
    processes_[pid] = {path, image_of(path), bias};
}

const CodeMap::Image* CodeMap::image_of(const std::string& path) const {
    const Image* found = nullptr;
    for (const auto& image : images_)
        if (!image->file.kernel && image->file.guest_path == path) found = image.get();
    return found;
}

void CodeMap::fork(uint64_t parent, uint64_t child) {
    if (const auto it = processes_.find(parent); it != processes_.end())
        processes_[child] = Process(it->second);
}

uint64_t CodeMap::current_pid(unsigned core) const {
    const auto running = current_tid_.find(core);
    const uint64_t tid = running == current_tid_.end() ? 0 : running->second;
    const auto it = pid_of_thread_.find(tid);
    return it == pid_of_thread_.end() ? tid : it->second;
}

std::string CodeMap::path_of(uint64_t pid) const {
    const auto it = processes_.find(pid);
    return it == processes_.end() ? "" : it->second.path;
}

std::string CodeMap::describe_process(uint64_t pid) const {
    const std::string path = path_of(pid);
    return path.empty() ? fmt::format("process {}", pid) : fmt::format("process {} ({})", pid, path);
}

bool CodeMap::in_kernel_image(uint64_t vaddr) const { return kernel_ && kernel_->all.holds(vaddr); }

std::optional<CodeMap::Place> CodeMap::find(uint64_t pid, uint64_t vaddr) const {
    if (in_kernel_image(vaddr)) return Place{kernel_, vaddr};
    const auto inside = [&](const Process& p) { return p.image && p.image->all.holds(vaddr - p.bias); };
    if (const auto own = processes_.find(pid); own != processes_.end() && inside(own->second))
        return Place{own->second.image, vaddr - own->second.bias};
    for (const auto& [other, p] : processes_)
        if (inside(p)) return Place{p.image, vaddr - p.bias};
    return std::nullopt;
}

std::string CodeMap::name(const Image& image, uint64_t address) {
    const std::string& file = image.file.guest_path;
    const ElfSymbol* s = image.elf->at(address);
    if (!s) return fmt::format("{:#x} ({})", address, file);
    return fmt::format("{}+{:#x} ({})", readable(s->name), address - s->address, file);
}

std::string CodeMap::symbol(uint64_t pid, uint64_t vaddr) const {
    for (const auto& [range, policy] : proxies_)
        if (range.holds(vaddr)) return fmt::format("proxy+{:#x} (policy {:#x})", vaddr - range.begin, policy);
    const auto place = find(pid, vaddr);
    return place ? name(*place->image, place->address) : fmt::format("{:#x}", vaddr);
}

model::Phase CodeMap::user_phase(unsigned core, uint64_t vaddr) const {
    const auto place = find(current_pid(core), vaddr);
    if (place)
        for (const Range& r : place->image->stubs)
            if (r.holds(place->address)) return model::Phase::stub;
    return model::Phase::user;
}

model::Phase CodeMap::kernel_phase(uint64_t vaddr) const {
    for (const auto& [range, phase] : kernel_phases_)
        if (range.holds(vaddr)) return phase;
    return model::Phase::dispatch;
}

}  // namespace stile::sim
