// SPDX-License-Identifier: Apache-2.0
//
// What a checkpoint holds of a core, and how a core comes out of one: as a new one, so that nothing is left
// in it of what it had only remembered (software TLBs, translated code, links between blocks, whose code was
// counted how). A run that writes a checkpoint goes on with a core made in the same way, and therefore cannot
// differ from one that begins with it.
#include "model/checkpoint/archive.h"
#include "model/checkpoint/state.h"
#include "model/core/core_complex.h"
#include "model/core/core_impl.h"

namespace stile::model {

void archive(StateArchive& a, CpuidQuestion& question) {
    auto& [leaf, subleaf] = question;
    a(leaf, subleaf);
}

void archive(StateArchive& a, InterruptMessage& message) {
    auto& [delivery, shorthand, logical, vector, destination] = message;
    a(delivery, shorthand, logical, vector, destination);
}

void LocalApic::archive(StateArchive& a) {
    a(requested_, in_service_, tpr_, command_, spurious_, error_, pending_error_, lvt_timer_, lvt_other_,
      divide_, initial_, due_, arrivals_, arrival_, nmi_, init_, start_up_);
    if (due_ != never && mode() == Mode::periodic && initial_ == 0)
        StateArchive::refuse("its timer has no period");
    if (arrival_ != (arrivals_.empty() ? never : arrivals_.front().at))
        StateArchive::refuse("a message is lost");
}

void Core::Impl::archive(StateArchive& a) {
    settle();
    // Flags are kept as the operands that they come from; here they are bits.
    uint32_t flags = arithmetic_flags(f);
    bool watched = mmu_unit.watches_stores();
    a.section("core");
    a(s, flags, interrupt_shadow, counters, apic, start, waits_for_start, nmi_blocked, in_tick, halt_told,
      from_rip, saved_from_rip, tsc_offset, dr, trail, trail_at, cpuid_asked, watched);
    a.section("protection");
    protection->archive(a);
    if (!a.loading()) return;
    if (trail_at >= 1u << 31) trail_at %= remembered;
    f.set_plain(flags & flag::arithmetic);
    self.watch_stores(watched);
    sync();
}

void Core::archive(StateArchive& a) {
    if (a.loading()) {
        auto fresh = std::make_unique<Impl>(*this, impl_->config, impl_->memory, impl_->mmio, impl_->observer,
                                            nullptr, impl_->id);
        fresh->complex = impl_->complex;
        fresh->apic = impl_->apic;  // and with it whom it sends messages through
        fresh->translated = std::move(impl_->translated);
        impl_ = std::move(fresh);
    }
    impl_->archive(a);
}

bool Core::apl_cache_seen() const { return impl_->protection->apl_cache_seen(); }

std::vector<CpuidQuestion> Core::cpuid_asked() const {
    return {impl_->cpuid_asked.begin(), impl_->cpuid_asked.end()};
}

}  // namespace stile::model
