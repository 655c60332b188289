// SPDX-License-Identifier: Apache-2.0
//
// Gives spoilt ELF files to everything that reads them: elf_fuzz COUNT SEED. Built with AddressSanitizer and
// UndefinedBehaviorSanitizer in every preset. Ends with 0, or says which seed was taken amiss and ends
// with 1.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "os/kernel/task/elf_plan.h"
#include "sim/boot/elf_image.h"
#include "tests/support/elf_mutate.h"
#include "workloads/program/elf_check.h"

namespace {

using namespace stile;  // a program of its own, not a header
using Bytes = std::vector<uint8_t>;
using Wide = unsigned __int128;

struct Counts {
    unsigned runnable = 0, named = 0, planned = 0, doomed = 0;
};

[[noreturn]] void wrong(uint64_t seed, const std::string& what) {
    fmt::print("seed {}: {}\n", seed, what);
    std::exit(1);
}

// Exactly as many bytes as the file has, so that the sanitizer sees every read beyond them.
class Memory final : public os::ElfFile {
  public:
    explicit Memory(const Bytes& bytes) : bytes_(bytes) {}
    uint64_t size() const override { return bytes_.size(); }
    os::Status read(void* to, uint64_t offset, size_t n) override {
        if (offset >= bytes_.size()) return 0;
        n = std::min(n, bytes_.size() - static_cast<size_t>(offset));
        std::memcpy(to, bytes_.data() + offset, n);
        return static_cast<os::Status>(n);
    }

  private:
    const Bytes& bytes_;
};

// What the kernel may rely on when it maps, in arithmetic that cannot wrap.
void check_segments(uint64_t seed, os::ElfFile& file, const os::ElfPlan& plan) {
    for (uint64_t i = 0; i < plan.phdr_count; ++i) {
        os::ElfSegment s;
        if (os::elf_segment(file, plan, i, s) != 1) continue;
        if (Wide{s.vaddr} + s.mem_size > os::user_top) wrong(seed, "a segment leaves user memory");
        if (s.file_size > s.mem_size) wrong(seed, "a segment is larger in the file than in memory");
        if (s.file_size && (s.vaddr - s.file_offset) % os::page_size)
            wrong(seed, "a segment cannot be mapped");
        if (s.file_size && Wide{s.file_offset} + s.file_size > Wide{1} << 63)
            wrong(seed, "a segment's end is no file offset");
        if (s.mem_size && (s.vaddr < plan.low || Wide{s.vaddr} + s.mem_size > plan.high))
            wrong(seed, "a segment lies outside the span of all");
    }
    if (plan.low % os::page_size || plan.high % os::page_size || plan.low > plan.high)
        wrong(seed, "the span of all segments is none");
}

void try_plan(uint64_t seed, const Bytes& bytes, bool runnable, Counts& counts) {
    Memory file(bytes);
    os::ElfPlan plan;
    const os::Status status = os::elf_plan(file, plan);
    if (status > 0 || status < -4095) wrong(seed, "the kernel's verdict is no error number");
    if (status == 0) {
        ++counts.planned;
        counts.doomed += plan.doomed;
        check_segments(seed, file, plan);
    }
    // What the host lets through, the kernel runs.
    if (runnable && (status != 0 || plan.doomed || plan.interpreter_size != 0))
        wrong(seed, fmt::format("the host accepts what the kernel refuses ({})", status));
}

void try_image(uint64_t seed, const Bytes& bytes, bool runnable, Counts& counts) {
    try {
        const sim::ElfImage image(bytes);
        size_t letters = 0;
        for (const auto& s : image.segments())
            for (uint8_t b : s.bytes) letters += b;
        for (const auto& s : image.sections()) letters += s.name.size();
        for (const auto& s : image.symbols()) letters += s.name.size() + (image.find(s.name) == nullptr);
        for (uint64_t a : {uint64_t{0}, image.entry(), uint64_t{0x402300}, ~uint64_t{0}})
            if (const sim::ElfSymbol* s = image.at(a)) letters += s->name.size();
        if (letters == 0) wrong(seed, "a program without a byte");
        counts.named += image.find("_start") != nullptr;
    } catch (const sim::ElfError& error) {
        if (*error.what() == 0) wrong(seed, "refused without a word");
        if (runnable) wrong(seed, std::string("the host accepts what its reader refuses: ") + error.what());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const uint64_t count = std::strtoull(argv[1], nullptr, 10), first = std::strtoull(argv[2], nullptr, 10);
    Counts counts;
    for (uint64_t seed = first; seed < first + count; ++seed) {
        auto room = std::make_unique<unsigned char[]>(ELF_SEED_CAPACITY);
        const size_t size = elf_mutant(room.get(), seed, 0);
        Bytes bytes(room.get(), room.get() + size);
        bytes.shrink_to_fit();
        const std::string why =
            workload::why_no_program({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        const bool runnable = why.empty();
        counts.runnable += runnable;
        try_plan(seed, bytes, runnable, counts);
        try_image(seed, bytes, runnable, counts);
    }
    fmt::print("{} files: {} runnable, {} planned, {} of them doomed, {} with names\n", count,
               counts.runnable, counts.planned, counts.doomed, counts.named);
    return 0;
}
