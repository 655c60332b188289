// SPDX-License-Identifier: Apache-2.0
//
// What the store buffer of an out-of-order core does for the core itself: which values its loads read, and
// when and in what order memory changes.
#include "tests/unit/tso/fixture.h"

namespace stile::model::test {
namespace {

using isa::RAX;
using isa::RBX;
using isa::RCX;
using isa::RDX;

GUEST(store_then_load,
      "mov rdi, 0x200000\n mov qword ptr [rdi], 5\n mov rax, [rdi]\n mov ebx, [rdi]\n jmp 1f\n 1: hlt");

TEST_F(Tso, OwnLoadsSeeWhatMemoryDoesNotHoldYet) {
    blocks(GUEST_BYTES(store_then_load), 1);
    EXPECT_EQ(rig.reg(RAX), 5u);
    EXPECT_EQ(rig.reg(RBX), 5u);
    EXPECT_EQ(in_memory(), 0u);
    EXPECT_EQ(waiting(), 1u);
    EXPECT_EQ(rig.run(), Stop::idle_forever);  // a halted core has drained
    EXPECT_EQ(in_memory(), 5u);
    EXPECT_EQ(waiting(), 0u);
}

GUEST(three_blocks,
      "mov rdi, 0x200000\n mov byte ptr [rdi], 1\n jmp 1f\n 1: mov byte ptr [rdi + 8], 2\n"
      "jmp 2f\n 2: mov byte ptr [rdi], 3\n jmp 3f\n 3: jmp 3b");

// Each block takes 10 cycles; its stores leave at the first boundary that is not before their time.
TEST_F(Tso, StoresLeaveInTheirOrderWhenTheirTimeHasCome) {
    timing().delay = 20;
    rig.load(code_at, GUEST_BYTES(three_blocks));
    const uint64_t after[][2] = {{0, 0}, {0, 0}, {1, 0}, {1, 2}, {3, 2}, {3, 2}};
    for (const auto& [first, second] : after) {
        step();
        EXPECT_EQ(in_memory(), first) << rig.core->now();
        EXPECT_EQ(in_memory(8), second) << rig.core->now();
    }
}

// The second block's store is in the cache before the first one's would be: it does not overtake.
TEST_F(Tso, AStoreThatIsReadyWaitsForThoseBeforeIt) {
    rig.load(code_at, GUEST_BYTES(three_blocks));
    timing().delay = 1000;
    step();
    timing().delay = 0;
    step();
    EXPECT_EQ(in_memory(8), 0u);
    EXPECT_EQ(waiting(), 2u);
}

GUEST(mixed_sizes,
      "mov rdi, 0x200000\n mov rax, 0x1122334455667788\n mov [rdi], rax\n mov bx, [rdi + 3]\n"
      "mov byte ptr [rdi + 1], 0xaa\n mov rcx, [rdi]\n mov rdx, [rdi + 4]\n jmp 1f\n 1: hlt");
TEST_F(Tso, LoadsOfOtherSizesReadTheSameBytes) {
    blocks(GUEST_BYTES(mixed_sizes), 1);
    EXPECT_EQ(rig.reg(RBX) & 0xffff, 0x4455u);
    EXPECT_EQ(rig.reg(RCX), 0x112233445566aa88u);  // of two stores: the buffer drains
    EXPECT_EQ(rig.reg(RDX), 0x11223344u);
    EXPECT_EQ(waiting(), 0u);
}

GUEST(vectors,
      "mov rdi, 0x200004\n pcmpeqd xmm0, xmm0\n movups [rdi], xmm0\n mov rax, [rdi + 7]\n"
      "movups xmm1, [rdi]\n pmovmskb ebx, xmm1\n movd xmm2, [rdi + 12]\n movd ecx, xmm2\n"
      "mov edx, [rdi + 16]\n jmp 1f\n 1: hlt");
TEST_F(Tso, SixteenBytesAreOneStore) {
    blocks(GUEST_BYTES(vectors), 1);
    EXPECT_EQ(rig.reg(RAX), ~0ull);
    EXPECT_EQ(rig.reg(RBX), 0xffffu);
    EXPECT_EQ(rig.reg(RCX), 0xffffffffu);
    EXPECT_EQ(rig.reg(RDX), 0u);
    EXPECT_EQ(waiting(), 1u);
}

// Words that share a slot of the buffer's look-up table lie 4096 bytes apart.
GUEST(same_slot,
      "mov rdi, 0x200000\n mov byte ptr [rdi], 1\n mov byte ptr [rdi + 0x1000], 2\n mov al, [rdi]\n"
      "mov bl, [rdi + 0x1000]\n mov cl, [rdi + 0x2000]\n jmp 1f\n 1: hlt");
TEST_F(Tso, AddressesThatShareASlotAreKeptApart) {
    rig.at<uint8_t>(data_at + 0x2000) = 3;
    blocks(GUEST_BYTES(same_slot), 1);
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.reg(RBX), 2u);
    EXPECT_EQ(rig.reg(RCX), 3u);
}

struct SmallTso : Tso {
    SmallTso() : Tso(3) {}
};
GUEST(five_stores,
      "mov rdi, 0x200000\n mov byte ptr [rdi], 1\n mov byte ptr [rdi + 8], 2\n"
      "mov byte ptr [rdi + 16], 3\n mov byte ptr [rdi + 24], 4\n mov byte ptr [rdi + 32], 5\n"
      "mov al, [rdi]\n mov bl, [rdi + 32]\n jmp 1f\n 1: hlt");
TEST_F(SmallTso, TheOldestLeavesAFullBuffer) {
    blocks(GUEST_BYTES(five_stores), 1);
    EXPECT_EQ(waiting(), 3u);
    EXPECT_EQ(in_memory(0), 1u);
    EXPECT_EQ(in_memory(8), 2u);
    EXPECT_EQ(in_memory(16), 0u);
    EXPECT_EQ(rig.reg(RAX), 1u);
    EXPECT_EQ(rig.reg(RBX), 5u);
}

// A million stores over and over the same lines, each read back at once and a round later.
GUEST(many,
      "mov rdi, 0x200000\n mov ecx, 1000000\n xor edx, edx\n 1: mov eax, ecx\n and eax, 0xff8\n"
      "mov rbx, [rdi + rax]\n add rdx, rbx\n mov [rdi + rax], rcx\n mov rbx, [rdi + rax]\n"
      "sub rbx, rcx\n add rdx, rbx\n dec ecx\n jnz 1b\n hlt");
TEST_F(Tso, SumsOverMillionsOfStoresAreRight) {
    const auto sum = [](Rig& r) {
        r.load(code_at, GUEST_BYTES(many));
        EXPECT_EQ(r.run(1'000'000'000), Stop::idle_forever);
        return r.reg(RDX);
    };
    Rig plain;
    const uint64_t right = sum(plain);
    for (const Cycles delay : {0u, 1u, 35u, 1000u}) {
        Rig r(ProtectionKind::none, std::make_unique<SetTiming>(), ooo_of_two());
        static_cast<SetTiming&>(*r.core->timing()).delay = delay;
        EXPECT_EQ(sum(r), right) << delay;
    }
}

TEST_F(Tso, OnlookersSeeWhatTheCoreSeesAndChangeNothing) {
    blocks(GUEST_BYTES(store_then_load), 1);
    uint64_t v = 0;
    EXPECT_TRUE(rig.core->mmu().probe_read(data_at, &v, 8));
    EXPECT_EQ(v, 5u);
    v = ~0ull;
    EXPECT_TRUE(rig.core->mmu().probe_read(data_at - 4, &v, 8));
    EXPECT_EQ(v, 0x500000000u);
    EXPECT_EQ(waiting(), 1u);
    EXPECT_EQ(in_memory(), 0u);
}

TEST_F(Tso, AnotherModelStartsWithAnEmptyBufferAndUsesNone) {
    blocks(GUEST_BYTES(store_then_load), 1);
    EXPECT_EQ(waiting(), 1u);
    rig.core->set_model(CoreModel::functional);
    rig.core->run(rig.core->now() + 1);
    EXPECT_EQ(in_memory(), 5u);
    EXPECT_EQ(rig.core->impl().buffer, nullptr);
}

TEST(TsoUse, OnlyOutOfOrderCoresOfSeveralHaveABuffer) {
    for (const unsigned cores : {1u, 2u})
        for (const CoreModel m : {CoreModel::functional, CoreModel::inorder, CoreModel::ooo}) {
            MachineConfig c = ooo_of_two();
            c.cores = cores;
            c.core.model = m;
            Rig rig(ProtectionKind::none, std::make_unique<SetTiming>(), c);
            rig.load(code_at, GUEST_BYTES(store_then_load));
            rig.core->run(1);
            EXPECT_EQ(rig.core->impl().buffer != nullptr, cores == 2 && m == CoreModel::ooo);
        }
}

}  // namespace
}  // namespace stile::model::test
