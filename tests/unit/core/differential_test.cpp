// SPDX-License-Identifier: Apache-2.0
//
// Does integer code compute what a real processor computes? Random instructions run natively and on the core,
// from the same registers, flags and memory; afterwards all of them must be equal. Flags that the manuals
// leave undefined are masked per instruction and then made equal by reloading them.
#include <sys/mman.h>

#include <random>

#include "tests/unit/core/rig.h"

namespace stile::model::test {

namespace {

constexpr unsigned memory_bytes = 256;
constexpr uint32_t CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, OF = 2048, ALL = CF | PF | AF | ZF | SF | OF;

struct State {
    uint64_t r[16];  // rsp (4) unused; r15 = address of the memory
    uint64_t flags;
};

// One encoding: prefix bytes, opcode, and how its ModRM is made.
struct Form {
    const char* name;
    std::vector<uint8_t> opcode;
    int digit;           // -1: /r, -2: no ModRM, else /digit
    unsigned immediate;  // bytes
    uint32_t defined;    // flags that are defined afterwards
    unsigned sizes;      // bit 0: byte form exists at opcode - 1; bit 1: 16, bit 2: 32, bit 3: 64 bits
    bool memory;         // r/m may be memory
    enum Kind { plain, double_shift, div } kind = plain;
};

const std::vector<Form>& table() {
    static const std::vector<Form> forms = [] {
        std::vector<Form> f;
        static const char* alu[8] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
        for (int i = 0; i < 8; ++i) {
            const bool logic = i == 1 || i == 4 || i == 6;
            const uint32_t d = logic ? ALL & ~AF : ALL;
            f.push_back({alu[i], {static_cast<uint8_t>(i * 8 + 1)}, -1, 0, d, 15, true});
            f.push_back({alu[i], {static_cast<uint8_t>(i * 8 + 3)}, -1, 0, d, 15, true});
            f.push_back({alu[i], {0x83}, i, 1, d, 14, true});
            f.push_back({alu[i], {0x81}, i, 4, d, 15, true});
        }
        f.push_back({"test", {0x85}, -1, 0, ALL & ~AF, 15, true});
        f.push_back({"test", {0xf7}, 0, 4, ALL & ~AF, 15, true});
        f.push_back({"not", {0xf7}, 2, 0, ALL, 15, true});
        f.push_back({"neg", {0xf7}, 3, 0, ALL, 15, true});
        f.push_back({"mul", {0xf7}, 4, 0, CF | OF, 15, true});
        f.push_back({"imul", {0xf7}, 5, 0, CF | OF, 15, true});
        f.push_back({"div", {0xf7}, 6, 0, 0, 15, false, Form::div});
        f.push_back({"idiv", {0xf7}, 7, 0, 0, 15, false, Form::div});
        f.push_back({"inc", {0xff}, 0, 0, ALL, 15, true});
        f.push_back({"dec", {0xff}, 1, 0, ALL, 15, true});
        f.push_back({"imul", {0x0f, 0xaf}, -1, 0, CF | OF, 14, true});
        f.push_back({"imul", {0x6b}, -1, 1, CF | OF, 14, true});
        f.push_back({"imul", {0x69}, -1, 4, CF | OF, 14, true});
        static const char* shifts[8] = {"rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar"};
        for (int i = 0; i < 8; ++i) {
            const uint32_t d = ALL & ~(AF | OF);
            f.push_back({shifts[i], {0xc1}, i, 1, d, 15, true});
            f.push_back({shifts[i], {0xd3}, i, 0, d, 15, true});
            f.push_back({shifts[i], {0xd1}, i, 0, ALL & ~AF, 15, true});
        }
        f.push_back({"shld", {0x0f, 0xa4}, -1, 1, ALL & ~(AF | OF), 14, true, Form::double_shift});
        f.push_back({"shld", {0x0f, 0xa5}, -1, 0, ALL & ~(AF | OF), 12, true});
        f.push_back({"shrd", {0x0f, 0xac}, -1, 1, ALL & ~(AF | OF), 14, true, Form::double_shift});
        f.push_back({"shrd", {0x0f, 0xad}, -1, 0, ALL & ~(AF | OF), 12, true});
        const uint32_t bit = CF;
        f.push_back({"bt", {0x0f, 0xa3}, -1, 0, bit | ZF, 14, false});
        f.push_back({"bts", {0x0f, 0xab}, -1, 0, bit | ZF, 14, false});
        f.push_back({"btr", {0x0f, 0xb3}, -1, 0, bit | ZF, 14, false});
        f.push_back({"btc", {0x0f, 0xbb}, -1, 0, bit | ZF, 14, false});
        for (int i = 4; i < 8; ++i) f.push_back({"bt i", {0x0f, 0xba}, i, 1, bit | ZF, 14, true});
        f.push_back({"bsf", {0x0f, 0xbc}, -1, 0, ZF, 14, true});
        f.push_back({"bsr", {0x0f, 0xbd}, -1, 0, ZF, 14, true});
        f.push_back({"mov", {0x89}, -1, 0, ALL, 15, true});
        f.push_back({"mov", {0x8b}, -1, 0, ALL, 15, true});
        f.push_back({"mov", {0xc7}, 0, 4, ALL, 15, true});
        f.push_back({"xchg", {0x87}, -1, 0, ALL, 15, true});
        f.push_back({"xadd", {0x0f, 0xc1}, -1, 0, ALL, 15, true});
        f.push_back({"cmpxchg", {0x0f, 0xb1}, -1, 0, ALL, 15, true});
        f.push_back({"movzx8", {0x0f, 0xb6}, -1, 0, ALL, 14, true});
        f.push_back({"movzx16", {0x0f, 0xb7}, -1, 0, ALL, 14, true});
        f.push_back({"movsx8", {0x0f, 0xbe}, -1, 0, ALL, 14, true});
        f.push_back({"movsx16", {0x0f, 0xbf}, -1, 0, ALL, 14, true});
        f.push_back({"movsxd", {0x63}, -1, 0, ALL, 12, true});
        for (uint8_t cc = 0; cc < 16; ++cc) {
            f.push_back({"cmov", {0x0f, static_cast<uint8_t>(0x40 + cc)}, -1, 0, ALL, 14, true});
            f.push_back({"set", {0x0f, static_cast<uint8_t>(0x91 + cc)}, 0, 0, ALL, 1, true});
        }
        f.push_back({"cbw", {0x98}, -2, 0, ALL, 14, false});
        f.push_back({"cwd", {0x99}, -2, 0, ALL, 14, false});
        for (uint8_t op : {0xf5, 0xf8, 0xf9, 0x9e, 0x9f}) f.push_back({"flags", {op}, -2, 0, ALL, 4, false});
        f.push_back({"bswap", {0x0f, 0xc8}, -2, 0, ALL, 12, false});
        return f;
    }();
    return forms;
}

class Generator {
  public:
    explicit Generator(uint32_t seed) : rng_(seed) {}
    uint64_t bits() { return rng_(); }
    unsigned below(unsigned n) { return static_cast<unsigned>(rng_() % n); }

