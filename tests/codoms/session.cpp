// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/session.h"

#include <fmt/format.h>

#include <cstring>

namespace stile::codoms_fuzz {

using model::Cycles;

namespace {

constexpr size_t remembered = 400, most_lines = 32;

// How many APL misses an instruction may have without getting on: each evicts what another needs.
constexpr unsigned most_misses = 60;
// Of a repeated one, each element may have some.
constexpr unsigned most_in_slice = 1000;

std::string text_of(const stile_cap& c) {
    return fmt::format(
        "{{base {:#x} length {:#x} counter {:#x} value {} origin {:#x} depth {} right {} type {}}}", c.base,
        c.length, c.counter, c.value, STILE_CAP_ORIGIN(c.word), STILE_CAP_DEPTH(c.word),
        STILE_CAP_RIGHT(c.word), STILE_CAP_TYPE(c.word));
}

std::string text_of(const spec::Outcome& o) {
    if (o.allowed()) return "allowed";
    return fmt::format("vector {} error {:#x} address {:#x} from {:#x} to {:#x} needed {} had {}", o.vector,
                       o.error, o.address, o.from, o.to, o.needed, o.had);
}

}  // namespace

Session::Session(const Plan& plan, Machine& machine, Coverage& coverage)
    : plan_(plan),
      machine_(machine),
      coverage_(coverage),
      model_(static_cast<unsigned>(machine.model)),
      ref_(plan, machine.cores(), machine.shape.entries, coverage, model_),
      pages_(plan.pages),
      seats_(machine.cores()),
      contexts_(plan.threads.size()),
      seated_(plan.threads.size()),
      trail_(remembered) {
    for (size_t t = 0; t < plan.threads.size(); ++t) {
        contexts_[t].r = plan.threads[t].r;
        contexts_[t].rip = plan.threads[t].rip;
        ref_.world.poke(saves_at + t * save_bytes, &plan.threads[t].state, sizeof(stile_cd_state));
    }
}

bool Session::differ(std::string what) {
    if (different_.empty()) different_ = std::move(what);
    return false;
}

std::optional<Mismatch> Session::run() {
    machine_.load(plan_, ref_.world);
    bool same = true;
    for (unsigned c = 0; c < machine_.cores() && same; ++c) {
        Cpu& cpu = ref_.cpus[c];
        cpu.core.ring = 0;
        seats_[c] = {c, contexts_[c]};
        seated_[c] = true;
        same = restore(c, saves_at + c * save_bytes);
        if (!same) break;
        cpu.r = contexts_[c].r;
        cpu.rip = contexts_[c].rip;
    }
    for (const Action& action : plan_.actions) {
        if (!same) break;
        End end{};
        same = slice(active_, action, end);
        if (same && log) same = same_memory();  // the sooner it is seen, the better
        if (!same || end == End::lost) break;
        go_on_from(active_, action, end);
        for (const Event& e : action.events)
            if (!apply(e)) {
                same = false;
                break;
            }
        same = same && different_.empty();
        ++action_;
    }
    if (same && abandoned == 0) same = same_memory();
    if (same) return {};
    Mismatch m;
    m.what = different_;
    m.action = action_;
    std::vector<std::string> lines;
    for (size_t i = 0; i < remembered; ++i) {
        const uint64_t at = trail_[(trail_at_ + i) % remembered];
        const Insn* insn = ref_.insn_at(at);
        if (insn && insn->kind != Kind::nop)
            lines.push_back(fmt::format("  {:x}  {}\n", at, codoms_fuzz::text_of(*insn)));
    }
    for (size_t i = lines.size() > most_lines ? lines.size() - most_lines : 0; i < lines.size(); ++i)
        m.listing += lines[i];
    return m;
}

// The reference executes what the core has executed.
bool Session::catch_up(unsigned core, uint64_t count, Step& last) {
    Cpu& cpu = ref_.cpus[core];
    while (cpu.count < count) {
        trail_[trail_at_++ % remembered] = cpu.rip;
        last = ref_.step(cpu);
        if (last.what == Step::lost) return true;
        if (last.what == Step::fault)
            return differ(
                fmt::format("{:x}: by the rules {}; the core went on", cpu.rip, text_of(last.outcome)));
        if (last.what == Step::trap && cpu.count < count)
            return differ(fmt::format("{:x}: a trap ({}) that the core did not take", cpu.from, last.vector));
    }
    return true;
}

bool Session::same_fault(unsigned core, const Machine::Stop& stop, const spec::Outcome& want, bool fetch) {
    const model::CodomsState& cd = machine_.state(core).cd;
    spec::Outcome got;
    got.vector = stop.vector;
    got.error = stop.error;
    if (stop.vector == spec::vec_pf || stop.vector == spec::vec_cd) got.address = stop.address;
    if (stop.vector == spec::vec_cd) {
        got.from = cd.fault_from;
        got.to = cd.fault_to;
        got.needed = cd.fault_right & 0xff;
        got.had = cd.fault_right >> 8;
    }
    if (got != want) return differ(fmt::format("by the rules {}; the core: {}", text_of(want), text_of(got)));
    const Cpu& cpu = ref_.cpus[core];
    if (fetch && stop.vector == spec::vec_cd && want.reason() != STILE_CD_STRADDLE && cpu.from_known &&
        cd.fault_rip != cpu.from)
        return differ(fmt::format("FAULT_RIP {:#x}, but {:#x} led here", cd.fault_rip, cpu.from));
    return true;
}

bool Session::same_state(unsigned core, const Context& context, const spec::Latch& latch,
                         const model::TransferLatch& is) {
    const Cpu& cpu = ref_.cpus[core];
    const model::CpuState& s = machine_.state(core);
    if (context.rip != cpu.rip)
        return differ(fmt::format("RIP {:#x}, by the rules {:#x}", context.rip, cpu.rip));
    for (unsigned i = 0; i < 16; ++i)
        if (!(cpu.unknown >> i & 1) && context.r[i] != cpu.r[i])
            return differ(fmt::format("at {:#x} register {}: {:#x}, by the rules {:#x}", cpu.rip, i,
                                      context.r[i], cpu.r[i]));
    for (unsigned i = 0; i < 8; ++i)
        if (s.xmm[i].lo != cpu.xmm[i][0] || s.xmm[i].hi != cpu.xmm[i][1])
            return differ(fmt::format("at {:#x} xmm{}: {:x}_{:x}, by the rules {:x}_{:x}", cpu.rip, i,
                                      s.xmm[i].hi, s.xmm[i].lo, cpu.xmm[i][1], cpu.xmm[i][0]));
    const auto number = [&](const char* name, uint64_t is_, uint64_t want) {
        return is_ == want ||
               differ(fmt::format("at {:#x} {}: {:#x}, by the rules {:#x}", cpu.rip, name, is_, want));
    };
    if (!number("DCS pointer", s.cd.dcs_ptr, cpu.core.dcs_ptr) ||
        !number("DCS base", s.cd.dcs_base, cpu.core.dcs_base) ||
        !number("DCS limit", s.cd.dcs_limit, cpu.core.dcs_limit) ||
        !number("depth", s.cd.depth, cpu.core.depth) || !number("KCS", s.cd.kcs, cpu.core.kcs) ||
        !number("latch tag", is.tag, latch.tag) || !number("latch kind", is.kind, latch.kind))
        return false;
    if (latch.kind == STILE_XFER_CALL &&
        !number("latch return address", is.return_address, latch.return_address))
        return false;
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i)
        if (std::memcmp(&s.cd.caps[i], &cpu.core.caps[i], sizeof(stile_cap)) != 0)
            return differ(fmt::format("at {:#x} c{}: {}, by the rules {}", cpu.rip, i, text_of(s.cd.caps[i]),
                                      text_of(cpu.core.caps[i])));
    return true;
}

