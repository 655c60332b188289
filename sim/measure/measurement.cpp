// SPDX-License-Identifier: Apache-2.0
#include "sim/measure/measurement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <tuple>

#include "abi/marker.h"
#include "isa/translate.h"
#include "model/core/fault.h"
#include "sim/measure/code_map.h"
#include "sim/measure/copy_census.h"
#include "sim/measure/names.h"
#include "sim/measure/result_archive.h"
#include "sim/measure/timed_calls.h"

namespace stile::sim {
namespace {

// Code that writes itself may lack an instruction at any number of addresses.
constexpr size_t most_places = 100;

// A NUL-terminated string of the guest's; cut off where nothing is mapped.
std::string read_string(const CoreView& core, uint64_t vaddr) {
    constexpr size_t longest = 512;
    std::string text;
    char c;
    while (text.size() < longest && core.read(vaddr + text.size(), &c, 1) && c != '\0') text += c;
    return text;
}

}  // namespace

struct Measurement::Impl {
    explicit Impl(std::vector<CodeImage> images) : code(std::move(images)) {}

    std::map<const model::Core*, std::unique_ptr<RealCore>> views;
    std::vector<CoreView*> cores;  // by number
    std::function<void(Region, unsigned)> on_region = [](Region, unsigned) {};
    CodeMap code;
    CallRecorder calls;
    CopyCensus census;
    bool census_refused = false;
    DomainNames domains;
    // Keyed by address, place and bytes: the same address may hold different programs.
    std::map<std::tuple<uint64_t, std::string, std::vector<uint8_t>>, UnsupportedInstruction> unsupported;
    uint64_t unsupported_elsewhere = 0;  // in more places than are remembered
    std::map<uint64_t, uint64_t> unknown_syscalls;
    unsigned unwound_calls = 0;
    MeasurementResult r;  // the rest of what result() returns

