// SPDX-License-Identifier: Apache-2.0
//
// Boots a kernel on the bare machine, for work on the kernel:
//   bare_boot KERNEL [--self-test] [--paging|--none] [--cpus N] [--limit CYCLES] [--file HOST=GUEST]...
//   [PROGRAM [ARG]...]
// PROGRAM is a static ELF on the host; it becomes /bin/NAME. Exit status: the guest's, or 1 with a message.
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <list>

#include "abi/marker.h"
#include "tests/support/bare_machine.h"

namespace {

using namespace stile;  // a program of its own, not a header

class Teller : public model::Observer {
  public:
    model::PhysicalMemory* memory = nullptr;
    void marker(model::Core& core, uint32_t code, uint64_t rdi, uint64_t rsi, uint64_t rdx) override {
        switch (code) {
            case STILE_MARK_K_PANIC:
                fmt::print(stderr, "panic: {}\n", text(core, rdi));
                break;
            case STILE_MARK_K_DEADLOCK:
                fmt::print(stderr, "deadlock\n");
                break;
            case STILE_MARK_K_ENOSYS:
                fmt::print(stderr, "system call {} is not implemented\n", rdi);
                break;
            case STILE_MARK_K_EXEC:
                fmt::print(stderr, "pid {} runs {} at {:#x}\n", rdi, text(core, rsi), rdx);
                break;
            case STILE_MARK_K_EXIT:
                fmt::print(stderr, "pid {} ends with status {:#x}\n", rdi, rsi);
                break;
            case STILE_MARK_K_DOMAIN:
                fmt::print(stderr, "domain {} of pid {}: {}\n", rdi, rsi, text(core, rdx));
                break;
            case STILE_MARK_K_TEST:
                fmt::print(stderr, "{} {}\n", rsi ? "pass" : "FAIL", text(core, rdi));
                break;
            case STILE_MARK_REFUSED:
                fmt::print(stderr, "refused: errno {}\n", rdi);
                break;
            case STILE_MARK_CHECKED:
                fmt::print(stderr, "checked: {}\n", rdi);
                break;
            case STILE_MARK_K_KILLED:
                killed(core, rdi, rsi);
                break;
            default:
                break;
        }
    }
    void unsupported(model::Core&, uint64_t rip, std::span<const uint8_t> bytes) override {
        fmt::print(stderr, "unsupported instruction at {:#x}:", rip);
        for (auto b : bytes) fmt::print(stderr, " {:02x}", b);
        fmt::print(stderr, "\n");
    }

  private:
    std::string text(model::Core& core, uint64_t at) {
        std::string s;
        for (char c; core.mmu().probe_read(at + s.size(), &c, 1) && c && s.size() < 200;) s.push_back(c);
        return s;
    }
    void killed(model::Core& core, uint64_t pid, uint64_t at) {
        stile_kill_info k{};
        core.mmu().probe_read(at, &k, sizeof k);
        fmt::print(stderr,
                   "pid {} killed by signal {}: vector {} error {:#x} rip {:#x} address {:#x} domains {} -> "
                   "{} needs {} has {}\n",
                   pid, k.signal, k.vector, k.error, k.rip, k.address, k.from_tag, k.to_tag, k.needed, k.had);
    }
};

int boot_and_run(int argc, char** argv) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    sim::BootOptions options;
    uint64_t limit = 20'000'000'000;
    std::list<std::vector<uint8_t>> contents;
    std::vector<sim::GuestFile> files;
    std::vector<sim::BootProcess> processes;
    std::string kernel;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        if (arg == "--self-test")
            options.self_test = true;
        else if (arg == "--paging")
            config.protection = model::ProtectionKind::paging;
        else if (arg == "--none")
            config.protection = model::ProtectionKind::none;
        else if (arg == "--cpus" && i + 1 < argc)
            options.cpus = config.cores = static_cast<unsigned>(std::stoul(argv[++i]));
        else if (arg == "--limit" && i + 1 < argc)
            limit = std::stoull(argv[++i]);
        else if (arg == "--file" && i + 1 < argc) {
            const std::string pair = argv[++i];
            const auto equals = pair.find('=');
            contents.push_back(test::read_file(pair.substr(0, equals)));
            files.push_back({pair.substr(equals + 1), contents.back(), 0755});
        } else if (kernel.empty())
            kernel = arg;
        else {
            contents.push_back(test::read_file(arg));
            const std::string path = "/bin/" + std::filesystem::path(arg).filename().string();
            files.push_back({path, contents.back(), 0755});
            processes.push_back({path, {argv + i, argv + argc}, {"PATH=/bin", "HOME=/"}, ""});
            processes.back().argv[0] = path;
            break;
        }
    }
    options.protection = static_cast<stile_protection>(config.protection);
    options.tsc_hz = config.frequency;
    Teller teller;
    test::BareMachine machine(config, &teller);
    machine.echo = true;
    sim::boot(machine.memory, machine.core->state(), test::read_file(kernel), files, processes, options);
    const auto why = machine.run(limit);
    std::fflush(stdout);
    fmt::print(stderr, "{} instructions\n", machine.core->counters().instructions);
    if (why != model::Stop::power_off) {
        fmt::print(stderr, "stopped: {}\n{}\n",
                   why == model::Stop::until          ? "limit reached"
                   : why == model::Stop::idle_forever ? "idle forever"
                                                      : machine.core->stop_reason(),
                   machine.core->dump());
        return 1;
    }
    if (machine.power_code >= 0x10000) return 1;
    return (machine.power_code & 0x7f) ? 128 + static_cast<int>(machine.power_code & 0x7f)
                                       : static_cast<int>(machine.power_code >> 8 & 0xff);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return boot_and_run(argc, argv);
    } catch (const std::exception& e) {
        fmt::print(stderr, "bare_boot: {}\n", e.what());
        return 1;
    }
}
