// SPDX-License-Identifier: Apache-2.0
//
// Mistakes in the protection unit and in what becomes of its answers.
#include <algorithm>
#include <set>

#include "tests/codoms/plant/plant.h"

namespace stile::codoms_fuzz {

using namespace model;

namespace {

template <class T>
std::unique_ptr<Protection> wrap(std::unique_ptr<Protection> unit) {
    return std::make_unique<T>(std::move(unit));
}

template <bool CodomsChecks::*rule>
struct Without final : Spoilt {
    explicit Without(std::unique_ptr<Protection> unit) : Spoilt(std::move(unit)) {
        codoms.checks.*rule = false;
    }
};
template <bool CodomsChecks::*rule>
constexpr ProtectionWrapper without = wrap<Without<rule>>;

// --- What must be forgotten
struct StaleEntry final : Spoilt {
    using Spoilt::Spoilt;
    void apl_invalidate(int64_t) override { stale = true; }
};
struct StaleAfterInvalidation final : Spoilt {
    using Spoilt::Spoilt;
    void apl_invalidate(int64_t tag) override {
        Spoilt::apl_invalidate(tag);
        stale = false;
    }
};
struct StaleAfterReplacement final : Spoilt {
    using Spoilt::Spoilt;
    void apl_fill(const stile_apl_record& record) override {
        Spoilt::apl_fill(record);
        stale = false;
    }
};
struct StaleAfterReturn final : Spoilt {
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        const bool ok = Spoilt::arrive(s, page, vaddr, from_rip, dcs, fault);
        capabilities_stale = false;
        return ok;
    }
};
struct OneContextForAll final : Spoilt {
    using Spoilt::Spoilt;
    uint64_t context(const CpuState& s) const override { return s.cd.control & 1; }
};
struct PageForRange final : Spoilt {
    using Spoilt::Spoilt;
    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override {
        const Verdict v = Spoilt::data(s, from, page, vaddr, bytes, access, fault);
        return v == Verdict::allow_range ? Verdict::allow_page_by_cap : v;
    }
};
struct CapabilityForGood final : Spoilt {
    using Spoilt::Spoilt;
    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override {
        const Verdict v = Spoilt::data(s, from, page, vaddr, bytes, access, fault);
        return v == Verdict::allow_page_by_cap ? Verdict::allow_page : v;
    }
};

// --- Wrong questions: the registers as the unit sees them
template <void (*change)(stile_cap& c, uint16_t from)>
struct Registers final : Spoilt {
    using Spoilt::Spoilt;
    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override {
        const auto caps = s.cd.caps;
        for (stile_cap& c : s.cd.caps) change(c, from);
        const Verdict v = Spoilt::data(s, from, page, vaddr, bytes, access, fault);
        s.cd.caps = caps;
        return v;
    }
};
void one_longer(stile_cap& c, uint16_t) {
    if (c.length != 0) ++c.length;
}
void wraps(stile_cap& c, uint16_t) {
    if (c.base + c.length < c.base) c.length += c.base, c.base = 0;
}
void origin_is_the_user(stile_cap& c, uint16_t from) { c.word = (c.word & ~0xffffu) | from; }
void always_writes(stile_cap& c, uint16_t) {
    if (STILE_CAP_RIGHT(c.word) == STILE_RIGHT_READ) c.word |= 3u << 28;
}

struct SecondPieceIsFree final : Spoilt {
    using Spoilt::Spoilt;
    uint64_t end = 1;
    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override {
        if (vaddr == end && vaddr % 4096 == 0 && bytes < 16) {
            end = 1;
            allowed_from = vaddr;
            allowed_to = vaddr + bytes;
            return Verdict::allow_range;
        }
        const Verdict v = Spoilt::data(s, from, page, vaddr, bytes, access, fault);
        end = v == Verdict::refuse ? 1 : vaddr + bytes;
        return v;
    }
};
struct CallRightReads final : Spoilt {
    using Spoilt::Spoilt;
    Verdict data(CpuState& s, uint16_t from, const PageAttributes& page, uint64_t vaddr, unsigned bytes,
                 Access access, Fault& fault) override {
        const Verdict v = Spoilt::data(s, from, page, vaddr, bytes, access, fault);
        const bool by_call = v == Verdict::refuse && STILE_CD_REASON(fault.error) == STILE_CD_RIGHT &&
                             access == Access::read && s.cd.fault_right >> 8 == STILE_RIGHT_CALL;
        return by_call ? Verdict::allow_page : v;
    }
};

// --- Crossings
struct HalfAlignment final : Spoilt {
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        const bool odd = s.cd.latch.kind != STILE_XFER_RET && vaddr % 64 == 32;
        return Spoilt::arrive(s, page, odd ? vaddr - 32 : vaddr, from_rip, dcs, fault);
    }
};
struct DcsOneMore final : Spoilt {
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        s.cd.dcs_limit += 32;
        const bool ok = Spoilt::arrive(s, page, vaddr, from_rip, dcs, fault);
        s.cd.dcs_limit -= 32;
        return ok;
    }
};
struct DcsOneLess final : Spoilt {
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        s.cd.dcs_base -= 32;
        const bool ok = Spoilt::arrive(s, page, vaddr, from_rip, dcs, fault);
        s.cd.dcs_base += 32;
        return ok;
    }
};
struct DepthStays final : Spoilt {
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        const uint64_t depth = s.cd.depth;
        const bool back = s.cd.latch.kind == STILE_XFER_RET;
        const bool ok = Spoilt::arrive(s, page, vaddr, from_rip, dcs, fault);
        if (back) s.cd.depth = depth;
        return ok;
    }
};
struct EmptiesTooFew final : Spoilt {  // those of the very activation that returns stay
    using Spoilt::Spoilt;
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        const auto caps = s.cd.caps;
        const bool ok = Spoilt::arrive(s, page, vaddr, from_rip, dcs, fault);
        for (unsigned i = 0; i < STILE_CAP_REGS; ++i)
            if (STILE_CAP_DEPTH(caps[i].word) == s.cd.depth + 1) s.cd.caps[i] = caps[i];
        return ok;
    }
};
// What the unit reads from the stack looks as it should.
template <bool tag>
struct Agreeable final : Spoilt {
    using Spoilt::Spoilt;
    struct Memory final : DcsMemory {
        DcsMemory& real;
        uint64_t target;
        uint16_t to;
        Memory(DcsMemory& real, uint64_t target, uint16_t to) : real(real), target(target), to(to) {}
        bool push(uint64_t vaddr, const stile_cap& c, uint32_t flags, bool any_page, Fault& fault) override {
            return real.push(vaddr, c, flags, any_page, fault);
        }
        bool read(uint64_t vaddr, stile_cap& c, uint32_t flags, bool any_page, Fault& fault) override {
            if (!real.read(vaddr, c, flags, any_page, fault)) return false;
            if (STILE_CAP_TYPE(c.word) != STILE_CAP_RETURN) return true;
            if (tag)
                c.word = (c.word & ~0xffffu) | to;
            else
                c.base = target;
            return true;
        }
    };
    bool arrive(CpuState& s, const PageAttributes& page, uint64_t vaddr, uint64_t from_rip, DcsMemory& dcs,
                Fault& fault) override {
        Memory memory(dcs, vaddr, page.tag);
        return Spoilt::arrive(s, page, vaddr, from_rip, memory, fault);
    }
};
struct StraddleOnce final : Spoilt {  // the answer is kept
    using Spoilt::Spoilt;
    std::set<uint64_t> passed;
    bool straddle(CpuState& s, const PageAttributes& first, const PageAttributes& last, uint64_t vaddr,
                  Fault& fault) override {
        if (passed.contains(vaddr)) return true;
        const bool ok = Spoilt::straddle(s, first, last, vaddr, fault);
        if (ok) passed.insert(vaddr);
        return ok;
    }
};

}  // namespace