// False: they differ. `thrash`: the instruction misses for ever.
bool Session::answer_miss(unsigned core, Machine::Stop& stop, Cycles until, uint64_t count, bool& thrash) {
    const model::CodomsState& cd = machine_.state(core).cd;
    const uint16_t tag = cd.fault_to;
    ++misses;
    coverage_.add(model_, stop.error & STILE_CD_FETCH ? Route::jump : Route::load, Rule::apl_miss);
    if (machine_.shape.walk) return differ(fmt::format("an APL miss of {:#x} on a machine that walks", tag));
    if (machine_.core(core).protection().hardware_tag(tag) >= 0)
        return differ(fmt::format("an APL miss of {:#x}, which is cached", tag));
    const Context context = machine_.context(core, stop);
    Cpu& cpu = ref_.cpus[core];
    if (!(stop.error & STILE_CD_FETCH)) {  // the instruction has been fetched already
        const Insn* insn = ref_.insn_at(cpu.rip);
        const spec::Outcome o = spec::fetch(ref_.world, cpu.core, cpu.rip, insn ? insn->len : 1);
        if (!o.allowed())
            return differ(fmt::format("{:x}: by the rules {}; the core goes on", cpu.rip, text_of(o)));
    }
    if (!same_state(core, context, cpu.core.latch, cd.saved_latch)) return false;
    in_a_row_ = count == last_count_ && context.r[rcx] == last_rcx_ ? in_a_row_ + 1 : 0;
    last_count_ = count;
    last_rcx_ = context.r[rcx];
    if (in_a_row_ > most_misses || ++in_slice_ > most_in_slice) {
        in_a_row_ = 0;
        thrash = true;
        return true;
    }
    if (cpu.core.latch.kind == STILE_XFER_SEQ) cpu.from_known = false;
    spec::enter_ring0(ref_.world, cpu.core);  // what cd.save sees changes
    spec::return_to_ring3(ref_.world, cpu.core, cpu.rip);
    stop = machine_.refill_and_return(core, context, machine_.record(core, tag, ref_.world), until);
    return true;
}