    uint64_t value() {
        static constexpr uint64_t special[] = {0,
                                               1,
                                               ~0ull,
                                               0x7f,
                                               0x80,
                                               0xff,
                                               0x7fff,
                                               0x8000,
                                               0x7fffffff,
                                               0x80000000,
                                               0x7fffffffffffffff,
                                               0x8000000000000000};
        switch (below(3)) {
            case 0:
                return special[below(std::size(special))];
            case 1:
                return bits() >> below(64);
            default:
                return bits();
        }
    }
    unsigned any_register() {
        static constexpr unsigned usable[] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
        return usable[below(std::size(usable))];
    }

    // Appends one random instruction; `defined` loses the flags that it leaves undefined.
    // In a `sequence` all flags but AF are defined, and AF is not read.
    void instruction(std::vector<uint8_t>& out, std::string& text, uint32_t& defined, bool sequence = false) {
        const Form* chosen;
        do chosen = &table()[below(static_cast<unsigned>(table().size()))];
        while (sequence && ((~chosen->defined & ALL & ~AF) || chosen->opcode[0] == 0x9f));
        const Form& f = *chosen;
        unsigned size;
        do size = below(4);
        while (!(f.sizes >> size & 1));
        text += std::string(f.name) + std::to_string(8 << size) + " ";
        const bool byte = size == 0, narrow_set = f.name[0] == 's' && f.name[1] == 'e';
        if (f.kind == Form::div) guard_division(out, size);
        if (size == 1) out.push_back(0x66);
        unsigned reg = f.digit >= 0 ? static_cast<unsigned>(f.digit) : any_register(), rm = any_register();
        if (f.kind == Form::div) rm = 8;
        const bool memory = f.memory && below(3) == 0;
        const bool bswap = f.opcode.back() == 0xc8 && f.opcode.size() == 2;
        uint8_t rex =
            static_cast<uint8_t>(0x40 | (size == 3 ? 8 : 0) | (f.digit == -1 && reg >= 8 ? 4 : 0) |
                                 ((memory || rm >= 8) && f.digit != -2 ? 1 : 0) | (bswap && rm >= 8 ? 1 : 0));
        // Without a REX prefix, byte registers 4..7 are the high halves; both meanings are wanted.
        if (rex != 0x40 || ((byte || narrow_set) && below(2)) ||
            (f.opcode.size() == 2 && (f.opcode[1] & 0xf7) == 0xb6 && below(2)))
            out.push_back(rex);
        for (size_t i = 0; i < f.opcode.size(); ++i) {
            uint8_t op = f.opcode[i];
            if (i + 1 == f.opcode.size()) {
                if (byte) --op;
                if (bswap) op = static_cast<uint8_t>(op + (rm & 7));
            }
            out.push_back(op);
        }
        if (f.digit != -2) {
            if (memory) {
                out.push_back(static_cast<uint8_t>(0x80 | (reg & 7) << 3 | 7));  // [r15 + disp32]
                const uint32_t disp = below(memory_bytes - 8);
                out.insert(out.end(), reinterpret_cast<const uint8_t*>(&disp),
                           reinterpret_cast<const uint8_t*>(&disp) + 4);
            } else {
                out.push_back(static_cast<uint8_t>(0xc0 | (reg & 7) << 3 | (rm & 7)));
            }
        }
        unsigned n = f.immediate;
        if (n == 4) n = byte ? 1 : size == 1 ? 2 : 4;
        uint64_t imm = value();
        if (f.kind == Form::double_shift && size == 1) imm &= 15;  // beyond 16 the result is undefined
        for (unsigned i = 0; i < n; ++i) out.push_back(static_cast<uint8_t>(imm >> 8 * i));
        defined = f.defined;
    }