    AllCounters everywhere(const CoreView& core) const;
    bool user_marker(CoreView& core, uint32_t code, uint64_t rdi, uint64_t rsi);
    void kernel_marker(CoreView& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx);
    KilledProcess fault_of(CoreView& core, uint64_t pid, uint64_t info_address);
    void made_proxy(CoreView& core, uint64_t address, uint64_t bytes, uint64_t policy);
    void killed(CoreView& core, uint64_t pid, uint64_t info_address);
    void unwound(CoreView& core, uint64_t pid, uint64_t info_address);
    std::string cause(const CoreView& core, KilledProcess& k, const stile_kill_info& info);
};

// The counters of all cores, now that `core` is where it is.
AllCounters Measurement::Impl::everywhere(const CoreView& core) const {
    AllCounters all(std::max<size_t>(cores.size(), core.id() + 1));
    for (const CoreView* other : cores) all[other->id()] = counters_at(*other, core);
    all[core.id()] = core.counters();
    return all;
}

bool Measurement::Impl::user_marker(CoreView& core, uint32_t mark, uint64_t rdi, uint64_t rsi) {
    switch (mark) {
        case STILE_MARK_ROI_WARM_UP:
            on_region(Region::warm_up, core.id());
            return true;
        case STILE_MARK_ROI_BEGIN:
            r.roi_begun = true;
            on_region(Region::begin, core.id());
            calls.roi_begin(everywhere(core));
            return true;
        case STILE_MARK_ROI_END:
            calls.roi_end(core.id(), everywhere(core));
            on_region(Region::end, core.id());
            return true;
        case STILE_MARK_CALL_BEGIN:
            r.caller_frequency = core.frequency();
            calls.call_begin(core.id(), rdi, everywhere(core));
            return true;
        case STILE_MARK_CALL_END:
            calls.call_end(core.id(), rdi, everywhere(core));
            return true;
        case STILE_MARK_CENSUS_ARM:
            if (!census.arm(cores.empty() ? std::vector{&core} : cores, rdi, rsi) && !census_refused) {
                census_refused = true;
                r.warnings.push_back(fmt::format(
                    "copies are not counted in payloads above {} bytes, nor in more than {} calls",
                    CopyCensus::most_bytes, CopyCensus::most_calls));
            }
            return true;
        case STILE_MARK_CENSUS_STOP:
            census.stop();
            return true;
        case STILE_MARK_CHECKED:
            ++r.checked_calls;
            r.checked = r.checked.value_or(true) && rdi == 1;
            return true;
        case STILE_MARK_REFUSED:
            r.refused_errno = static_cast<int>(rdi);
            if (rsi != 0) r.refused_because = read_string(core, rsi);
            return true;
        case STILE_MARK_REPORT:
            r.reports.emplace_back(read_string(core, rdi), rsi);
            return true;
        default:
            return false;
    }
}

void Measurement::Impl::kernel_marker(CoreView& core, uint32_t mark, uint64_t rdi, uint64_t rsi,
                                      uint64_t rdx) {
    switch (mark) {
        case STILE_MARK_K_SWITCH:
            code.switched_to(core.id(), rsi);
            if (calls.comes_from_elsewhere(core.id(), rsi))
                calls.came_from_elsewhere(core.id(), rsi, everywhere(core));
            calls.switched(core.id(), rdi, rsi);
            break;
        case STILE_MARK_K_CURRENT:
            code.thread_of(rdi, rsi);
            break;
        case STILE_MARK_K_EXEC:
            code.exec(rdi, read_string(core, rsi), rdx);
            break;
        case STILE_MARK_K_FORK:
            code.fork(rdi, rsi);
            break;
        case STILE_MARK_K_EXIT:
            r.exited.push_back({rdi, code.path_of(rdi), rsi});
            break;
        case STILE_MARK_K_KILLED:
            killed(core, rdi, rsi);
            break;
        case STILE_MARK_K_UNWOUND:
            unwound(core, rdi, rsi);
            break;
        case STILE_MARK_K_ENOSYS:
            ++unknown_syscalls[rdi];
            break;
        case STILE_MARK_K_TICK_BEGIN:
            calls.tick(core.id());
            break;
        case STILE_MARK_K_BOOTED:
            r.booted = true;
            on_region(Region::booted, core.id());
            break;
        case STILE_MARK_K_PANIC:
            r.panic = read_string(core, rdi);
            break;
        case STILE_MARK_K_DEADLOCK:
            r.deadlock = true;
            break;
        case STILE_MARK_K_DOMAIN:
            domains[rdi] = read_string(core, rdx);
            break;
        case STILE_MARK_K_TEST:
            r.self_tests.push_back({read_string(core, rdi), rsi == 1});
            break;
        case STILE_MARK_K_PROXY:
            code.proxy(rdi, rsi, rdx);
            made_proxy(core, rdi, rsi, rdx);
            break;
        default:
            break;  // K_TICK_END and what later kernels say: nothing to record
    }
}

// A guest kernel that is not ours may say anything here.
void Measurement::Impl::made_proxy(CoreView& core, uint64_t address, uint64_t bytes, uint64_t policy) {
    constexpr uint64_t longest = 1 << 16;
    ProxyCode proxy{address, policy, std::vector<uint8_t>(std::min(bytes, longest))};
    if (bytes > longest || !core.read(address, proxy.code.data(), bytes))
        r.warnings.push_back(fmt::format("the code of the proxy at {:#x} cannot be read", address));
    else
        r.proxies.push_back(std::move(proxy));
}

// Without the sentence for people: `message` is only where and why.
KilledProcess Measurement::Impl::fault_of(CoreView& core, uint64_t pid, uint64_t info_address) {
    stile_kill_info info{};
    if (!core.read(info_address, &info, sizeof info))
        r.warnings.push_back(fmt::format("process {} was killed, but why cannot be read", pid));
    KilledProcess k;
    k.pid = pid;
    k.image = code.path_of(pid);
    k.signal = static_cast<unsigned>(info.signal);
    k.signal_name = signal_name(info.signal);
    k.vector = static_cast<unsigned>(info.vector);
    k.error = info.error;
    k.rip = info.rip;
    k.address = info.address;
    k.symbol = code.symbol(pid, info.rip);
    const std::string why = cause(core, k, info);
    // Where there is no symbol its text is the address.
    const std::string where = fmt::format("{:#x} ", k.rip);
    k.message =
        fmt::format("{} at {}{}: {}", k.signal_name, k.symbol.starts_with(where) ? "" : where, k.symbol, why);
    return k;
}

void Measurement::Impl::killed(CoreView& core, uint64_t pid, uint64_t info_address) {
    KilledProcess k = fault_of(core, pid, info_address);
    k.message = fmt::format("{} was killed by {}", code.describe_process(pid), k.message);
    r.killed.push_back(k);
}

void Measurement::Impl::unwound(CoreView& core, uint64_t pid, uint64_t info_address) {
    constexpr unsigned told = 10;
    if (++unwound_calls > told) return;
    r.warnings.push_back(fmt::format("a call into {} was ended by {}{}", code.describe_process(pid),
                                     fault_of(core, pid, info_address).message,
                                     unwound_calls == told ? "; further ones are not told" : ""));
}

std::string Measurement::Impl::cause(const CoreView& core, KilledProcess& k, const stile_kill_info& info) {
    std::string text = kill_cause(info, domains);
    if (k.vector != model::VEC_UD) return text;
    for (auto& [key, u] : unsupported) {
        if (u.rip != k.rip || u.symbol != k.symbol) continue;
        u.fatal = k.lacking = true;
        return fmt::format("Stile lacks the instruction '{}'", u.text);
    }
    // Whoever wonders whether these bytes are an instruction after all needs to see them.
    std::vector<uint8_t> bytes;
    for (uint8_t b; bytes.size() < 8 && core.read(k.rip + bytes.size(), &b, 1);) bytes.push_back(b);
    if (bytes.empty()) return text;
    const std::string name = isa::disassemble(bytes, k.rip, nullptr);
    return fmt::format("{}, bytes {:02x}{}", text, fmt::join(bytes, " "),
                       name == "(bad)" ? "" : " (" + name + ")");
}

Measurement::Measurement(std::vector<CodeImage> images) : impl_(std::make_unique<Impl>(std::move(images))) {}
Measurement::~Measurement() = default;

void Measurement::attach(std::vector<CoreView*> cores) {
    std::vector<uint64_t> clocks;
    for (const CoreView* core : cores) {
        if (clocks.size() <= core->id()) clocks.resize(core->id() + 1);
        clocks[core->id()] = core->frequency();
    }
    impl_->calls.clocks(std::move(clocks));
    impl_->cores = std::move(cores);
}

void Measurement::attach(const std::vector<model::Core*>& cores) {
    std::vector<CoreView*> views;
    for (model::Core* core : cores) views.push_back(&view(*core));
    attach(std::move(views));
}

CoreView& Measurement::view(model::Core& core) {
    std::unique_ptr<RealCore>& view = impl_->views[&core];
    if (!view) view = std::make_unique<RealCore>(core);
    return *view;
}

void Measurement::on_region(std::function<void(Region, unsigned)> callback) {
    impl_->on_region = std::move(callback);
}

void Measurement::on_marker(CoreView& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
    if (!impl_->user_marker(core, code, rdi, rsi)) impl_->kernel_marker(core, code, rdi, rsi, rdx);
}

void Measurement::on_store(CoreView& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) {
    impl_->census.store(core, vaddr, paddr, bytes);
}

void Measurement::on_unsupported(CoreView& core, uint64_t rip, std::span<const uint8_t> bytes) {
    std::string place = impl_->code.symbol(impl_->code.current_pid(core.id()), rip);
    const auto key = std::tuple(rip, place, std::vector<uint8_t>(bytes.begin(), bytes.end()));
    auto it = impl_->unsupported.find(key);
    if (it == impl_->unsupported.end()) {
        if (impl_->unsupported.size() == most_places) {
            ++impl_->unsupported_elsewhere;
            return;
        }
        it = impl_->unsupported.emplace(key, UnsupportedInstruction{}).first;
    }
    UnsupportedInstruction& u = it->second;
    if (u.count++ > 0) return;
    unsigned length = 0;
    u.text = isa::disassemble(bytes, rip, &length);
    u.bytes.assign(bytes.begin(),
                   bytes.begin() + (length > 0 && length <= bytes.size() ? length : bytes.size()));
    u.rip = rip;
    u.in_kernel = core.ring() == 0;
    u.symbol = std::move(place);
}

void Measurement::on_halted(CoreView& core, bool begins) {
    impl_->calls.halted(core.id(), begins, impl_->everywhere(core));
}

void Measurement::on_refused(CoreView&, uint64_t, uint64_t, uint32_t) { ++impl_->r.refused_accesses; }

model::Phase Measurement::classify(const model::CodeContext& code) {
    if (code.ring == 0) return impl_->code.kernel_phase(code.vaddr);
    return code.privileged_page ? model::Phase::proxy : impl_->code.user_phase(code.core, code.vaddr);
}

MeasurementResult Measurement::result() const {
    MeasurementResult r = impl_->r;
    r.timed = impl_->calls.summary();
    r.roi = impl_->calls.roi();
    r.census = impl_->census.result();
    for (const auto& [key, u] : impl_->unsupported) r.unsupported.push_back(u);
    if (impl_->unsupported_elsewhere != 0)
        r.warnings.push_back(fmt::format("unsupported instructions in more than {} places: another {} times",
                                         most_places, impl_->unsupported_elsewhere));
    for (const auto& [number, count] : impl_->unknown_syscalls)
        r.unknown_syscalls.push_back({number, syscall_name(number), count});
    for (std::string& w : impl_->calls.warnings()) r.warnings.push_back(std::move(w));
    return r;
}

void Measurement::archive(model::StateArchive& a) {
    Impl& m = *impl_;
    a.section("measurement");
    a(m.code, m.calls, m.census_refused, m.domains, m.unsupported, m.unsupported_elsewhere,
      m.unknown_syscalls, m.unwound_calls, m.r);
    m.census.archive(a, m.cores);
}

std::string Measurement::symbol_at(uint64_t vaddr, unsigned core) const {
    return impl_->code.symbol(impl_->code.current_pid(core), vaddr);
}

std::string Measurement::running_process(unsigned core) const {
    return impl_->code.describe_process(impl_->code.current_pid(core));
}

void Measurement::marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
    on_marker(view(core), code, rdi, rsi, rdx);
}

void Measurement::store(model::Core& core, uint64_t vaddr, uint64_t paddr, uint64_t bytes) {
    on_store(view(core), vaddr, paddr, bytes);
}

void Measurement::unsupported(model::Core& core, uint64_t rip, std::span<const uint8_t> bytes) {
    on_unsupported(view(core), rip, bytes);
}

void Measurement::refused(model::Core& core, uint64_t rip, uint64_t address, uint32_t error) {
    on_refused(view(core), rip, address, error);
}

void Measurement::halted(model::Core& core, bool begins) {
    if (impl_->calls.call_open()) on_halted(view(core), begins);
}

}  // namespace stile::sim
