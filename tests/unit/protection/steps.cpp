// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/protection/steps.h"

#include <iomanip>
#include <sstream>

namespace stile::model::test {

std::string describe(const Step& s) {
    static constexpr const char* names[] = {
        "load",  "store", "announce store", "transfer", "ring", "execute", "grant", "map",
        "evict", "core",  "thread",         "space",    "poke", "forge",   "stack", "WP"};
    static_assert(std::size(names) == static_cast<size_t>(What::count));
    static constexpr const char* kinds[] = {"seq", "jump", "call", "ret", "privileged ret"};
    static constexpr const char* rights[] = {"nil", "call", "read", "write"};
    std::ostringstream o;
    o << names[static_cast<unsigned>(s.what)] << std::hex;
    switch (s.what) {
        case What::load:
        case What::store:
        case What::announce:
            o << " 0x" << s.address << " " << std::dec << s.bytes << " bytes";
            break;
        case What::transfer:
            o << " " << kinds[s.i.n] << " to 0x" << s.address << " back 0x" << s.i.r << " instruction of "
              << s.bytes << (s.i.m ? " interrupted" : "");
            break;
        case What::execute:
            o << " " << isa::spec::name(s.i.op) << " N " << s.i.n << " M " << s.i.m << " m 0x" << s.i.address
              << " r 0x" << s.i.r << " rcx 0x" << s.i.rcx << " ib " << unsigned{s.i.imm};
            break;
        case What::grant:
            o << " " << s.i.n << " over " << s.i.m << ": " << rights[s.i.imm];
            break;
        case What::map:
            o << " 0x" << s.address << (s.bytes ? "" : " not present") << " tag " << s.i.n << " frame "
              << s.i.m << (s.i.imm & attr_writable ? " w" : "") << (s.i.imm & attr_user ? " u" : "")
              << (s.i.imm & attr_exec ? " x" : "") << (s.i.imm & attr_privileged ? " privileged" : "")
              << (s.i.imm & attr_storage ? " storage" : "");
            break;
        case What::evict:
            o << " " << (s.i.m ? std::string("all") : std::to_string(s.i.n));
            break;
        case What::forge:
            o << " at 0x" << s.address << " base 0x" << s.i.r << " length 0x" << s.i.rcx << " counter 0x"
              << s.i.address << " value " << unsigned{s.i.imm} << " origin " << s.i.n << " " << rights[s.i.m];
            break;
        case What::stack:
            o << " pointer 0x" << s.address << " base 0x" << s.i.r << " limit 0x" << s.i.rcx << " depth "
              << std::dec << s.bytes;
            break;
        case What::ring:
        case What::wp:
        case What::thread:
        case What::core:
            o << " " << s.i.n;
            break;
        case What::space:
            o << " " << s.i.n << (s.i.m ? " and drop" : "");
            break;
        case What::poke:
            o << " 0x" << s.address << " := 0x" << s.i.r;
            break;
        default:
            break;
    }
    return o.str();
}

std::string describe(const Steps& steps) {
    std::string all;
    for (const Step& s : steps) all += "  " + describe(s) + "\n";
    return all;
}

}  // namespace stile::model::test
