// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/state.h"

#include <fmt/format.h>

namespace stile::fuzz {

std::string hex(const uint8_t* bytes, unsigned count) {
    std::string out;
    for (unsigned i = count; i-- > 0;) out += fmt::format("{:02x}", bytes[i]);
    return out;
}

std::string describe(const Stop& stop) {
    switch (stop.kind) {
        case Stop::done:
            return "done";
        case Stop::fault:
            return fmt::format("exception {} at {:x}, error {:x}{}", stop.vector, stop.rip, stop.error,
                               stop.vector == 14 ? fmt::format(", address {:x}", stop.address) : "");
        case Stop::endless:
            return "still running";
        case Stop::forbidden:
            return "system call";
        case Stop::died:
            break;
    }
    return "died";
}

std::string describe(const State& state, const State& plain) {
    static constexpr const char* names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                              "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    std::string out;
    const auto word = [&](const char* name, uint64_t value, uint64_t usual) {
        if (value != usual) out += fmt::format("  {} {:x}\n", name, value);
    };
    for (unsigned i = 0; i < 16; ++i) word(names[i], state.r[i], plain.r[i]);
    word("rflags", state.flags, plain.flags);
    word("fs base", state.fs_base, plain.fs_base);
    word("gs base", state.gs_base, plain.gs_base);
    word("x87 control", state.control(), plain.control());
    word("x87 status", state.status(), plain.status());
    word("x87 tags", state.fx[4], plain.fx[4]);
    word("mxcsr", state.mxcsr(), plain.mxcsr());
    for (unsigned i = 0; i < 8; ++i) {
        if (std::memcmp(state.st(i), plain.st(i), 10) != 0)
            out += fmt::format("  st{} {}\n", i, hex(state.st(i), 10));
    }
    for (unsigned i = 0; i < 16; ++i) {
        if (std::memcmp(state.xmm(i), plain.xmm(i), 16) != 0)
            out += fmt::format("  xmm{} {}\n", i, hex(state.xmm(i), 16));
    }
    return out;
}

}  // namespace stile::fuzz