const std::vector<Bug>& missing_rules() {
    static const std::vector<Bug> bugs{
        {"NoAlignment", "a call right enters anywhere", without<&CodomsChecks::align>, {}},
        {"CapabilityOutlivesItsFrame",
         "a return leaves the callee's capabilities",
         without<&CodomsChecks::frame>,
         {}},
        {"CountersAreNotCompared", "revoked capabilities stay alive", without<&CodomsChecks::counter>, {}},
        {"StraddleIsNotChecked", "an instruction in two domains", without<&CodomsChecks::straddle>, {}},
        {"OriginIsNotLookedUp", "a capability means what it says", without<&CodomsChecks::cap_origin>, {}},
        {"LatchIsLostAtAnInterrupt",
         "an interrupted crossing is not checked",
         without<&CodomsChecks::saved_latch>,
         {}},
        {"KernelIsADeputy", "ring 0 touches whatever user page", without<&CodomsChecks::deputy>, {}},
        {"AnyPageIsPrivileged", "privileged instructions anywhere", without<&CodomsChecks::privileged>, {}},
        {"CapabilityStorageIsOrdinary",
         "loads and stores of capability storage",
         without<&CodomsChecks::cap_page>,
         {}},
        {"TypesAreNotChecked",
         "return capabilities are popped, synchronous ones stored",
         without<&CodomsChecks::cap_type>,
         {}},
        {"RestrictionWidens", "cd.caprst sets any range", without<&CodomsChecks::cap_range>, {}},
        {"StackHasNoEnd", "the capability stack's bounds", without<&CodomsChecks::dcs>, {}},
    };
    return bugs;
}

