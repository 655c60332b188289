// SPDX-License-Identifier: Apache-2.0
#include "model/timing/ooo_block.h"

#include "model/timing/ports.h"

namespace stile::model {

OooBlock make_ooo_block(const isa::BlockCode& code, const CoreConfig& config) {
    OooBlock block;
    const TimedBlock timed = make_timed_block(code, config, 0);
    block.uops.reserve(timed.uops.size());
    for (const TimedUop& t : timed.uops) {
        OooUop u;
        static_cast<TimedUop&>(u) = t;
        const isa::Uop& uop = code.uops[t.uop];
        const isa::OpInfo& info = isa::op_info(uop.op);
        u.cls = static_cast<uint8_t>(info.cls);
        u.ports = parse_ports(config.ooo.ports[u.cls]);
        u.address_sources =
            static_cast<uint8_t>((info.reads_a && uop.a != isa::ZERO && uop.a != isa::PCBASE) +
                                 (info.reads_b && uop.b != isa::ZERO));
        u.fused = !block.uops.empty() && block.uops.back().insn == u.insn &&
                  block.uops.back().kind == TimedUop::load && u.kind == TimedUop::plain;
        block.uops.push_back(u);
    }
    return block;
}

}  // namespace stile::model
