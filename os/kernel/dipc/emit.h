// SPDX-License-Identifier: Apache-2.0
//
// The few x86-64 instructions that proxies are made of (Intel SDM vol. 2; CODOMs' own: abi/codoms.h).
//
// A caller with a call-only right can enter a proxy's page at every multiple of STILE_ENTRY_ALIGN, and a
// proxy is longer than that. So every such address but the entry itself holds an undefined instruction, and
// the code jumps over it.
#pragma once

#include "abi/codoms.h"
#include "os/kernel/base/types.h"

namespace stile::os {

enum Gpr : uint8_t { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };
enum Condition : uint8_t { below = 2, above_or_equal = 3, equal = 4, not_equal = 5, above = 7, negative = 8 };

class Emitter {
  public:
    static constexpr unsigned capacity = 2048;
    static constexpr unsigned max_labels = 8, max_references = 32;

    bool guarded = true;  // false: to show what the guards are for

    unsigned size() const { return size_; }
    const uint8_t* bytes() const { return code_; }
    bool overflow() const { return overflow_; }

    void mov(Gpr to, Gpr from) { rr(0x89, from, to); }
    void load(Gpr to, Gpr base, size_t disp) { rm(0x8b, to, base, disp); }
    void store(Gpr base, size_t disp, Gpr from) { rm(0x89, from, base, disp); }
    void lea(Gpr to, Gpr base, long disp) { rm(0x8d, to, base, static_cast<size_t>(disp)); }
    void sub_mem(Gpr to, Gpr base, size_t disp) { rm(0x2b, to, base, disp); }
    void cmp_mem(Gpr a, Gpr base, size_t disp) { rm(0x3b, a, base, disp); }
    void store_imm(Gpr base, size_t disp, uint32_t imm) {
        begin();
        rm_bytes(true, 0xc7, 0, base, disp);
        word(imm);
        end();
    }
    void cmp32_imm(Gpr base, size_t disp, uint32_t imm) {
        begin();
        rm_bytes(false, 0x81, 7, base, disp);
        word(imm);
        end();
    }
    // to := [base + index * 8 + disp]
    void load_indexed(Gpr to, Gpr base, Gpr index, size_t disp) {
        begin();
        byte(0x48 | (to >> 3) << 2 | (index >> 3) << 1 | base >> 3);
        byte(0x8b);
        byte(0x84 | (to & 7) << 3);
        byte(0xc0 | (index & 7) << 3 | (base & 7));
        word(static_cast<uint32_t>(disp));
        end();
    }
    void add_imm(Gpr r, uint32_t imm) { imm_op(0, r, imm); }
    void sub_imm(Gpr r, uint32_t imm) { imm_op(5, r, imm); }
    void and_imm(Gpr r, uint32_t imm) { imm_op(4, r, imm); }
    void test(Gpr r) { rr(0x85, r, r); }
    void zero(Gpr r) {
        begin();
        if (r >= 8) byte(0x45);
        byte(0x31);
        byte(0xc0 | (r & 7) << 3 | (r & 7));
        end();
    }
    void set32(Gpr r, uint32_t imm) {
        begin();
        if (r >= 8) byte(0x41);
        byte(0xb8 | (r & 7));
        word(imm);
        end();
    }
    void set_signed(Gpr r, int32_t imm) {
        begin();
        byte(0x48 | r >> 3);
        byte(0xc7);
        byte(0xc0 | (r & 7));
        word(static_cast<uint32_t>(imm));
        end();
    }
    void set64(Gpr r, uint64_t imm) {
        begin();
        byte(0x48 | r >> 3);
        byte(0xb8 | (r & 7));
        word(static_cast<uint32_t>(imm));
        word(static_cast<uint32_t>(imm >> 32));
        end();
    }
    void read_fs_base(Gpr r) { fs_base(0, r); }
    void write_fs_base(Gpr r) { fs_base(2, r); }
    void call(Gpr r) {
        begin();
        byte(0xff);
        byte(0xd0 | r);
        end();
    }
    void ret() { plain(0xc3); }
    void undefined() { plain(0x0f, 0x0b); }
    void syscall() { plain(0x0f, 0x05); }

    void cd_kcs(Gpr r) { cd_reg(STILE_OP_CD_STATE, 7, r); }
    void cd_hwtag(Gpr r) { cd_reg(STILE_OP_CD_STATE, 6, r); }
    void cd_rddcs(Gpr r, unsigned which) { cd_reg(STILE_OP_CD_RDDCS, which, r); }
    void cd_wrdcs(unsigned which, Gpr r) { cd_reg(STILE_OP_CD_WRDCS, which, r); }
    void cd_capld(unsigned cap, Gpr base, size_t disp) { cd_mem(STILE_OP_CD_CAPLD, cap, base, disp); }
    void cd_capst(Gpr base, size_t disp, unsigned cap) { cd_mem(STILE_OP_CD_CAPST, cap, base, disp); }

