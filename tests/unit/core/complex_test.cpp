// SPDX-License-Identifier: Apache-2.0
//
// Several cores: do messages reach whom they name, when they should, and do stores of one core reach the code
// that another has translated?
#include "model/core/core_complex.h"

#include "tests/unit/core/rig.h"

namespace stile::model::test {

using isa::R12;
using isa::R13;
using isa::R8;
using isa::R9;
using isa::RAX;
using isa::RBX;

namespace {

constexpr Cycles latency = 700;

MachineConfig with(unsigned n, Cycles quantum) {
    MachineConfig c;
    c.cores = n;
    c.ipi_latency = latency;
    c.quantum = quantum;
    return c;
}

// Rig's core is core 0.
struct Several {
    explicit Several(unsigned n, Cycles quantum = 10'000)
        : config(with(n, quantum)), rig(ProtectionKind::none, nullptr, config), complex(config) {
        complex.add(*rig.core);
        for (unsigned i = 1; i < n; ++i) {
            others.push_back(std::make_unique<Core>(config, rig.memory, rig, nullptr, nullptr, i));
            others.back()->set_model(CoreModel::functional);
            complex.add(*others.back());
        }
        rig.core->state().rip = code_at;
    }
    Stop run(Cycles until = 1'000'000) { return complex.take_turns(until); }
    Core& core(unsigned i) { return i == 0 ? *rig.core : *others[i - 1]; }
    uint64_t reg(unsigned i, unsigned r) { return core(i).state().r[r]; }

    MachineConfig config;
    Rig rig;
    CoreComplex complex;
    std::vector<std::unique_ptr<Core>> others;
};

// ICR: destination in edx, the rest in eax.
#define SEND "mov ecx, 0x830\n wrmsr\n"
#define ENABLE_APIC "xor edx, edx\n mov ecx, 0x80f\n mov eax, 0x1ff\n wrmsr\n"
#define MY_ID "mov ecx, 0x802\n rdmsr\n"
#define START(core) \
    "mov edx, " #core "\n mov eax, 0x4500\n" SEND "mov edx, " #core "\n mov eax, 0x4600\n" SEND
// Handlers: r12 counts.
GUEST(count,
      "inc r12\n push rax\n push rcx\n push rdx\n rdtsc\n mov r13d, eax\n xor eax, eax\n xor edx, edx\n mov "
      "ecx, 0x80b\n wrmsr\n"
      " pop rdx\n pop rcx\n pop rax\n iretq");
GUEST(count_nmi, "inc r12\n iretq");

}  // namespace

// Every core writes its id to data_at + 8 * id; core 0 starts the others first.
GUEST(everybody,
      MY_ID "mov rbx, rax\n test eax, eax\n jnz 1f\n" START(1) START(2)
          START(3) "1: mov [0x200000 + rbx * 8], rbx\n inc qword ptr [0x200100 + rbx * 8]\n cli\n hlt");
TEST(CoreComplex, OthersWaitForStartUpAndThenStartLikeTheFirst) {
    Several m(4);
    m.rig.load(code_at, GUEST_BYTES(everybody));
    EXPECT_EQ(m.run(), Stop::idle_forever);
    for (unsigned i = 0; i < 4; ++i) {
        EXPECT_EQ(m.rig.at<uint64_t>(data_at + 8 * i), i);
        EXPECT_EQ(m.rig.at<uint64_t>(data_at + 0x100 + 8 * i), 1u) << "core " << i;
    }
}

GUEST(nobody, "cli\n hlt");
TEST(CoreComplex, WithoutStartUpTheOthersDoNothing) {
    Several m(3);
    m.rig.load(code_at, GUEST_BYTES(nobody));
    EXPECT_EQ(m.run(), Stop::idle_forever);
    EXPECT_EQ(m.core(1).counters().instructions, 0u);
    EXPECT_EQ(m.core(2).counters().instructions, 0u);
}

// Core 0 starts core 1, waits until it sleeps, sends; r9: when. Core 1 halts with interrupts on.
GUEST(wakes,
      MY_ID "mov rbx, rax\n" ENABLE_APIC "test ebx, ebx\n jnz 1f\n" START(
          1) "mov ecx, 5000\n 2: dec ecx\n jnz 2b\n rdtsc\n mov r9d, eax\n mov edx, 1\n mov eax, 0x50\n" SEND
             "cli\n hlt\n"
             "1: sti\n hlt\n rdtsc\n mov r8d, eax\n cli\n hlt");
TEST(CoreComplex, AnInterruptWakesAHaltedCoreOneLatencyAfterItWasSent) {
    for (const Cycles quantum : {1, 7, 10'000}) {
        Several m(2, quantum);
        m.rig.load(code_at, GUEST_BYTES(wakes));
        m.rig.load(0x180000, GUEST_BYTES(count));
        m.rig.gate(0x50, 0x180000);
        EXPECT_EQ(m.run(), Stop::idle_forever);
        EXPECT_EQ(m.reg(1, R12), 1u);
        // From rdtsc to the end of wrmsr's block: six instructions, one cycle each. Then delivery, inc, three
        // pushes, rdtsc.
        const uint64_t sent = m.reg(0, R9);
        EXPECT_GE(m.reg(1, R13), sent + latency + 4);
        EXPECT_LE(m.reg(1, R13), sent + latency + 16);
        EXPECT_EQ(m.core(0).counters().interrupts, 0u);
    }
}

// `sti; hlt` of core 1 slides past the moment at which the message arrives. In the shadow of sti it has to
// wait for the hlt, and the core's turn may be over just then.
GUEST(window, MY_ID
      "mov rbx, rax\n" ENABLE_APIC
      "test ebx, ebx\n jnz 1f\n" START(1) "mov ecx, 5000\n 2: loop 2b\n mov edx, 1\n mov eax, r10d\n" SEND
                                          "mov ecx, 3000\n 3: loop 3b\n cli\n hlt\n"
                                          "1: mov ecx, r14d\n 4: loop 4b\n sti\n hlt\n cli\n hlt");
TEST(CoreComplex, AMessageInTheShadowOfStiWakesTheHaltBehindIt) {
    constexpr uint32_t interrupt = 0x50, nmi = 0x400;
    for (const uint32_t message : {interrupt, nmi}) {
        for (uint64_t delay = 4970; delay < 5030; ++delay) {
            Several m(2, 1);
            m.rig.load(code_at, GUEST_BYTES(window));
            m.rig.load(0x180000, GUEST_BYTES(count));
            m.rig.load(0x181000, GUEST_BYTES(count_nmi));
            m.rig.gate(0x50, 0x180000);
            m.rig.gate(2, 0x181000);
            m.core(0).state().r[isa::R10] = message;
            m.core(0).state().r[isa::R14] = delay;
            EXPECT_EQ(m.run(), Stop::idle_forever);
            EXPECT_EQ(m.reg(1, R12), 1u) << message << " after " << delay;
            // An NMI is also taken before the window, whose hlt then waits for another.
            if (message == interrupt) {
                EXPECT_FALSE(m.core(1).rflags() & 0x200) << " after " << delay;
            }
        }
    }
}

// All but the sender; lowest priority reaches one.
GUEST(broadcast, MY_ID "mov rbx, rax\n" ENABLE_APIC "test ebx, ebx\n jnz 1f\n" START(1) START(2)
                     START(3) "mov ecx, 20000\n 2: dec ecx\n jnz 2b\n xor edx, edx\n mov eax, r14d\n" SEND
                              "cli\n hlt\n"
                              "1: sti\n 3: hlt\n jmp 3b");
TEST(CoreComplex, ShorthandsAndLogicalDestinationsNameTheirCores) {
    struct Case {
        uint32_t low;
        unsigned counts[4];
    };
    // The destination is 0 in all: with a logical one, nobody.
    for (const Case& c :
         {Case{0xc0050, {0, 1, 1, 1}}, Case{0x00850, {0, 0, 0, 0}}, Case{0xc0150, {0, 1, 0, 0}}}) {
        Several m(4);
        m.rig.load(code_at, GUEST_BYTES(broadcast));
        m.rig.load(0x180000, GUEST_BYTES(count));
        m.rig.gate(0x50, 0x180000);
        m.core(0).state().r[isa::R14] = c.low;
        EXPECT_EQ(m.run(), Stop::idle_forever);
        for (unsigned i = 0; i < 4; ++i)
            EXPECT_EQ(m.reg(i, R12), c.counts[i]) << std::hex << c.low << " core " << i;
    }
}

// Core 1 spins with interrupts off.
GUEST(nmi, MY_ID "mov rbx, rax\n test ebx, ebx\n jnz 1f\n" START(
               1) "mov ecx, 5000\n 2: dec ecx\n jnz 2b\n mov edx, 1\n mov eax, 0x400\n" SEND
                  "cli\n hlt\n"
                  "1: cli\n 3: test r12, r12\n jz 3b\n hlt");
TEST(CoreComplex, AnNmiComesWithInterruptsOff) {
    Several m(2);
    m.rig.load(code_at, GUEST_BYTES(nmi));
    m.rig.load(0x180000, GUEST_BYTES(count_nmi));
    m.rig.gate(2, 0x180000);
    EXPECT_EQ(m.run(), Stop::idle_forever);
    EXPECT_EQ(m.reg(1, R12), 1u);
}

// INIT stops a running core; start-up makes it begin anew.
GUEST(again, MY_ID "mov rbx, rax\n test ebx, ebx\n jnz 1f\n" START(1)
             "mov ecx, 5000\n 2: dec ecx\n jnz 2b\n" START(1) "mov ecx, 5000\n 3: dec ecx\n jnz 3b\n cli\n hlt\n"
             "1: inc qword ptr [0x200000]\n 4: cmp qword ptr [0x200000], 2\n jne 4b\n cli\n hlt");
TEST(CoreComplex, InitAndStartUpRestartARunningCore) {
    Several m(2);
    m.rig.load(code_at, GUEST_BYTES(again));
    EXPECT_EQ(m.run(), Stop::idle_forever);
    EXPECT_EQ(m.rig.at<uint64_t>(data_at), 2u);
}

// Both messages arrive while core 1 is in one block, and are seen at its end; r14 moves them against it.
#define TEN                                                                                                \
    "add r8, 1\n add r8, 1\n add r8, 1\n add r8, 1\n add r8, 1\n add r8, 1\n add r8, 1\n add r8, 1\n add " \
    "r8, 1\n add r8, 1\n"
GUEST(again_late, MY_ID "mov rbx, rax\n test ebx, ebx\n jnz 1f\n" START(1)
                  "mov ecx, r14d\n 2: dec ecx\n jnz 2b\n" START(1) "mov ecx, 5000\n 3: dec ecx\n jnz 3b\n cli\n hlt\n"
                  "1: inc qword ptr [0x200000]\n 4: " TEN TEN TEN TEN "cmp qword ptr [0x200000], 2\n jne 4b\n cli\n hlt");
TEST(CoreComplex, AStartUpMessageThatIsSeenTogetherWithItsInitIsNotLost) {
    for (uint64_t rounds = 5000; rounds < 5020; ++rounds) {
        Several m(2);
        m.rig.load(code_at, GUEST_BYTES(again_late));
        m.core(0).state().r[isa::R14] = rounds;
        EXPECT_EQ(m.run(), Stop::idle_forever);
        EXPECT_EQ(m.rig.at<uint64_t>(data_at), 2u) << rounds;
    }
}

// Core 1 runs `mov r12d, 1; ret` at data_at until it returns 2; core 0 overwrites the operand meanwhile.
GUEST(modify, MY_ID "mov rbx, rax\n test ebx, ebx\n jnz 1f\n"
              "mov byte ptr [0x200000], 0x41\n mov byte ptr [0x200001], 0xbc\n mov dword ptr [0x200002], 1\n"
              "mov byte ptr [0x200006], 0xc3\n" START(1)
              "mov ecx, 9000\n 2: dec ecx\n jnz 2b\n mov dword ptr [0x200002], 2\n cli\n hlt\n"
              "1: mov eax, 0x200000\n 3: inc r13\n call rax\n cmp r12d, 2\n jne 3b\n cli\n hlt");
TEST(CoreComplex, AStoreOfOneCoreReachesWhatAnotherHasTranslated) {
    Several m(2);
    m.rig.load(code_at, GUEST_BYTES(modify));
    EXPECT_EQ(m.run(), Stop::idle_forever);
    EXPECT_EQ(m.reg(1, R12), 2u);
    EXPECT_GT(m.reg(1, R13), 100u) << "it had run the old code before";
}

// A core of half the frequency: its clock runs at half the rate, the time-stamp counter does not.
GUEST(stamps, MY_ID "mov rbx, rax\n test ebx, ebx\n jnz 1f\n" START(
                  1) "1: mov ecx, 100000\n 2: dec ecx\n jnz 2b\n rdtsc\n mov r8d, eax\n cli\n hlt");
TEST(CoreComplex, ASlowCoreSeesTheSameTime) {
    MachineConfig config = with(2, 10'000);
    config.frequency = 2'000'000'000;
    auto little = std::make_shared<MachineConfig>(config);
    little->frequency = 1'000'000'000;
    config.little = little;
    config.little_cores = 1;
    Rig rig(ProtectionKind::none, nullptr, config.for_core(0));
    Core slow(config.for_core(1), rig.memory, rig, nullptr, nullptr, 1);
    slow.set_model(CoreModel::functional);
    CoreComplex complex(config);
    complex.add(*rig.core);
    complex.add(slow);
    rig.load(code_at, GUEST_BYTES(stamps));
    rig.core->state().rip = code_at;
    EXPECT_EQ(complex.take_turns(10'000'000), Stop::idle_forever);
    const auto fast = static_cast<double>(rig.reg(R8)), late = static_cast<double>(slow.state().r[R8]);
    EXPECT_NEAR(fast, 200'000, 200);
    EXPECT_NEAR(late, 2 * 200'000 + latency, 200);
    EXPECT_NEAR(static_cast<double>(slow.now()), late / 2, 10);
}

TEST(CoreComplex, NobodyRunsFartherAheadThanALineTravels) {
    Several m(2, 10'000);
    m.complex.power_on();
    EXPECT_EQ(m.complex.limit(0), LocalApic::never) << "core 1 waits for core 0";
    m.core(1).set_start(m.core(1).state(), false);
    EXPECT_EQ(m.complex.limit(0), m.config.look_ahead());
    Several one(2, 1);
    one.complex.power_on();
    one.core(1).set_start(one.core(1).state(), false);
    EXPECT_EQ(one.complex.limit(0), 1u);
}

}  // namespace stile::model::test
