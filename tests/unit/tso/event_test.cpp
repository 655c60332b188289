// SPDX-License-Identifier: Apache-2.0
//
// What happens around a core with stores in its buffer: faults, interrupts, markers, page walks, code that
// changes, on its own core and on another.
#include "model/core/core_complex.h"
#include "tests/unit/tso/fixture.h"

namespace stile::model::test {
namespace {

using isa::RAX;
using isa::RBX;
using isa::RCX;

// At the handler's first instruction the store made before is in memory.
GUEST(store_then_fault, "mov edi, 0x200000\n mov byte ptr [rdi], 1\n ud2");
TEST_F(Tso, AFaultDrains) {
    rig.gate(VEC_UD, code_at + 0x2000);
    rig.load(code_at + 0x2000, std::vector<uint8_t>{0xeb, 0xfe});
    blocks(GUEST_BYTES(store_then_fault), 1);
    for (unsigned i = 0; i < 10 && rig.core->state().rip != code_at + 0x2000; ++i) step();
    EXPECT_EQ(rig.core->state().rip, code_at + 0x2000);
    EXPECT_EQ(in_memory(), 1u);
}

GUEST(timer,
      "mov ecx, 0x80f\n mov eax, 0x1ff\n xor edx, edx\n wrmsr\n mov ecx, 0x832\n mov eax, 0x40\n wrmsr\n"
      "mov ecx, 0x83e\n mov eax, 0xb\n wrmsr\n mov ecx, 0x838\n mov eax, 200\n wrmsr\n sti\n"
      "mov edi, 0x200000\n mov byte ptr [rdi], 1\n jmp 1f\n 1: jmp 1b");
TEST_F(Tso, AnInterruptDrains) {
    rig.gate(0x40, code_at + 0x2000);
    rig.load(code_at + 0x2000, std::vector<uint8_t>{0xeb, 0xfe});
    rig.load(code_at, GUEST_BYTES(timer));
    bool waited = false;
    for (unsigned i = 0; i < 60 && rig.core->state().rip != code_at + 0x2000; ++i) {
        step();
        waited |= waiting() == 1;
    }
    EXPECT_TRUE(waited);
    EXPECT_EQ(rig.core->state().rip, code_at + 0x2000);
    EXPECT_EQ(in_memory(), 1u);
}

// Who looks at memory in the course of a marker sees all of it.
GUEST(store_then_marker,
      "mov edi, 0x200000\n mov byte ptr [rdi], 1\n"
      ".byte 0x0f, 0x1f, 0x80\n .long 0x57110003\n jmp 1f\n 1: jmp 1b");
TEST_F(Tso, AMarkerDrains) {
    uint64_t at_marker = 0;
    rig.on_mark = [&](uint32_t) { at_marker = in_memory(); };
    blocks(GUEST_BYTES(store_then_marker), 3);
    ASSERT_EQ(rig.marks.size(), 1u);
    EXPECT_EQ(at_marker, 1u);
}

// A store to a page-table entry is seen by the walk that needs it.
GUEST(map_and_touch, "mov edi, 0x200000\n mov byte ptr [rdi], 1\n mov [rsi], rbx\n mov rax, [rdx]\n hlt");
TEST_F(Tso, PageWalksSeeTheStoresBeforeThem) {
    constexpr uint64_t vaddr = 0x5000000;
    uint64_t& entry = rig.pte(vaddr);
    const uint64_t entry_at = rig.memory.paddr_of(&entry), window = 0x201000;
    rig.map(window, entry_at & ~0xfffull, P | W);  // the table, at an address that the code has touched
    rig.core->mmu().flush_all();
    touch_pages(rig);
    rig.at<uint64_t>(data_at + 0x5008) = 77;
    CpuState& s = rig.core->state();
    s.r[isa::RSI] = window + (entry_at & 0xfff);
    s.r[isa::RBX] = (data_at + 0x5000) | P | W;
    s.r[isa::RDX] = vaddr + 8;
    rig.load(code_at, GUEST_BYTES(map_and_touch));
    EXPECT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RAX), 77u);
}

// The store goes to a page that nobody has run yet, and then the core jumps there.
GUEST(write_and_run, "mov edi, 0x201000\n mov eax, 0xf409b3\n mov [rdi], eax\n jmp rdi");  // mov bl, 9; hlt
TEST_F(Tso, CodeThatTheCoreHasJustWrittenRuns) {
    rig.load(code_at, GUEST_BYTES(write_and_run));
    EXPECT_EQ(rig.run(), Stop::idle_forever);
    EXPECT_EQ(rig.reg(RBX), 9u);
}

// Core 0 has changed a byte of a page in its buffer only; core 1 then runs that page. Whatever it executes,
// it executes the new code once the store has left.
class TwoCores : public Tso {
  protected:
    TwoCores() : complex_(rig.config) {
        other_ =
            std::make_unique<Core>(rig.config, rig.memory, rig, nullptr, std::make_unique<SetTiming>(), 1);
        CpuState& s = other_->state();
        s = rig.core->state();
        s.rip = data_at + 0x1000;
        s.r[isa::RSP] = stack_top - 0x1000;
        complex_.add(*rig.core);
        complex_.add(*other_);
        rig.load(data_at + 0x1000, std::vector<uint8_t>{0xb3, 1, 0xeb, 0xfc});  // 1: mov bl, 1; jmp 1b
    }
    CoreComplex complex_;
    std::unique_ptr<Core> other_;
};

GUEST(change_other, "mov edi, 0x201001\n mov byte ptr [rdi], 2\n jmp 1f\n 1: jmp 1b");
TEST_F(TwoCores, BufferedStoresToCodeLandBeforeAnotherCoreTranslatesIt) {
    blocks(GUEST_BYTES(change_other), 1);
    EXPECT_EQ(waiting(), 1u);
    other_->run(other_->now() + 1);
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(other_->state().r[RBX], 2u);
}

TEST_F(TwoCores, StoresToCodeOfAnotherCoreAreSeenByIt) {
    other_->run(other_->now() + 1);
    EXPECT_EQ(other_->state().r[RBX], 1u);
    blocks(GUEST_BYTES(change_other), 1);
    other_->run(other_->now() + 1);
    EXPECT_EQ(other_->state().r[RBX], 2u);
}

// What is buffered is the business of its core alone until it leaves.
GUEST(change_data, "mov edi, 0x200000\n mov byte ptr [rdi], 3\n jmp 1f\n 1: jmp 1b");
TEST_F(TwoCores, OtherCoresDoNotSeeWhatIsBuffered) {
    rig.load(data_at + 0x1000, std::vector<uint8_t>{0x8a, 0x1c, 0x25, 0, 0, 0x20, 0, 0xeb, 0xf7});
    other_->run(other_->now() + 1);  // 1: mov bl, [0x200000]; jmp 1b. Translating new code would drain.
    blocks(GUEST_BYTES(change_data), 1);
    EXPECT_EQ(waiting(), 1u);
    other_->run(other_->now() + 1);
    EXPECT_EQ(other_->state().r[RBX], 0u);
    rig.core->impl().buffer->drain();
    other_->run(other_->now() + 1);
    EXPECT_EQ(other_->state().r[RBX], 3u);
}

}  // namespace
}  // namespace stile::model::test
