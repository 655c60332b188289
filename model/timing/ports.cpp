// SPDX-License-Identifier: Apache-2.0
//
// Ivy Bridge's six ports. Sources as in latency_table.cpp: llvm (X86SchedSandyBridge.td), osaca (ivb.yml).
#include "model/timing/ports.h"

#include "model/config.h"

namespace stile::model {
namespace {

using C = isa::OpClass;

constexpr PortRow port_rows[] = {
    {C::alu, "p015", 1, "llvm, osaca"},
    {C::carry, "p015", 2, "llvm, osaca"},
    {C::cmov, "p05", 2, "llvm, osaca: p05 and any"},
    {C::bits, "p1", 1, "llvm, osaca"},
    {C::shift, "p05", 1, "llvm, osaca"},
    {C::shift_cl, "p05", 3, "llvm, osaca"},
    {C::mul, "p1", 1, "llvm, osaca"},
    {C::div32, "p0", 10, "llvm, osaca"},
    {C::div64, "p0", 32, "llvm, osaca"},
    {C::lea, "p01", 1, "osaca: simple address"},
    {C::lea_complex, "p1", 1, "choice: three parts, or relative to rip"},
    {C::branch, "p5", 1, "llvm"},
    {C::load, "p23", 1, "llvm, osaca"},
    {C::store, "p4", 1, "llvm, osaca: the data; addresses by ooo.store_address_ports"},
    {C::vec_move, "p015", 1, "llvm, osaca: logic"},
    {C::vec_int, "p15", 1, "llvm, osaca"},
    {C::vec_shift, "p0", 1, "llvm, osaca"},
    {C::vec_mul, "p0", 1, "llvm, osaca"},
    {C::vec_to_int, "p0", 1, "llvm"},
    {C::int_to_vec, "p5", 1, "llvm"},
    {C::fp_add, "p1", 1, "llvm, osaca"},
    {C::fp_mul, "p0", 1, "llvm, osaca"},
    {C::fp_div, "p0", 1, "llvm, osaca"},
    {C::fp_div_s, "p0", 1, "llvm, osaca"},
    {C::fp_sqrt, "p0", 1, "llvm, osaca"},
    {C::fp_sqrt_s, "p0", 1, "llvm, osaca"},
    {C::fp_cvt, "p1", 1, "llvm, osaca"},
    {C::capability, "p015", 1, "choice: as integer arithmetic"},
    {C::x87, "p1", 1, "llvm: fadd p1, fmul p0"},
};

}  // namespace

std::span<const PortRow> port_table() { return port_rows; }

uint16_t parse_ports(std::string_view text) {
    if (text.size() < 2 || text[0] != 'p') return 0;
    uint16_t mask = 0;
    for (const char c : text.substr(1)) {
        if (c >= '0' && c <= '9')
            mask |= static_cast<uint16_t>(1 << (c - '0'));
        else if (c >= 'a' && c <= 'f')
            mask |= static_cast<uint16_t>(1 << (c - 'a' + 10));
        else
            return 0;
    }
    return mask;
}

OpCounts default_uops() {
    OpCounts counts;
    counts.fill(1);
    for (const PortRow& r : port_rows) counts[static_cast<size_t>(r.cls)] = r.uops;
    return counts;
}

PortTable default_ports() {
    PortTable table;
    for (const PortRow& r : port_rows) table[static_cast<size_t>(r.cls)] = r.ports;
    return table;
}

}  // namespace stile::model