const std::vector<Bug>& unit_bugs() {
    static const std::vector<Bug> bugs{
        {"StaleAplEntry", "cd.aplinv leaves the entry", wrap<StaleEntry>, {}},
        {"StaleRightAfterInvalidation",
         "cd.aplinv leaves what was remembered",
         wrap<StaleAfterInvalidation>,
         {}},
        {"StaleRightAfterReplacement",
         "cd.aplfill leaves what was remembered",
         wrap<StaleAfterReplacement>,
         {}},
        {"StaleRightAfterReturn",
         "an emptied register leaves what was remembered",
         wrap<StaleAfterReturn>,
         {}},
        {"ContextWithoutDomain", "what one domain may another may", wrap<OneContextForAll>, {}},
        {"PageForRange", "a capability of a part opens the page", wrap<PageForRange>, {}},
        {"CapabilityRememberedForGood", "what a capability allowed outlives it", wrap<CapabilityForGood>, {}},
        {"RangeOneTooLong", "length, off by one", wrap<Registers<one_longer>>, {}},
        {"RangeWraps", "base + length beyond the end of memory", wrap<Registers<wraps>>, {}},
        {"OriginIsTheUser",
         "the lookup is made with the current domain",
         wrap<Registers<origin_is_the_user>>,
         {}},
        {"ReadCapabilityWrites",
         "the capability's right is not looked at",
         wrap<Registers<always_writes>>,
         {}},
        {"SecondPageIsFree", "of an access that crosses a page", wrap<SecondPieceIsFree>, {}},
        {"CallRightReads", "a call right lets load", wrap<CallRightReads>, {}},
        {"HalfAlignment", "entry points every 32 bytes", wrap<HalfAlignment>, {}},
        {"StackLimitOffByOne", "an entry beyond the limit is pushed", wrap<DcsOneMore>, {}},
        {"StackBaseOffByOne", "an entry below the base is popped", wrap<DcsOneLess>, {}},
        {"DepthIsNotRestored", "a return leaves the depth", wrap<DepthStays>, {}},
        {"EmptiesTooFew", "depth compared off by one", wrap<EmptiesTooFew>, {}},
        {"ReturnTagIsNotCompared", "the address alone counts", wrap<Agreeable<true>>, {}},
        {"ReturnAddressIsNotCompared", "the tag alone counts", wrap<Agreeable<false>>, {}},
        {"StraddleIsRemembered", "an instruction that once lay in one domain", wrap<StraddleOnce>, {}},
    };
    return bugs;
}

}  // namespace stile::codoms_fuzz
