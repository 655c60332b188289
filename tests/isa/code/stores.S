/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that rewrite themselves: every kind of store, in every position relative to the instruction that it
 * changes. All are position-independent, are copied before they run, and have one shape:
 *     unsigned f(unsigned value, void* scratch, long view)
 * `view` is the distance from where the code runs to where it is to be written (the same page through another
 * address), scratch is 256 bytes of memory, and the answer is what the changed instructions made of `value`.
 * The table at the end has {first byte, end, name} for each. */
        .intel_syntax noprefix
        .text

/* `store_KIND` writes the four bytes of edi to [rcx]; clobbers eax, edx, r8, r9. */
.macro store_mov
        mov [rcx], edi
.endm
.macro store_bytes
        mov eax, edi
        mov [rcx], al
        mov [rcx + 1], ah
        shr eax, 16
        mov [rcx + 2], ax
.endm
.macro store_qword
        mov rax, [rcx]
        shr rax, 32
        shl rax, 32
        mov edx, edi
        or rax, rdx
        mov [rcx], rax
.endm
.macro store_xchg
        mov eax, edi
        xchg [rcx], eax
.endm
.macro store_add
        mov eax, edi
        sub eax, [rcx]
        add [rcx], eax
.endm
.macro store_lock_add
        mov eax, edi
        sub eax, [rcx]
        lock add [rcx], eax
.endm
.macro store_xor
        mov eax, edi
        xor eax, [rcx]
        xor [rcx], eax
.endm
.macro store_not
        mov [rsi], edi
        not dword ptr [rsi]
        mov eax, [rsi]
        mov [rcx], eax
        not dword ptr [rcx]
.endm
.macro store_xadd
        mov eax, edi
        sub eax, [rcx]
        lock xadd [rcx], eax
.endm
.macro store_cmpxchg
        mov eax, [rcx]
        lock cmpxchg [rcx], edi
.endm
.macro store_cmpxchg8b
        push rbx
        mov r8, rcx
        mov eax, [r8]
        mov edx, [r8 + 4]
        mov ebx, edi
        mov ecx, edx
        lock cmpxchg8b [r8]
        mov rcx, r8
        pop rbx
.endm
.macro store_bits
        xor eax, eax
        mov [rcx], eax
1:      bt edi, eax
        jnc 2f
        bts [rcx], rax
2:      inc eax
        cmp eax, 32
        jne 1b
.endm
.macro store_shift
        mov eax, edi
        ror eax, 7
        mov [rcx], eax
        rol dword ptr [rcx], 7
.endm
.macro store_setcc
        mov [rcx], edi
        mov dword ptr [rcx], 0
        bt edi, 0
        setc [rcx]
        mov eax, edi
        and eax, -2
        or [rcx], eax
.endm
.macro store_push
        mov rax, [rcx]
        shr rax, 32
        shl rax, 32
        mov edx, edi
        or rax, rdx
        mov r8, rsp
        lea rsp, [rcx + 8]
        push rax
        mov rsp, r8
.endm
.macro store_pop
        mov rax, [rcx]
        shr rax, 32
        shl rax, 32
        mov edx, edi
        or rax, rdx
        push rax
        pop [rcx]
.endm
.macro store_stosb
        mov r8, rdi
        mov r9, rcx
        mov [rsi], edi
        mov rdi, rcx
        mov al, [rsi]
        stosb
        mov eax, [rsi + 1]
        stosb
        mov eax, [rsi + 2]
        stosb
        mov eax, [rsi + 3]
        stosb
        mov rdi, r8
        mov rcx, r9
.endm
.macro store_rep_stosd
        mov r8, rdi
        mov r9, rcx
        mov eax, edi
        mov rdi, rcx
        mov ecx, 1
        rep stosd
        mov rdi, r8
        mov rcx, r9
.endm
.macro store_rep_movsb
        mov [rsi], edi
        mov r8, rdi
        mov r9, rcx
        mov rdi, rcx
        mov ecx, 4
        rep movsb
        sub rsi, 4
        mov rdi, r8
        mov rcx, r9
.endm
.macro store_movs_down
        mov [rsi], edi
        mov r8, rdi
        mov r9, rcx
        lea rdi, [rcx + 3]
        add rsi, 3
        mov ecx, 4
        std
        rep movsb
        cld
        inc rsi
        mov rdi, r8
        mov rcx, r9
.endm
.macro store_movd
        movd xmm0, edi
        movd [rcx], xmm0
