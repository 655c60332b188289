// SPDX-License-Identifier: Apache-2.0
//
// Host speed of the execution engine: simulated instructions per second of small guest loops on the
// functional core. The counter named MIPS is what to look at.
#include <benchmark/benchmark.h>

#include "tests/unit/core/rig.h"

namespace {

using namespace stile::model;
using namespace stile::model::test;

GUEST(alu_loop,
      "mov ecx, 10000000\n 1: add rax, rcx\n xor rbx, rax\n lea rdx, [rax + rbx * 2]\n and edx, 0xff\n dec "
      "ecx\n jne 1b\n hlt");
GUEST(memory_loop,
      "mov ecx, 10000000\n 1: mov eax, ecx\n and eax, 0xfff8\n mov rbx, [rax + 0x200000]\n add rbx, rcx\n "
      "mov [rax + 0x200000], rbx\n"
      " sub ecx, 1\n jne 1b\n hlt");
GUEST(
    call_loop,
    "mov ecx, 10000000\n 1: mov edi, ecx\n call 2f\n add rbx, rax\n sub ecx, 1\n jne 1b\n hlt\n .p2align 4\n"
    " 2: push rbp\n mov rbp, rsp\n test edi, 1\n je 3f\n lea rax, [rdi + 1]\n pop rbp\n ret\n 3: mov rax, "
    "rdi\n pop rbp\n ret");

void run(benchmark::State& state, std::span<const uint8_t> code) {
    uint64_t instructions = 0;
    for (auto _ : state) {
        Rig rig;
        rig.load(code_at, code);
        if (rig.core->run(2'000'000'000) != Stop::idle_forever) state.SkipWithError("the guest did not end");
        instructions += rig.core->counters().instructions;
    }
    state.counters["MIPS"] =
        benchmark::Counter(static_cast<double>(instructions) / 1e6, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(run, alu, GUEST_BYTES(alu_loop))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, memory, GUEST_BYTES(memory_loop))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, calls, GUEST_BYTES(call_loop))->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