  private:
    // rax, rdx and r8 such that the quotient fits: rdx = sign or 0, divisor not 0 or -1.
    void guard_division(std::vector<uint8_t>& out, unsigned) {
        const uint8_t code[] = {0x49, 0x83, 0xc8, 0x02,              // or r8, 2
                                0x49, 0x83, 0xe0, 0x7e,              // and r8, 0x7e
                                0x48, 0x25, 0xff, 0x00, 0x00, 0x00,  // and rax, 0xff
                                0x31, 0xd2};                         // xor edx, edx
        out.insert(out.end(), std::begin(code), std::end(code));
    }
    std::mt19937_64 rng_;
};

// Runs code natively: void (*)(State*).
class Native {
  public:
    Native() {
        page_ = static_cast<uint8_t*>(
            mmap(nullptr, 0x4000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    ~Native() { munmap(page_, 0x4000); }
    void run(State& s, const std::vector<uint8_t>& code) {
        // push callee-saved; rsp keeps &State on the stack; load flags and registers; code; save them.
        static const uint8_t head[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41,
                                       0x56, 0x41, 0x57,                           // push rbx rbp r12-r15
                                       0x57,                                       // push rdi
                                       0xff, 0xb7, 0x80, 0,    0,    0,    0x9d};  // push [rdi+128]; popf
        std::vector<uint8_t> c(std::begin(head), std::end(head));
        const auto move = [&](unsigned reg, bool load) {  // mov reg, [rdi + 8 reg]
            c.insert(c.end(), {static_cast<uint8_t>(0x48 | (reg >= 8 ? 4 : 0)),
                               static_cast<uint8_t>(load ? 0x8b : 0x89),
                               static_cast<uint8_t>(0x47 | (reg & 7) << 3), static_cast<uint8_t>(8 * reg)});
        };
        for (unsigned i = 0; i < 16; ++i)
            if (i != 4 && i != 7) move(i, true);
        move(7, true);
        c.insert(c.end(), code.begin(), code.end());
        // push flags, then rdi; fetch &State from below them
        c.insert(c.end(), {0x9c, 0x57, 0x48, 0x8b, 0x7c, 0x24, 0x10});  // pushf; push rdi; mov rdi, [rsp+16]
        for (unsigned i = 0; i < 16; ++i)
            if (i != 4 && i != 7) move(i, false);
        c.insert(c.end(), {0x8f, 0x47, 0x38, 0x8f, 0x87, 0x80, 0, 0, 0});  // pop [rdi+56]; pop [rdi+128]
        c.insert(c.end(), {0x5f, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xfc, 0xc3});
        std::memcpy(page_, c.data(), c.size());
        reinterpret_cast<void (*)(State*)>(page_)(&s);
    }

  private:
    uint8_t* page_;
};

struct Outcome {
    State state;
    std::vector<uint8_t> memory;
};

void compare(const Outcome& native, const Outcome& guest, uint32_t defined, const std::string& what) {
    for (unsigned i = 0; i < 15; ++i) {
        if (i == 4) continue;
        ASSERT_EQ(native.state.r[i], guest.state.r[i]) << what << ": register " << i;
    }
    ASSERT_EQ(native.state.flags & defined, guest.state.flags & defined) << what;
    ASSERT_EQ(native.memory, guest.memory) << what;
}

// Runs `code` on both sides from the same random state; every register, defined flag and byte must agree.
void run_both(Native& native, Rig& rig, Generator& g, const std::vector<uint8_t>& code, uint32_t defined,
              const std::string& what) {
    alignas(64) uint8_t buffer[memory_bytes];
    for (uint8_t& b : buffer) b = static_cast<uint8_t>(g.bits());
    State start{};
    for (uint64_t& r : start.r) r = g.value();
    start.flags = 0x202 | (g.bits() & ALL);

    Outcome guest{start, {}};
    rig.write_code(code_at, code);
    std::memcpy(rig.memory.host(data_at), buffer, memory_bytes);
    CpuState& s = rig.core->state();
    for (unsigned i = 0; i < 16; ++i) s.r[i] = start.r[i];
    s.r[15] = data_at;
    s.r[4] = stack_top;
    s.rip = code_at;
    s.halted = false;
    rig.core->set_rflags(start.flags & ~0x200);
    ASSERT_EQ(rig.run(1000), Stop::idle_forever) << what << rig.core->dump();
    for (unsigned i = 0; i < 16; ++i) guest.state.r[i] = s.r[i];
    guest.state.flags = rig.core->rflags();
    guest.memory.assign(rig.memory.host(data_at), rig.memory.host(data_at) + memory_bytes);

    Outcome host{start, {}};
    host.state.r[15] = reinterpret_cast<uint64_t>(buffer);
    native.run(host.state, code);
    host.memory.assign(buffer, buffer + memory_bytes);
    compare(host, guest, defined, what);
}

std::string hex(const std::vector<uint8_t>& code) {
    std::string out;
    for (const uint8_t b : code) {
        static constexpr char digits[] = "0123456789abcdef";
        (out += digits[b >> 4]) += digits[b & 15];
    }
    return out;
}

}  // namespace

// One instruction at a time, so that undefined flags can be told apart and a failure names its culprit.
TEST(Differential, SingleInstructionsMatchTheHost) {
    Native native;
    Rig rig;
    for (uint32_t seed = 0; seed < 20000 && !HasFatalFailure(); ++seed) {
        Generator g(seed);
        std::vector<uint8_t> code;
        std::string text;
        uint32_t defined = 0;
        g.instruction(code, text, defined);
        run_both(native, rig, g, code, defined, text + "seed " + std::to_string(seed) + ": " + hex(code));
    }
}

// Flags handed from one instruction to the next in their lazy form.
TEST(Differential, SequencesMatchTheHost) {
    Native native;
    Rig rig;
    for (uint32_t seed = 0; seed < 3000 && !HasFatalFailure(); ++seed) {
        Generator g(seed + 1000000);
        std::vector<uint8_t> code;
        std::string text;
        uint32_t defined = 0;
        for (unsigned i = 0; i < 12; ++i) g.instruction(code, text, defined, true);
        run_both(native, rig, g, code, ALL & ~AF, text + "seed " + std::to_string(seed) + ": " + hex(code));
    }
}

}  // namespace stile::model::test