.endm
.macro store_movq
        mov eax, edi
        mov edx, [rcx + 4]
        movd xmm0, eax
        movd xmm1, edx
        punpckldq xmm0, xmm1
        movq [rcx], xmm0
.endm
.macro store_movdqu
        movdqu xmm0, [rcx]
        movdqu [rsi], xmm0
        mov [rsi], edi
        movdqu xmm0, [rsi]
        movdqu [rcx], xmm0
.endm
.macro store_movss
        movd xmm0, edi
        movss [rcx], xmm0
.endm
.macro store_movnti
        movnti [rcx], edi
        sfence
.endm
.macro store_maskmovdqu
        mov r8, rdi
        movd xmm0, edi
        mov eax, -1
        movd xmm1, eax
        mov rdi, rcx
        maskmovdqu xmm0, xmm1
        mov rdi, r8
        sfence
.endm
.macro store_fistp
        mov [rsi], edi
        fild dword ptr [rsi]
        fistp dword ptr [rcx]
.endm
.macro store_ldmxcsr
        stmxcsr [rsi]
        mov [rcx], edi
        stmxcsr [rcx]
        mov [rcx], edi
        ldmxcsr [rsi]
.endm

/* Positions. `5` is the instruction whose immediate is changed; it begins as 0x01010101. */
.macro shape_next kind          /* the very next instruction */
        lea rcx, [rip + 5f + 1]
        add rcx, rdx
        store_\kind
5:      mov eax, 0x01010101
        ret
.endm
.macro shape_later kind         /* further on in the same straight piece of code */
        lea rcx, [rip + 5f + 1]
        add rcx, rdx
        xor eax, eax
        store_\kind
        lea r9, [rdi + rdi * 2]
        nop
        mov r10, r9
        add r10, 7
5:      mov eax, 0x01010101
        add eax, r10d
        ret
.endm
.macro shape_successor kind     /* where a jump leads, again and again */
        mov r11, rdx
        xor r10d, r10d
6:      lea rcx, [rip + 5f + 1]
        add rcx, r11
        store_\kind
        jmp 5f
        ud2
5:      mov eax, 0x01010101
        lea r10d, [r10 * 2 + r10]
        add r10d, eax
        inc edi
        test edi, 7
        jne 6b
        mov eax, r10d
        ret
.endm
.macro shape_behind kind        /* what has run already and will run again */
        mov r11, rdx
        xor r10d, r10d
        jmp 6f
5:      mov eax, 0x01010101
        lea r10d, [r10 * 4 + r10]
        add r10d, eax
        inc edi
        test edi, 7
        je 7f
6:      lea rcx, [rip + 5b + 1]
        add rcx, r11
        store_\kind
        jmp 5b
7:      mov eax, r10d
        ret
.endm
.macro shape_called kind        /* a function, called every other time only */
        mov r11, rdx
        xor r10d, r10d
6:      lea rcx, [rip + 5f + 1]
        add rcx, r11
        store_\kind
        test edi, 1
        je 8f
        call 5f
        imul r10d, r10d, 31
        add r10d, eax
8:      inc edi
        test edi, 15
        jne 6b
        mov eax, r10d
        ret
5:      mov eax, 0x01010101
        ret
.endm
.macro shape_serial kind        /* behind an instruction that serializes: for writes through another address */
        mov r11, rdx
        lea rcx, [rip + 5f + 1]
        add rcx, r11
        store_\kind
        push rbx
        xor eax, eax
        cpuid
        pop rbx
5:      mov eax, 0x01010101
        ret
.endm

.macro make shape kind
        .pushsection .rodata
91:     .asciz "\shape \kind"
        .popsection
        .p2align 4
92:     shape_\shape \kind
93:     .pushsection .data.rel.ro, "aw"
        .quad 92b, 93b, 91b
        .popsection
.endm

        .pushsection .data.rel.ro, "aw"
        .p2align 3
        .globl self_rewriting
self_rewriting:
        .popsection
.irp kind, mov, bytes, qword, xchg, add, lock_add, xor, not, xadd, cmpxchg, cmpxchg8b, bits, shift, setcc, push, \
        pop, stosb, rep_stosd, rep_movsb, movs_down, movd, movq, movdqu, movss, movnti, maskmovdqu, fistp, ldmxcsr
        .irp shape, next, later, successor, behind, called, serial
        make \shape \kind
        .endr
.endr
        .pushsection .data.rel.ro, "aw"
        .quad 0, 0, 0
        .popsection
        .section .note.GNU-stack, "", @progbits