bool Session::slice(unsigned core, const Action& action, End& end) {
    Cpu& cpu = ref_.cpus[core];
    Context& context = seats_[core].context;
    const Cycles length = Cycles{action.slice} * (machine_.model == model::CoreModel::inorder ? 2 : 1) + 20;
    const Cycles until = machine_.core(core).now() + length;
    cpu.count = 0;
    in_slice_ = 0;
    spec::return_to_ring3(ref_.world, cpu.core, cpu.rip);
    // A sequential transfer begins where it was interrupted; without checks the latch stands still.
    if (cpu.core.latch.kind == STILE_XFER_SEQ || unchecked_) cpu.from_known = false;
    const uint64_t start = machine_.user_instructions(core),
                   slow_before = machine_.core(core).mmu().slow_accesses;
    Machine::Stop stop = machine_.enter(core, context, length);
    Step last;
    for (;;) {
        const uint64_t count = machine_.user_instructions(core) - start;
        if (stop.what == Machine::Stop::broken)
            return differ(fmt::format("the core stands still near {:#x}: {}", cpu.rip,
                                      machine_.core(core).stop_reason()));
        last = {};
        if (!catch_up(core, count, last)) return false;
        if (last.what == Step::lost) break;
        const model::CpuState& s = machine_.state(core);
        if (const Insn* insn = ref_.insn_at(cpu.rip);
            insn && insn->rep && stop.what != Machine::Stop::trap && s.r[isa::RCX] < cpu.r[rcx]) {
            // In the middle of a repeated instruction. Its fetch has been checked.
            if (spec::fetch(ref_.world, cpu.core, cpu.rip, insn->len).allowed()) {
                const Step part = ref_.elements(cpu, s.r[isa::RCX]);
                if (part.what == Step::fault)
                    return differ(
                        fmt::format("{:x}: by the rules an element is refused, {}; the core went on", cpu.rip,
                                    text_of(part.outcome)));
            }
        }
        if (stop.what == Machine::Stop::time) {
            // Where cores wait for each other before a locked instruction it has been fetched, and is not
            // again.
            const bool fetched =
                s.cd.latch.kind == STILE_XFER_SEQ &&
                (cpu.core.latch.kind != STILE_XFER_SEQ || s.cd.latch.tag != cpu.core.latch.tag);
            if (fetched && machine_.cores() > 1 && machine_.model != model::CoreModel::functional) {
                const Insn* insn = ref_.insn_at(cpu.rip);
                const spec::Outcome o = spec::fetch(ref_.world, cpu.core, cpu.rip, insn ? insn->len : 1);
                if (!o.allowed())
                    return differ(fmt::format("{:x}: fetched; by the rules {}", cpu.rip, text_of(o)));
            }
            if (!same_state(core, machine_.context(core, stop), cpu.core.latch, s.cd.latch)) return false;
            stop = machine_.interrupt(core);
            if (stop.what != Machine::Stop::trap) return differ("an interrupt that is not delivered");
            end = End::trap;
            break;
        }
        if (stop.what == Machine::Stop::trap) {
            if (last.what != Step::trap || last.vector != stop.vector)
                return differ(
                    fmt::format("trap {} at {:#x}, by the rules {}", stop.vector, cpu.rip, last.vector));
            end = End::trap;
            break;
        }
        if (stop.vector == spec::vec_cd && STILE_CD_REASON(stop.error) == STILE_CD_APL_MISS) {
            bool thrash = false;
            if (!answer_miss(core, stop, until, count, thrash)) return false;
            if (!thrash) continue;
            ++thrashed;
            stopped_ = {};
            stopped_.fetch = stop.error & STILE_CD_FETCH;
            stopped_.insn = ref_.insn_at(cpu.rip);
            end = End::thrash;
            break;
        }
        trail_[trail_at_++ % remembered] = cpu.rip;
        stopped_ = ref_.step(cpu);
        if (stopped_.what == Step::lost) break;
        if (stopped_.what != Step::fault)
            return differ(fmt::format(
                "{:x}: the core raises vector {} error {:#x} address {:#x}; by the rules it goes on",
                cpu.from, stop.vector, stop.error, stop.address));
        if (!same_fault(core, stop, stopped_.outcome, stopped_.fetch)) return false;
        refusal_ = stopped_.outcome;
        end = End::fault;
        break;
    }
    if (last.what == Step::lost || stopped_.what == Step::lost) {
        ++abandoned;
        end = End::lost;
        return true;
    }
    slow += machine_.core(core).mmu().slow_accesses - slow_before;
    context = machine_.context(core, stop);
    const model::CpuState& s = machine_.state(core);
    in_a_row_ = 0;
    if (!same_state(core, context, cpu.core.latch, s.cd.saved_latch)) return false;
    if (log)
        note(fmt::format("core {} thread {} stops at {:#x}: {}", core, seats_[core].thread, context.rip,
                         end == End::fault  ? text_of(stopped_.outcome)
                         : end == End::trap ? "trap"
                                            : "misses for ever"));
    for (unsigned i = 0; i < 16; ++i)
        if (cpu.unknown >> i & 1) cpu.r[i] = context.r[i];
    cpu.unknown = 1 << r11;
    spec::enter_ring0(ref_.world, cpu.core);
    return true;
}

