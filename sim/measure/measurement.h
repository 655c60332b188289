// SPDX-License-Identifier: Apache-2.0
//
// The instrument: listens to markers, stores and refusals, and turns them into the figures of one row. It
// costs nothing in simulated time; stores are only watched while a census is armed.
//
//   Measurement m(image_files);           // kernel and guest programs, for symbols and phases
//   machine = ... constructed with &m as its Observer
//   m.attach(the cores);                  // all of them: a call may keep several busy
//   run; then m.result()
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/core/observer.h"
#include "sim/measure/core_view.h"
#include "sim/measure/result.h"

namespace stile::model {
class StateArchive;
}

namespace stile::sim {

// A file of machine code that may run: the kernel, or a guest program by its path in the guest.
struct CodeImage {
    std::string guest_path;  // "/bin/sync_client"; "kernel" for the kernel
    std::vector<uint8_t> bytes;
    bool kernel = false;
};

class Measurement : public model::Observer {
  public:
    explicit Measurement(std::vector<CodeImage> images);
    ~Measurement() override;
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;

    // Cores in the order of their numbers. A core that is not attached is measured by itself.
    void attach(const std::vector<model::Core*>& cores);
    void attach(std::vector<CoreView*> cores);

    // Called by the core that is there when the kernel has booted, and when the region of interest comes near
    // (its warm-up begins), begins and ends.
    enum class Region { booted, warm_up, begin, end };
    void on_region(std::function<void(Region, unsigned core)> callback);

    MeasurementResult result() const;

    // All that has been measured so far, of the same images and cores.
    void archive(model::StateArchive& a);

    // "name+0x12 (/bin/x)" or a bare address when nothing is known; for the process that a core runs now.
    std::string symbol_at(uint64_t vaddr, unsigned core = 0) const;
    // For messages about what runs now: "process 3 (/bin/x)".
    std::string running_process(unsigned core = 0) const;

    // model::Observer
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx) override;
    model::Phase classify(const model::CodeContext& code) override;
    void store(model::Core& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) override;
    void unsupported(model::Core& core, uint64_t rip, std::span<const uint8_t> bytes) override;
    void refused(model::Core& core, uint64_t rip, uint64_t address, uint32_t error) override;
    void halted(model::Core& core, bool begins) override;

    // The same, seen through the seam; what the callbacks above end in.
    void on_marker(CoreView& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx);
    void on_store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes);
    void on_unsupported(CoreView& core, uint64_t rip, std::span<const uint8_t> bytes);
    void on_refused(CoreView& core, uint64_t rip, uint64_t address, uint32_t error);
    void on_halted(CoreView& core, bool begins);

  private:
    CoreView& view(model::Core& core);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stile::sim
