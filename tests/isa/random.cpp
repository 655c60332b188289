// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/random.h"

#include "tests/support/float_edges.h"

namespace stile::fuzz {

// Splitmix: small, good enough, and the same everywhere.
uint64_t Random::bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint64_t Random::integer() {
    static constexpr uint64_t edges[] = {0,
                                         1,
                                         2,
                                         ~0ull,
                                         ~1ull,
                                         0x7f,
                                         0x80,
                                         0xff,
                                         0x100,
                                         0x7fff,
                                         0x8000,
                                         0xffff,
                                         0x10000,
                                         0x7fffffff,
                                         0x80000000,
                                         0xffffffff,
                                         0x100000000,
                                         0x7fffffffffffffff,
                                         0x8000000000000000,
                                         0xffffffff80000000,
                                         0xffffffffffff8000,
                                         0xffffffffffffff80};
    switch (below(8)) {
        case 0:
        case 1:
            return pick(edges);
        case 2:
            return pick(edges) + below(5) - 2;
        case 3: {
            // Not what could be an address of the process that runs the native side.
            const unsigned shift = below(64);
            return bits() >> (shift == 16 || shift == 17 || shift == 18 ? 20 : shift);
        }
        case 4:
            return below(256);
        case 5:
            return ~uint64_t{below(256)};
        default:
            return bits();
    }
}

uint64_t Random::immediate(unsigned bytes) {
    switch (below(4)) {
        case 0:
            return bits();
        case 1:
            return below(40);
        default:
            return bytes == 1 ? integer() >> 8 * below(8) : integer();
    }
}

uint32_t Random::single() {
    switch (below(4)) {
        case 0:
            return pick(test::single_edges);
        case 1:
            return static_cast<uint32_t>(bits() & 0x807fffff) | (112 + below(32)) << 23;  // near one
        case 2:
            return static_cast<uint32_t>(bits() & 0x80000000) | below(4) << 22 |
                   static_cast<uint32_t>(bits() & 0xff);
        default:
            return static_cast<uint32_t>(bits());
    }
}

uint64_t Random::double_() {
    switch (below(5)) {
        case 0:
            return pick(test::double_edges);
        case 1:
            return (bits() & 0x800fffffffffffff) | static_cast<uint64_t>(1008 + below(32)) << 52;
        case 2:
            return (bits() & (1ull << 63)) | static_cast<uint64_t>(below(4)) << 51 | (bits() & 0xff);
        case 3:  // edges of single
            return (bits() & 0x800ffffff0000000) | static_cast<uint64_t>(860 + below(340)) << 52;
        default:
            return bits();
    }
}

void Random::extended(uint8_t* out) {
    uint64_t sig = below(3) ? bits() | 1ull << 63 : pick(test::extended_significands);
    if (one_in(4)) sig &= ~0ull << below(63) | 1ull << 63;
    auto e = static_cast<uint16_t>(bits() & 0x7fff);
    switch (below(4)) {
        case 0:
            e = pick(test::extended_exponents);
            break;
        case 1:
        case 2:
            e = static_cast<uint16_t>(0x3fff - 40 + below(80));
            break;
        default:
            break;
    }
    if (e == 0 && below(3)) sig = below(2) ? 0 : sig >> below(64);
    if (one_in(40)) sig &= ~(1ull << 63);  // unsupported formats
    if (one_in(16)) e = 0xffff;            // as MMX leaves it
    e |= static_cast<uint16_t>(bits() & 0x8000);
    std::memcpy(out, &sig, 8);
    std::memcpy(out + 8, &e, 2);
}

void Random::vector(uint8_t* out) {
    const unsigned kind = below(4);
    for (unsigned i = 0; i < 4; ++i) {
        const uint32_t v = kind > 1 ? single() : static_cast<uint32_t>(bits());
        std::memcpy(out + 4 * i, &v, 4);
    }
    for (unsigned i = 0; kind < 2 && i < 2; ++i) {
        const uint64_t v = kind == 0 ? integer() : double_();
        std::memcpy(out + 8 * i, &v, 8);
    }
}

uint64_t Random::pointer() {
    switch (below(16)) {
        case 0:  // around the borders of pages
            return data_at + below(5) * page_bytes - 40 + below(80);
        case 1:
            return data_at + below(window_bytes);
        case 2:  // code, which can be read
            return code_at + below(readable_slots) * slot_stride + below(slot_bytes);
        case 3:
            return data_at + below(data_bytes);
        default:  // the middle of what is writable
            return data_at + page_bytes / 2 + below(page_bytes / 16) * 16;
    }
}

State Random::state() {
    State s;
    for (uint64_t& r : s.r) {
        const unsigned kind = below(8);
        r = kind < 3 ? pointer() : kind < 4 ? below(64) : kind < 5 ? -uint64_t{below(64)} : integer();
    }
    s.r[4] = one_in(24) ? pointer() : data_at + 0x600 + below(0x100) * 8;
    s.flags = 0x202 | (bits() & flag::arithmetic);
    if (one_in(8)) s.flags |= flag::DF;
    if (one_in(64)) s.flags |= flag::AC;
    if (one_in(16)) s.flags |= flag::ID;
    if (one_in(64)) s.flags |= flag::NT;
    static constexpr uint64_t bases[] = {0, 8, 0x40, 0x123, 0x800, data_at, data_at + 0xff8};
    s.fs_base = one_in(3) ? below(0x100) : pick(bases);
    s.gs_base = one_in(3) ? below(0x100) * 8 : pick(bases);

    static constexpr uint16_t precision[] = {0, 0x200, 0x300, 0x300};
    s.control() = static_cast<uint16_t>(0x7f | below(4) << 10 | pick(precision));
    s.status() = static_cast<uint16_t>(below(8) << 11 | (bits() & 0x4700));
    if (one_in(3)) s.status() |= static_cast<uint16_t>(bits() & 0x3f);
    s.tags() = one_in(3) ? 0xff : one_in(3) ? 0 : static_cast<uint8_t>(bits());
    s.mxcsr() = 0x1f80 | below(2) * (below(4) << 13) | (one_in(4) ? 1u << 6 : 0) |
                (one_in(4) ? 1u << 15 : 0) | (below(2) ? 0 : static_cast<uint32_t>(bits() & 0x3f));
    if (one_in(6)) {  // unmasked
        s.mxcsr() &= ~(0x3fu | static_cast<uint32_t>(bits() & 0x1f80));
        s.control() &= static_cast<uint16_t>(~(bits() & 0x3f));
        if (!one_in(8)) s.status() &= 0xffc0;
    }
    // A pending exception is an unmasked flag, and only that.
    if (s.status() & ~s.control() & 0x3f) s.status() |= 0x8080;
    for (unsigned i = 0; i < 8; ++i) extended(s.st(i));
    for (unsigned i = 0; i < 16; ++i) vector(s.xmm(i));
    // Now and then two registers alike, for cancellation.
    if (one_in(4)) std::memcpy(s.xmm(below(16)), s.xmm(0), 16);
    if (one_in(6)) std::memcpy(s.st(1), s.st(0), 10);
    return s;
}

void Random::fill(Data& data) {
    for (unsigned i = 0; i < window_bytes; i += 16) {
        uint8_t* at = data.data() + i;
        vector(at);
        const unsigned kind = below(6);
        if (kind == 0) extended(at);
        if (kind == 1) {
            for (unsigned j = 0; j < 16; j += 8) {
                const uint64_t v = below(2) ? integer() : pointer();
                std::memcpy(at + j, &v, 8);
            }
        }
        if (kind == 2) {  // decimal, and control words that can be loaded
            for (unsigned j = 0; j < 10; ++j) at[j] = static_cast<uint8_t>(below(10) | below(10) << 4);
            const auto mxcsr = static_cast<uint32_t>(bits() & (below(4) ? 0xff80 : 0xffff));
            std::memcpy(at + 12, &mxcsr, 4);
        }
    }
}

}  // namespace stile::fuzz
