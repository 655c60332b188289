// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/fp/native.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <csetjmp>
#include <csignal>
#include <cstddef>

#include "model/core/exec/x87.h"
#include "tests/support/float_edges.h"

namespace stile::model::test {

namespace {

constexpr size_t area_bytes = 16 << 20;

sigjmp_buf back;
FpState* running;

// The kernel's signal frame has the registers as an fxsave image at its head.
void on_signal(int, siginfo_t*, void* context) {
    const auto* c = static_cast<ucontext_t*>(context);
    std::memcpy(running->fx.data(), c->uc_mcontext.fpregs, running->fx.size());
    running->flags = static_cast<uint64_t>(c->uc_mcontext.gregs[REG_EFL]);
    siglongjmp(back, 1);
}

}  // namespace

Native::Native()
    : area_(static_cast<uint8_t*>(mmap(nullptr, area_bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
Native::~Native() { munmap(area_, area_bytes); }

Native::Stub Native::make(std::span<const uint8_t> code) {
    std::vector<uint8_t> b;
    const auto put = [&b](std::initializer_list<uint8_t> bytes) { b.insert(b.end(), bytes); };
    const auto disp = [&b](uint32_t v) {
        for (unsigned i = 0; i < 4; ++i) b.push_back(static_cast<uint8_t>(v >> 8 * i));
    };
    const auto saved = [](unsigned r) { return r != 4 && r != 7 && r != 14 && r != 15; };
    // mov of register r and [r14 + its place]
    const auto move = [&](uint8_t opcode, unsigned r) {
        put({static_cast<uint8_t>(0x49 | (r >= 8 ? 4 : 0)), opcode,
             static_cast<uint8_t>(0x86 | (r & 7) << 3)});
        disp(static_cast<uint32_t>(offsetof(FpState, r) + 8 * r));
    };
    put({0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57});  // push rbx rbp r12 r13 r14 r15
    put({0x49, 0x89, 0xfe});                                            // mov r14, rdi
    put({0x49, 0x0f, 0xae, 0x0e});                                      // fxrstor64 [r14]
    put({0x41, 0xff, 0xb6});                                            // push [r14 + flags]; popfq
    disp(offsetof(FpState, flags));
    put({0x9d});
    put({0x4d, 0x8d, 0xbe});  // lea r15, [r14 + memory]
    disp(offsetof(FpState, memory));
    for (unsigned r = 0; r < 16; ++r) {
        if (saved(r)) move(0x8b, r);
    }
    put({0x4c, 0x89, 0xff});  // mov rdi, r15
    b.insert(b.end(), code.begin(), code.end());
    for (unsigned r = 0; r < 16; ++r) {
        if (saved(r)) move(0x89, r);
    }
    put({0x9c, 0x41, 0x8f, 0x86});  // pushfq; pop [r14 + flags]
    disp(offsetof(FpState, flags));
    put({0x49, 0x0f, 0xae, 0x06, 0xdb, 0xe3});  // fxsave64 [r14]; fninit
    put({0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3});
    const size_t at = used_;
    used_ = (used_ + b.size() + 15) & ~static_cast<size_t>(15);
    if (used_ > area_bytes) std::abort();
    std::memcpy(area_ + at, b.data(), b.size());
    return reinterpret_cast<Stub>(area_ + at);
}

bool Native::run(Stub stub, FpState& state) {
    // Installed once and kept: nothing else here may raise SIGFPE.
    static const bool installed = [] {
        struct sigaction act = {};
        act.sa_sigaction = on_signal;
        act.sa_flags = SA_SIGINFO | SA_NODEFER;
        return sigaction(SIGFPE, &act, nullptr) == 0;
    }();
    static constexpr uint32_t mxcsr = 0x1f80;
    running = &state;
    if (!installed || sigsetjmp(back, 0)) {
        __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
        return false;
    }
    stub(&state);
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return true;
}

Simulated::Simulated() {
    // Each vector has a handler of its own that halts, so that RIP tells which it was.
    for (unsigned v = 0; v < 32; ++v) {
        rig_.at<uint8_t>(0x90000 + 16 * v) = 0xf4;
        rig_.gate(v, 0x90000 + 16 * v);
    }
}

uint64_t Simulated::make(std::span<const uint8_t> code) {
    const uint64_t at = next_;
    next_ += 32;
    if (next_ > 0x500000) std::abort();
    rig_.load(at, code);
    rig_.at<uint8_t>(at + code.size()) = 0xf4;  // hlt
    return at;
}

int Simulated::run(uint64_t address, FpState& state) {
    CpuState& s = rig_.core->state();
    s.x87.control = state.control();
    s.x87.status = 0;
    s.x87.tag = state.tags();
    x87::set_status_word(s.x87, state.status());
    x87::load_registers(s.x87, state.st(0), 16);
    s.mxcsr = state.mxcsr();
    for (unsigned i = 0; i < 16; ++i) {
        std::memcpy(&s.xmm[i], state.xmm(i), 16);
        s.r[i] = state.r[i];
    }
    s.r[isa::RSP] = stack_top;
    s.r[isa::RDI] = s.r[isa::R15] = data_at;
    std::memcpy(rig_.memory.host(data_at), state.memory.data(), buffer_bytes);
    rig_.core->set_rflags(state.flags & ~0x200ull);
    s.rip = address;
    s.halted = false;
    rig_.run(1000);
    state.control() = s.x87.control;
    state.status() = x87::status_word(s.x87);
    state.tags() = s.x87.tag;
    x87::save_registers(s.x87, state.st(0), 16);
    state.mxcsr() = s.mxcsr;
    for (unsigned i = 0; i < 16; ++i) {
        std::memcpy(state.xmm(i), &s.xmm[i], 16);
        if (i != isa::RSP && i != isa::RDI && i != isa::R14 && i != isa::R15) state.r[i] = s.r[i];
    }
    state.flags = rig_.core->rflags();
    std::memcpy(state.memory.data(), rig_.memory.host(data_at), buffer_bytes);
    if (s.rip > 0x90000 && s.rip < 0x90200) return static_cast<int>((s.rip - 0x90000) / 16);
    return -1;
}

uint32_t Operands::single() {
    switch (below(4)) {
        case 0:
            return stile::test::single_edges[below(std::size(stile::test::single_edges))];
        case 1:
            return static_cast<uint32_t>(bits() & 0x807fffff) | (112 + below(32)) << 23;  // near one
        case 2:
            return static_cast<uint32_t>(bits() & 0x80000000) | below(4) << 22 |
                   static_cast<uint32_t>(bits() & 0xff);
        default:
            return static_cast<uint32_t>(bits());
    }
}

uint64_t Operands::double_() {
    switch (below(5)) {
        case 0:
            return stile::test::double_edges[below(std::size(stile::test::double_edges))];
        case 1:
            return (bits() & 0x800fffffffffffff) | static_cast<uint64_t>(1008 + below(32)) << 52;
        case 2:
            return (bits() & (1ull << 63)) | static_cast<uint64_t>(below(4)) << 51 | (bits() & 0xff);
        case 3:
            return (bits() & 0x800ffffff0000000) | static_cast<uint64_t>(860 + below(340))
                                                       << 52;  // edges of single
        default:
            return bits();
    }
}

void Operands::extended(uint8_t* out) {
    uint64_t sig =
        below(3) ? bits() | 1ull << 63
                 : stile::test::extended_significands[below(std::size(stile::test::extended_significands))];
    if (!below(4)) sig &= ~0ull << below(63) | 1ull << 63;
    uint16_t e = static_cast<uint16_t>(bits() & 0x7fff);
    switch (below(4)) {
        case 0:
            e = stile::test::extended_exponents[below(std::size(stile::test::extended_exponents))];
            break;
        case 1:
        case 2:
            e = static_cast<uint16_t>(0x3fff - 40 + below(80));
            break;
        default:
            break;
    }
    if (e == 0 && below(3)) sig = below(2) ? 0 : sig >> below(64);
    if (!below(40)) sig &= ~(1ull << 63);  // unsupported formats
    e |= static_cast<uint16_t>(bits() & 0x8000);
    std::memcpy(out, &sig, 8);
    std::memcpy(out + 8, &e, 2);
}

void Operands::vector(uint8_t* out) {
    const unsigned kind = below(3);
    for (unsigned i = 0; i < 4; ++i) {
        const uint32_t v = kind ? single() : static_cast<uint32_t>(bits());
        std::memcpy(out + 4 * i, &v, 4);
    }
    for (unsigned i = 0; kind == 2 && i < 2; ++i) {
        const uint64_t v = double_();
        std::memcpy(out + 8 * i, &v, 8);
    }
}

FpState Operands::state(bool holes, bool unmasked) {
    FpState s;
    s.control() = static_cast<uint16_t>(0x7f & 0x3f) | 0x40 | static_cast<uint16_t>(below(4) << 10);
    static constexpr uint16_t precision[] = {0, 0x200, 0x300, 0x300};
    s.control() |= precision[below(4)];
    s.status() = static_cast<uint16_t>(below(8) << 11 | (bits() & 0x4700));  // TOP and condition codes
    s.tags() = holes ? static_cast<uint8_t>(bits()) : 0xff;
    s.mxcsr() = 0x1f80 | below(2) * (below(4) << 13) | !below(4) << 6 | !below(4) << 15 |
                (below(2) ? 0 : static_cast<uint32_t>(bits() & 0x3f));
    if (unmasked) {
        s.mxcsr() &= ~(0x3fu | static_cast<uint32_t>(bits() & 0x1f80));
        s.control() &= static_cast<uint16_t>(~(bits() & 0x3f));
    }
    for (unsigned i = 0; i < 8; ++i) extended(s.st(i));
    for (unsigned i = 0; i < 16; ++i) {
        vector(s.xmm(i));
        s.r[i] = below(2) ? bits() : static_cast<uint64_t>(static_cast<int64_t>(bits()) >> below(64));
    }
    // Now and then two registers alike, or of like magnitude, for cancellation.
    if (!below(4)) std::memcpy(s.xmm(below(16)), s.xmm(below(16)), 16);
    if (!below(6)) std::memcpy(s.st(1), s.st(0), 10);
    s.flags = 0x202 | (bits() & 0x8d5);
    for (unsigned i = 0; i < buffer_bytes; i += 16) {
        below(2) ? vector(s.memory.data() + i) : extended(s.memory.data() + i);
    }
    return s;
}

std::string hex(const uint8_t* p, unsigned n) {
    std::string out;
    constexpr char digits[] = "0123456789abcdef";
    for (unsigned i = n; i-- > 0;) {
        out += digits[p[i] >> 4];
        out += digits[p[i] & 15];
    }
    return out;
}

std::string differences(FpState& want, FpState& got) {
    std::string out;
    const auto word = [&](const char* name, uint64_t w, uint64_t g) {
        if (w == g) return;
        char line[96];
        std::snprintf(line, sizeof line, "  %s: want %llx got %llx\n", name,
                      static_cast<unsigned long long>(w), static_cast<unsigned long long>(g));
        out += line;
    };
    const auto bytes = [&](const std::string& name, const uint8_t* w, const uint8_t* g, unsigned n) {
        if (std::memcmp(w, g, n) != 0)
            out += "  " + name + ": want " + hex(w, n) + " got " + hex(g, n) + "\n";
    };
    word("control", want.control(), got.control());
    word("status", want.status(), got.status());
    word("tags", want.tags(), got.tags());
    word("mxcsr", want.mxcsr(), got.mxcsr());
    word("flags", want.flags & 0x8d5, got.flags & 0x8d5);
    for (unsigned i = 0; i < 8; ++i) bytes("st" + std::to_string(i), want.st(i), got.st(i), 10);
    for (unsigned i = 0; i < 16; ++i) bytes("xmm" + std::to_string(i), want.xmm(i), got.xmm(i), 16);
    for (unsigned i = 0; i < 16; ++i) word(("r" + std::to_string(i)).c_str(), want.r[i], got.r[i]);
    for (unsigned i = 0; i < buffer_bytes; i += 16) {
        bytes("memory+" + std::to_string(i), &want.memory[i], &got.memory[i], 16);
    }
    return out;
}

std::string describe(FpState& s) {
    std::string out = "  from control " + hex(s.fx.data(), 2) + " status " + hex(s.fx.data() + 2, 2) +
                      " tags " + hex(&s.tags(), 1) + " mxcsr " + hex(s.fx.data() + 24, 4) + "\n";
    for (unsigned i = 0; i < 8; ++i) out += "    st" + std::to_string(i) + " " + hex(s.st(i), 10) + "\n";
    for (unsigned i = 0; i < 16; ++i) out += "    xmm" + std::to_string(i) + " " + hex(s.xmm(i), 16) + "\n";
    for (unsigned i = 0; i < 8; ++i)
        out += "    m" + std::to_string(16 * i) + " " + hex(&s.memory[16 * i], 16) + "\n";
    return out;
}

}  // namespace stile::model::test