    void jump(unsigned label) {
        begin();
        byte(0xe9);
        reference(label);
        end();
    }
    void jump_if(Condition c, unsigned label) {
        begin();
        byte(0x0f);
        byte(0x80 | c);
        reference(label);
        end();
    }
    // Here is where jumps to `label` go. Returns the offset.
    unsigned place(unsigned label) {
        at_boundary();
        return target_[label] = size_;
    }
    void finish() {
        for (unsigned i = 0; i < references_; i++) {
            const uint32_t rel = target_[reference_[i].label] - (reference_[i].at + 4);
            for (unsigned b = 0; b < 4; b++) code_[reference_[i].at + b] = static_cast<uint8_t>(rel >> 8 * b);
        }
    }

  private:
    static constexpr unsigned longest = 16;

    // Instructions are assembled beside the code and appended whole, so that none lies across a guarded
    // address.
    void begin() { held_ = 0; }
    void byte(unsigned b) { hold_[held_++] = static_cast<uint8_t>(b); }
    void word(uint32_t w) {
        for (unsigned b = 0; b < 4; b++) byte(w >> 8 * b & 0xff);
    }
    void raw(unsigned b) {
        if (size_ < capacity)
            code_[size_++] = static_cast<uint8_t>(b);
        else
            overflow_ = true;
    }
    void at_boundary() {
        if (guarded && size_ % STILE_ENTRY_ALIGN == 0 && size_ != 0) {
            raw(0x0f);
            raw(0x0b);
        }
    }
    void end() {
        at_boundary();
        const unsigned room = STILE_ENTRY_ALIGN - size_ % STILE_ENTRY_ALIGN;
        if (held_ + 2 > room) {
            raw(0xeb);
            raw(guarded ? room : room - 2);  // to the next multiple, and over the two bytes there
            while (size_ % STILE_ENTRY_ALIGN) raw(0xcc);
            at_boundary();
        }
        if (pending_label_ >= 0) {
            if (references_ == max_references) {
                overflow_ = true;
                return;
            }
            reference_[references_++] = {size_ + held_ - 4, static_cast<unsigned>(pending_label_)};
            pending_label_ = -1;
        }
        for (unsigned i = 0; i < held_; i++) raw(hold_[i]);
    }
    void reference(unsigned label) {
        pending_label_ = static_cast<int>(label);
        word(0);
    }
    void plain(unsigned a) {
        begin();
        byte(a);
        end();
    }
    void plain(unsigned a, unsigned b) {
        begin();
        byte(a);
        byte(b);
        end();
    }
    void rr(unsigned op, unsigned reg, unsigned rm_reg) {
        begin();
        byte(0x48 | (reg >> 3) << 2 | rm_reg >> 3);
        byte(op);
        byte(0xc0 | (reg & 7) << 3 | (rm_reg & 7));
        end();
    }
    void modrm_mem(unsigned reg, unsigned base, size_t disp) {
        const auto d = static_cast<int32_t>(disp);
        const bool small = d >= -128 && d < 128;
        byte((small ? 0x40 : 0x80) | (reg & 7) << 3 | (base & 7));
        if ((base & 7) == 4) byte(0x24);  // RSP as base needs a SIB byte
        if (small)
            byte(static_cast<uint8_t>(d));
        else
            word(static_cast<uint32_t>(d));
    }
    void rm_bytes(bool wide, unsigned op, unsigned reg, unsigned base, size_t disp) {
        const unsigned rex = (wide ? 0x48u : 0x40u) | (reg >> 3) << 2 | base >> 3;
        if (rex != 0x40) byte(rex);
        byte(op);
        modrm_mem(reg, base, disp);
    }
    void rm(unsigned op, unsigned reg, unsigned base, size_t disp) {
        begin();
        rm_bytes(true, op, reg, base, disp);
        end();
    }
    void imm_op(unsigned which, Gpr r, uint32_t imm) {
        begin();
        byte(0x48 | r >> 3);
        byte(0x81);
        byte(0xc0 | which << 3 | (r & 7));
        word(imm);
        end();
    }
    void fs_base(unsigned which, Gpr r) {
        begin();
        byte(0xf3);
        byte(0x48 | r >> 3);
        byte(0x0f);
        byte(0xae);
        byte(0xc0 | which << 3 | (r & 7));
        end();
    }
    void cd_reg(unsigned op, unsigned which, Gpr r) {
        begin();
        if (r >= 8) byte(0x41);
        byte(0x0f);
        byte(op);
        byte(0xc0 | which << 3 | (r & 7));
        end();
    }
    void cd_mem(unsigned op, unsigned cap, Gpr base, size_t disp) {
        begin();
        if (base >= 8) byte(0x41);
        byte(0x0f);
        byte(op);
        modrm_mem(cap, base, disp);
        end();
    }

    struct Reference {
        unsigned at, label;
    };
    uint8_t code_[capacity];
    uint8_t hold_[longest];
    unsigned size_ = 0, held_ = 0, references_ = 0;
    int pending_label_ = -1;
    bool overflow_ = false;
    unsigned target_[max_labels] = {};
    Reference reference_[max_references];
};

}  // namespace stile::os
