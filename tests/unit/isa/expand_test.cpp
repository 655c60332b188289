// SPDX-License-Identifier: Apache-2.0
//
// Question: does each kind of instruction become exactly the micro-operations that it should? One row states
// the bytes, what they are, and the expansion. The order matters: loads and write checks before any register
// changes, flags before the store that cannot fault any more. Rows with "(bad)" are what a processor refuses.
#include <gtest/gtest.h>

#include "isa/translate.h"
#include "tests/unit/isa/uop_text.h"

using namespace stile::isa;

namespace {

struct Row {
    const char *bytes, *text, *uops;
};

constexpr Row rows[] = {
    {"4801d8", "add rax, rbx", "add8_rr rax rax rbx"},
    {"03449108", "add eax, dword ptr [rcx + rdx*4 + 8]", "ld4 t1 [rcx+rdx*4+8]; add4_rr rax rax t1"},
    {"800701", "add byte ptr [rdi], 1", "ldw1 t0 [rdi]; add1_ri t0 t0 #1; st1 [rdi] t0"},
    {"f00137", "lock add dword ptr [rdi], esi", "ldl4 t0 [rdi]; add4_rr t0 t0 rsi; st4 [rdi] t0"},
    {"28dc", "sub ah, bl", "ext_h t0 rax; sub1_rr t0 t0 rbx; ins_h rax t0"},
    {"66833d10000000ff", "cmp word ptr [rip + 0x10], -1", "ld2 t0 [pc+24]; cmp2_ri t0 #-1"},
    {"a801", "test al, 1", "test1_ri rax #1"},
    {"4d85c9", "test r9, r9", "test8_rr r9 r9"},
    {"4883e4f0", "and rsp, 0xfffffffffffffff0", "and8_ri rsp rsp #-16"},
    {"65ff042508000000", "inc dword ptr gs:[8]", "ldw4 t0 gs:[zero+8]; inc4 t0 t0; st4 gs:[zero+8] t0"},
    {"f048ff08", "lock dec qword ptr [rax]", "ldl8 t0 [rax]; dec8 t0 t0; st8 [rax] t0"},
    {"f6d8", "neg al", "neg1 rax rax"},
    {"f6d7", "not bh", "ext_h t0 rbx; not1 t0 t0; ins_h rbx t0"},
    {"89d8", "mov eax, ebx", "mov4 rax rbx"},
    {"8a03", "mov al, byte ptr [rbx]", "ld1 t0 [rbx]; mov1 rax t0"},
    {"8a23", "mov ah, byte ptr [rbx]", "ld1 t0 [rbx]; ins_h rax t0"},
    {"64488b042500000000", "mov rax, qword ptr fs:[0]", "ld8 rax fs:[zero]"},
    {"66c7003412", "mov word ptr [rax], 0x1234", "sti2 [rax] #4660"},
    {"41b800000080", "mov r8d, 0x80000000", "movi8 r8 #2147483648"},
    {"48c7c0ffffffff", "mov rax, -1", "movi8 rax #-1"},
    {"48b8f0debc9a78563412", "movabs rax, 0x123456789abcdef0", "movi8 rax #1311768467463790320"},
    {"a08877665544332211", "movabs al, byte ptr [0x1122334455667788]",
     "movi8 t3 #1234605616436508552; ld1 t0 [t3]; mov1 rax t0"},
    {"b1ff", "mov cl, 0xff", "movi1 rcx #255"},
    {"b507", "mov ch, 7", "movi8 t0 #7; ins_h rcx t0"},
    {"66bafeff", "mov dx, 0xfffe", "movi2 rdx #65534"},
    {"0fb606", "movzx eax, byte ptr [rsi]", "ld1 rax [rsi]"},
    {"660fb6c1", "movzx ax, cl", "zx1 t0 rcx; mov2 rax t0"},
    {"0fb6dd", "movzx ebx, ch", "ext_h rbx rcx"},
    {"480fbe06", "movsx rax, byte ptr [rsi]", "lds1_8 rax [rsi]"},
    {"0fbfc2", "movsx eax, dx", "sx2_4 rax rdx"},
    {"660fbec5", "movsx ax, ch", "ext_h t1 rcx; sx1_4 t0 t1; mov2 rax t0"},
    {"48634dfc", "movsxd rcx, dword ptr [rbp - 4]", "lds4_8 rcx [rbp-4]"},
    {"4863c9", "movsxd rcx, ecx", "sx4_8 rcx rcx"},
    {"488d0500010000", "lea rax, [rip + 0x100]", "lea8 rax [pc+263]"},
    {"8d045b", "lea eax, [rbx + rbx*2]", "lea4 rax [rbx+rbx*2]"},
    {"668d03", "lea ax, [rbx]", "lea8 t0 [rbx]; mov2 rax t0"},
    {"67488d4301", "lea rax, [ebx + 1]", "lea4 t3 [rbx+1]; lea8 rax [t3]"},
    {"678b44cb04", "mov eax, dword ptr [ebx + ecx*8 + 4]", "lea4 t3 [rbx+rcx*8+4]; ld4 rax [t3]"},
    {"4893", "xchg rax, rbx", "mov8 t0 rbx; mov8 rbx rax; mov8 rax t0"},
    {"87c0", "xchg eax, eax", "mov8 t0 rax; mov4 rax rax"},
    {"90", "nop", "nop"},
    {"f390", "pause", "pause"},
    {"8610", "xchg byte ptr [rax], dl", "ldl1 t0 [rax]; st1 [rax] rdx; mov1 rdx t0"},
    {"86c4", "xchg ah, al", "ext_h t0 rax; ins_h rax rax; mov1 rax t0"},
    {"54", "push rsp", "push8 rsp"},
    {"6a01", "push 1", "movi8 t0 #1; push8 t0"},
    {"ff742408", "push qword ptr [rsp + 8]", "ld8 t0 [rsp+8]; push8 t0"},
    {"6650", "push ax", "st2 [rsp-2] rax; lea8 rsp [rsp-2]"},
    {"5c", "pop rsp", "pop8 rsp"},
    {"8f442408", "pop qword ptr [rsp + 8]", "ld8 t0 [rsp]; st8 [rsp+16] t0; lea8 rsp [rsp+8]"},
    {"c9", "leave", "ld8 t0 [rbp]; lea8 rsp [rbp+8]; mov8 rbp t0"},
    {"c8100000", "enter 0x10, 0",
     "ldw8 t1 [rsp-24]; st8 [rsp-8] rbp; lea8 t0 [rsp-8]; lea8 rsp [rsp-24]; mov8 rbp t0"},
    {"c8200002", "enter 0x20, 2",
     "ldw8 t1 [rsp-56]; st8 [rsp-8] rbp; ld8 t1 [rbp-8]; st8 [rsp-16] t1; lea8 t0 [rsp-8]; st8 [rsp-24] t0; "
     "lea8 rsp [rsp-56]; mov8 rbp t0"},
    {"9c", "pushfq", "rdflags t0; push8 t0"},
    {"9d", "popfq", "ld8 t0 [rsp]; lea8 rsp [rsp+8]; wrflags t0 size8 ->1"},
    {"0fa0", "push fs", "rdseg t0 #4; push8 t0"},
    {"0fa9", "pop gs", "ld8 t0 [rsp]; wrseg t0 #5; lea8 rsp [rsp+8]"},
    {"d7", "xlatb", "zx1 t0 rax; ld1 t1 [rbx+t0*1]; mov1 rax t1"},
    {"6698", "cbw", "sx1_4 t0 rax; mov2 rax t0"},
    {"4898", "cdqe", "sx4_8 rax rax"},
    {"6699", "cwd", "sign2 rdx rax"},
    {"4899", "cqo", "sign8 rdx rax"},
    {"410fc9", "bswap r9d", "bswap4 r9 r9"},
    {"48c1e003", "shl rax, 3", "shl8_ri rax rax #3"},
    {"c1e000", "shl eax, 0", "mov4 rax rax"},
    {"c1e020", "shl eax, 0x20", "mov4 rax rax"},
    {"d238", "sar byte ptr [rax], cl", "ldw1 t0 [rax]; sar1_rr t0 t0 rcx; st1 [rax] t0"},
    {"66d1d2", "rcl dx, 1", "rcl2_ri rdx rdx #1"},
    {"48c1cb09", "ror rbx, 9", "ror8_ri rbx rbx #9"},
    {"480fa5d8", "shld rax, rbx, cl", "shld8_rr rax rax rbx rcx"},
    {"0fac0f04", "shrd dword ptr [rdi], ecx, 4", "ldw4 t0 [rdi]; shrd4_ri t0 t0 rcx #4; st4 [rdi] t0"},
    {"480fafc3", "imul rax, rbx", "imul8_rr rax rax rbx"},
    {"6b0e64", "imul ecx, dword ptr [rsi], 0x64", "ld4 t0 [rsi]; imul4_ri rcx t0 #100"},
    {"48f7e1", "mul rcx", "mulw8 rax rcx"},
    {"f628", "imul byte ptr [rax]", "ld1 t0 [rax]; imulw1 rax t0"},
    {"f73424", "div dword ptr [rsp]", "ld4 t0 [rsp]; div4 rax t0"},
    {"48f7f9", "idiv rcx", "idiv8 rax rcx"},
    {"480fbae046", "bt rax, 0x46", "bt8_ri rax #6"},
    {"0fa30f", "bt dword ptr [rdi], ecx", "lea8 t1 [rdi]; bitoff4 t1 t1 rcx; ld4 t0 [t1]; bt4_rr t0 rcx"},
    {"64f0480fab4708", "lock bts qword ptr fs:[rdi + 8], rax",
     "lea8 t1 [rdi+8]; bitoff8 t1 t1 rax; ldl8 t0 fs:[t1]; bts8_rr t0 t0 rax; st8 fs:[t1] t0"},
    {"660fba3703", "btr word ptr [rdi], 3", "ldw2 t0 [rdi]; btr2_ri t0 t0 #3; st2 [rdi] t0"},
    {"480fbcc3", "bsf rax, rbx", "bsf8 rax rbx"},
    {"f30fbcc3", "tzcnt eax, ebx", "bsf4 rax rbx"},
    {"0f95c0", "setne al", "setcc rax aux5"},
    {"0f9cc4", "setl ah", "setcc t0 aux12; ins_h rax t0"},
    {"0f9200", "setb byte ptr [rax]", "setcc t0 aux2; st1 [rax] t0"},
    {"480f4403", "cmove rax, qword ptr [rbx]", "ld8 t0 [rbx]; cmov8 rax rax t0 aux4"},
    {"0f4fca", "cmovg ecx, edx", "cmov4 rcx rcx rdx aux15"},
    {"f00fb137", "lock cmpxchg dword ptr [rdi], esi",
     "ldl4 t0 [rdi]; cmp4_rr rax t0; mov8 t1 t0; movif4 t1 rsi aux4; st4 [rdi] t1; movif4 rax t0 aux5"},
    {"480fb1cb", "cmpxchg rbx, rcx", "mov8 t0 rbx; cmp8_rr rax t0; movif8 rbx rcx aux4; movif8 rax t0 aux5"},
    {"0fb0cf", "cmpxchg bh, cl",
     "ext_h t0 rbx; cmp1_rr rax t0; mov8 t1 t0; movif1 t1 rcx aux4; ins_h rbx t1; movif1 rax t0 aux5"},
    {"f0480fc107", "lock xadd qword ptr [rdi], rax",
     "ldl8 t0 [rdi]; add8_rr t2 t0 rax; st8 [rdi] t2; mov8 rax t0"},
    {"0fc1cb", "xadd ebx, ecx", "add4_rr t2 rbx rcx; mov4 rcx rbx; mov4 rbx t2"},
    {"f0480fc70f", "lock cmpxchg16b xmmword ptr [rdi]", "cmpxchg16b [rdi]"},
    {"0fc70f", "cmpxchg8b qword ptr [rdi]", "cmpxchg8b [rdi]"},
    {"0fc307", "movnti dword ptr [rdi], eax", "st4 [rdi] rax"},
    {"eb08", "jmp 0xa", "jmp #10 ->2"},
    {"74fa", "je 0xfffffffffffffffc", "jcc #-4 aux4 ->2"},
    {"0f8500010000", "jne 0x106", "jcc #262 aux5 ->6"},
    {"e800000000", "call 5", "call #5 ->5"},
    {"ff5008", "call qword ptr [rax + 8]", "ld8 t0 [rax+8]; call_r t0 ->3"},
    {"ffd4", "call rsp", "call_r rsp ->2"},
    {"ff2508000000", "jmp qword ptr [rip + 8]", "ld8 t0 [pc+14]; jmp_r t0 ->6"},
    {"c3", "ret", "ret ->1"},
    {"c21000", "ret 0x10", "ret #16 ->3"},
    {"e000", "loopne 2", "loop #2 size8 ->2"},
    {"e302", "jrcxz 4", "jcxz #4 size8 ->2"},
    {"67e301", "jecxz 4", "jcxz #4 size4 ->3"},
    {"f348a5", "rep movsq qword ptr [rdi], qword ptr [rsi]", "movs size8 aux1"},
    {"f3a4", "rep movsb byte ptr [rdi], byte ptr [rsi]", "movs size1 aux1"},
    {"a5", "movsd dword ptr [rdi], dword ptr [rsi]", "movs size4"},
    {"f2ae", "repne scasb al, byte ptr [rdi]", "scas size1 aux2"},
    {"f3a6", "repe cmpsb byte ptr [rsi], byte ptr [rdi]", "cmps size1 aux1"},
    {"66ab", "stosw word ptr [rdi], ax", "stos size2"},
    {"ac", "lodsb al, byte ptr [rsi]", "lods size1"},
    {"f3ab", "rep stosd dword ptr [rdi], eax", "stos size4 aux1"},
    {"67f3aa", "rep stosb byte ptr [edi], al", "stos size1 aux5"},
    {"64a4", "movsb byte ptr [rdi], byte ptr fs:[rsi]", "movs size1 fs"},
    {"0f05", "syscall", "syscall ->2"},
    {"480f07", "sysret", "sysret size8 ->3"},
    {"48cf", "iretq", "iret size8 ->2"},
    {"cc", "int3", "int3 ->1"},
    {"cd80", "int 0x80", "int_n #128 ->2"},
    {"0f0b", "ud2", "ud ->2"},
    {"0f01f8", "swapgs", "swapgs"},
    {"0f32", "rdmsr", "rdmsr"},
    {"0f30", "wrmsr", "wrmsr ->2"},
    {"0f31", "rdtsc", "rdtsc"},
    {"0f01f9", "rdtscp", "rdtscp"},
    {"0fa2", "cpuid", "cpuid"},
    {"0f20d8", "mov rax, cr3", "rdcr rax #3"},
    {"0f22d8", "mov cr3, rax", "wrcr3 rax #3 ->3"},
    {"440f22c7", "mov cr8, rdi", "wrcr rdi #8 ->4"},
    {"0f23f8", "mov dr7, rax", "wrdr rax #7 ->3"},
    {"0f013f", "invlpg byte ptr [rdi]", "invlpg [rdi] ->3"},
    {"0f017f08", "invlpg byte ptr [rdi + 8]", "lea8 t3 [rdi+8]; invlpg [t3] ->4"},
    {"0f0110", "lgdt [rax]", "lgdt [rax]"},
    {"0f014c2404", "sidt [rsp + 4]", "sidt [rsp+4]"},
    {"0f00d8", "ltr ax", "ring0; ltr rax"},
    {"0f00c8", "str eax", "str t0; mov4 rax t0"},
    {"660f01e0", "smsw ax", "smsw t0; mov2 rax t0"},
    {"0f0130", "lmsw word ptr [rax]", "ring0; ld2 t0 [rax]; lmsw t0 ->3"},
    {"8ed8", "mov ds, eax", "wrseg rax #3"},
    {"8e20", "mov fs, word ptr [rax]", "ld2 t0 [rax]; wrseg t0 #4"},
    {"8ce8", "mov eax, gs", "rdseg t0 #5; mov4 rax t0"},
    {"8c08", "mov word ptr [rax], cs", "rdseg t0 #1; st2 [rax] t0"},
    {"f3480faec0", "rdfsbase rax", "rdsegbase rax #4"},
    {"f30faedb", "wrgsbase ebx", "mov4 t0 rbx; wrsegbase t0 #5"},
    {"0faee8", "lfence", "fence"},
    {"0faef0", "mfence", "fence aux1"},
    {"0faef8", "sfence", "fence aux2"},
    {"0fae38", "clflush byte ptr [rax]", "clflush [rax]"},
    {"0f184840", "prefetcht0 byte ptr [rax + 0x40]", "prefetch [rax+64]"},
    {"fb", "sti", "sti ->1"},
    {"fa", "cli", "cli"},
    {"f4", "hlt", "hlt ->1"},
    {"0f01ca", "clac", "clac"},
    {"f30f1efa", "endbr64", "nop"},
    {"2e660f1f0400", "nop word ptr cs:[rax + rax]", "nop"},
    {"0f1f8003001157", "nop dword ptr [rax + 0x57110003]", "mark #3 ->7"},
    {"0f0a07", "cd.save [rdi]", "cd_save [rdi]"},
    {"410f0a5808", "(bad)", "ud ->3"},
    {"410f0ad8", "cd.aplinv r8", "cd_aplinv r8 ->4"},
    {"0f0ae0", "cd.aplvictim rax", "cd_aplvictim rax"},
    {"0f0af0", "cd.hwtag rax", "cd_hwtag rax rax"},
    {"0f245f20", "cd.capld c3, [rdi + 0x20]", "cd_capld [rdi+32] #3"},
    {"410f3bd803", "cd.capmk c3, r8, 3", "cd_capmk r8 rcx #3 aux3"},
    {"0f3cf802", "cd.caprst c7, rax, 2", "cd_caprst rax rcx #7 aux2"},
    {"0f3dca", "cd.capmov c1, c2", "cd_capmov #513"},
    {"0f3d4f08", "cd.capasy c1, [rdi + 8]", "cd_capasy [rdi+8] #1"},
    {"0f3ec5", "cd.cappush c5", "cd_cappush #1280"},
    {"0f3ecd", "cd.cappop c5", "cd_cappop #1280"},
    {"0f3ed5", "cd.capsyn c5", "cd_capsyn #1280"},
    {"0f3e1f", "cd.caprev [rdi]", "cd_caprev [rdi]"},
    {"0f36a5", "cd.capclr 0xa5", "cd_capclr #165"},
    {"410f39c8", "cd.capbase r8, c1", "cd_capbase r8 #1"},
    {"0f0cc8", "cd.caplen rax, c1", "cd_caplen rax #1"},
    {"0f04c8", "cd.capattr rax, c1", "cd_capattr rax #1"},
    {"440f3bd803", "(bad)", "ud ->5"},
    {"410f3ec5", "(bad)", "ud ->4"},
    {"f00f3e1f", "(bad)", "ud ->4"},
    {"0f251f", "cd.capst [rdi], c3", "cd_capst [rdi] #3"},
    {"0f26c8", "cd.rddcs.base rax", "cd_rddcs rax #1"},
    {"0f27d1", "cd.wrdcs.limit rcx", "cd_wrdcs rcx #2"},
    {"f00f0a07", "(bad)", "ud ->4"},
    {"660f0a07", "(bad)", "ud ->3"},
    {"0f0ac7", "(bad)", "ud ->2"},
    {"0f24c0", "(bad)", "ud ->2"},
    {"440f2407", "(bad)", "ud ->4"},
    {"0f26d8", "(bad)", "ud ->2"},
    {"0f20c8", "mov rax, cr1", "ud ->3"},
    {"8ec8", "mov cs, eax", "ud ->2"},
    {"f001c8", "(bad)", "ud ->3"},
    {"f090", "(bad)", "ud ->2"},
    {"06", "(bad)", "ud ->1"},
    {"0f33", "rdpmc", "io ->2"},
    {"ff18", "lcall [rax]", "ld4 t0 [rax]; ld2 t1 [rax+4]; call_far t0 t1 size4 ->2"},
    {"48ff28", "ljmp [rax]", "ld8 t0 [rax]; ld2 t1 [rax+8]; jmp_far t0 t1 size8 ->3"},
    {"0fb218", "lss ebx, ptr [rax]", "ld4 t0 [rax]; ld2 t1 [rax+4]; wrseg t1 #2; mov4 rbx t0"},
    {"66410fb508", "lgs cx, ptr [r8]", "ld2 t0 [r8]; ld2 t1 [r8+2]; wrseg t1 #5; mov2 rcx t0"},
    {"0f02c3", "lar eax, ebx", "lar rax rbx size4"},
    {"0f0318", "lsl ebx, dword ptr [rax]", "ld2 t0 [rax]; lsl rbx t0 size4"},
    {"0f00e1", "verr cx", "verr rcx"},
    {"0f0028", "verw word ptr [rax]", "ld2 t0 [rax]; verw t0"},
    {"66e901000000", "jmp 7", "jmp #7 ->6"},
    {"2e660f8401000000", "je 9", "jcc #9 aux4 ->8"},
    {"f066e901000000", "(bad)", "ud ->7"},
    {"c5f877", "vzeroupper", "unsupported ->3"},
    {"ec", "in al, dx", "io ->1"},
    {"f30fb8c3", "popcnt eax, ebx", "unsupported ->4"},
    {"488b05ffffff7f", "mov rax, qword ptr [rip + 0x7fffffff]", "lea8 t3 [pc+7]; ld8 rax [t3+2147483647]"},
    {"418b4500", "mov eax, dword ptr [r13]", "ld4 rax [r13]"},
    {"418b0424", "mov eax, dword ptr [r12]", "ld4 rax [r12]"},
    {"438b446500", "mov eax, dword ptr [r13 + r12*2]", "ld4 rax [r13+r12*2]"},
    {"8b04ed04000000", "mov eax, dword ptr [rbp*8 + 4]", "ld4 rax [zero+rbp*8+4]"},
    {"8b042510000000", "mov eax, dword ptr [0x10]", "ld4 rax [zero+16]"},
    {"c01805", "rcr byte ptr [rax], 5", "ldw1 t0 [rax]; rcr1_ri t0 t0 #5; st1 [rax] t0"},
    {"c6442401ff", "mov byte ptr [rsp + 1], 0xff", "sti1 [rsp+1] #-1"},
    {"4889f8", "mov rax, rdi", "mov8 rax rdi"},
    {"833864", "cmp dword ptr [rax], 0x64", "ld4 t0 [rax]; cmp4_ri t0 #100"},
    {"f6470102", "test byte ptr [rdi + 1], 2", "ld1 t0 [rdi+1]; test1_ri t0 #2"},
};

// Without the `next` that ends a block of one ordinary instruction.
std::string expansion(Translator& translator, const Row& row) {
    const std::vector<uint8_t> code = bytes_of(row.bytes);
    BlockCode block = translator.translate_block(code, code.size(), 1);
    EXPECT_EQ(block.insns.size(), 1u) << row.text;
    EXPECT_EQ(block.insns.at(0).length, block.bytes) << row.text;
    if (block.uops.back().op == Op::next) block.uops.pop_back();
    return block_text(block);
}

}  // namespace