// What the kernel makes of it.
void Session::go_on_from(unsigned core, const Action& action, End end) {
    if (end == End::trap) return;
    Cpu& cpu = ref_.cpus[core];
    Seat& seat = seats_[core];
    uint64_t to = 0;
    if (end == End::fault && action.resume == Resume::retry) return;
    if (action.resume != Resume::restart) {
        const uint64_t from = stopped_.fetch ? cpu.from : cpu.rip;
        const Insn* insn = ref_.insn_at(from);
        if (insn && (!stopped_.fetch || cpu.from_known)) to = from + insn->len;
        if (const Insn* next = ref_.insn_at(to); next && next->kind == Kind::jnz) to += next->len;
        // Where it fell through into what was refused there is no way past it.
        if (to == cpu.rip) to = 0;
    }
    if (to == 0) to = plan_.starts[action.where % plan_.starts.size()];
    cpu.rip = seat.context.rip = to;
    cpu.from_known = false;
    set_latch(core, to);
    note(fmt::format("goes on at {:#x}", to));
}

bool Session::same_memory() {
    const auto& memory = ref_.world.memory;
    for (const PagePlan& p : pages_) {
        const uint64_t size = p.large ? large_bytes : page_bytes;
        auto it = memory.lower_bound(p.frame / 8);
        const auto* words = reinterpret_cast<const uint64_t*>(machine_.memory().host(p.frame));
        for (uint64_t i = 0; i < size / 8; ++i) {
            uint64_t want = 0;
            if (it != memory.end() && it->first == p.frame / 8 + i) want = (it++)->second;
            if (words[i] != want)
                return differ(
                    fmt::format("memory at {:#x}: {:#x}, by the rules {:#x}", p.at + i * 8, words[i], want));
        }
    }
    return true;
}

}  // namespace stile::codoms_fuzz
