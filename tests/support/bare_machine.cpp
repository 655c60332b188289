// SPDX-License-Identifier: Apache-2.0
#include "tests/support/bare_machine.h"

#include <cstdio>
#include <cstring>
#include <iterator>
#include <stdexcept>

namespace stile::test {

BareMachine::BareMachine(const model::MachineConfig& config, model::Observer* observer)
    : memory(config.memory.size), complex(config) {
    for (unsigned i = 0; i < config.cores; ++i) {
        cores.push_back(
            std::make_unique<model::Core>(config.for_core(i), memory, *this, observer, nullptr, i));
        cores.back()->set_model(model::CoreModel::functional);
        complex.add(*cores.back());
    }
    core = cores.front().get();
}

model::Stop BareMachine::run(model::Cycles limit) {
    if (cores.size() == 1) return core->run(limit);
    return complex.take_turns(limit);
}

bool BareMachine::mmio_read(uint64_t paddr, void* out, unsigned bytes) {
    if (paddr != STILE_CONSOLE_DATA) return false;
    uint64_t value = ~0ull;
    if (!input.empty()) {
        value = static_cast<uint8_t>(input.front());
        input.remove_prefix(1);
    }
    std::memcpy(out, &value, bytes);
    return true;
}

bool BareMachine::mmio_write(uint64_t paddr, const void* in, unsigned bytes) {
    if (paddr == STILE_CONSOLE_DATA) {
        const char c = *static_cast<const char*>(in);
        console.push_back(c);
        if (echo) std::fputc(c, stdout);
        return true;
    }
    if (paddr == STILE_ARCHIVE_ADDRESS && bytes == 8) {
        std::memcpy(&archive_address, in, 8);
        return true;
    }
    if (paddr == STILE_ARCHIVE_LENGTH && bytes == 8) {
        uint64_t n;
        std::memcpy(&n, in, 8);
        archive.append(reinterpret_cast<const char*>(memory.host(archive_address)), n);
        return true;
    }
    if (paddr != STILE_POWER_OFF || bytes != 4) return false;
    std::memcpy(&power_code, in, 4);
    powered_off = true;
    core->request_stop(model::Stop::power_off);
    return true;
}

std::vector<uint8_t> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace stile::test