TEST(Expand, EveryKindOfInstruction) {
    Translator translator;
    for (const Row& row : rows) {
        EXPECT_EQ(expansion(translator, row), row.uops) << row.bytes << ": " << row.text;
    }
}

TEST(Expand, RowsAreTheInstructionsTheyClaimToBe) {
    Translator translator;
    for (const Row& row : rows) {
        unsigned length = 0;
        EXPECT_EQ(translator.disassemble(bytes_of(row.bytes), 0, &length), row.text) << row.bytes;
        const bool known = std::string_view(row.text) != "(bad)";
        EXPECT_EQ(length, known ? bytes_of(row.bytes).size() : 1u) << row.bytes;
    }
}

// An architectural register may change only when nothing after it in the instruction can fault. RSP-relative
// stores of enter are below the stack pointer, so they are no architectural change before it moves.
TEST(Expand, NothingFaultsAfterARegisterChanged) {
    Translator translator;
    for (const Row& row : rows) {
        const std::vector<uint8_t> code = bytes_of(row.bytes);
        const BlockCode block = translator.translate_block(code, code.size(), 1);
        bool changed = false, checked = false;
        for (const Uop& u : block.uops) {
            const OpInfo& info = op_info(u.op);
            const std::string_view name = info.name;
            const bool safe_store = name.starts_with("st") && checked;
            if (changed && (info.load || info.store)) {
                EXPECT_TRUE(safe_store) << row.text << ": " << uop_text(u);
            }
            checked |= name.starts_with("ldw") || name.starts_with("ldl");
            changed |= info.writes_flags || (info.writes_dst && u.dst < T0);
        }
    }
}
