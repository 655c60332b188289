// SPDX-License-Identifier: Apache-2.0
//
// One pass over the bytes. For each instruction: our decoder splits it, Capstone must agree that it is valid
// and how long it is (unless the row is ours to judge), the row's build function appends micro-ops. Where the
// two disagree the instruction counts as one that Stile lacks: rather refuse than guess.
#include "isa/translate.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "isa/decode.h"
#include "isa/disassemble.h"
#include "isa/emit.h"

namespace stile::isa {
namespace {

constexpr unsigned max_block_uops = 255, max_block_insns = 64;
// Longest expansion is enter with 31 levels.
constexpr unsigned max_uops_of_one = 80;

// What Capstone gets wrong, so that our decoder judges alone. Near branches are 64-bit whatever 66 says, as
// on Intel's processors; Capstone reads them as AMD's do, with a target of 16 bits, and with 67 or a repeat
// prefix as well it takes some for longer than they are. So it does `push imm` with 66 and a repeat prefix.
bool misjudged(const Insn& insn) {
    const Op op = insn.form->op;
    const bool branch = op == Op::jmp || op == Op::call || op == Op::jcc || op == Op::ret;
    return (branch && (insn.p66 || insn.addr32 || insn.rep != 0)) ||
           (insn.opcode == 0x68 && insn.rep != 0 && insn.map == Map::one);
}

bool starts_block(Op op) { return op == Op::rdtsc || op == Op::rdtscp || op == Op::rdmsr; }

}  // namespace

struct Translator::Impl {
    csh capstone = 0;
    cs_insn* scratch = nullptr;

    Impl() {
        if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) != CS_ERR_OK)
            throw std::runtime_error("Capstone was built without x86 support");
        scratch = cs_malloc(capstone);
    }
    ~Impl() {
        cs_free(scratch, 1);
        cs_close(&capstone);
    }

    // Length of a valid instruction, 0 if Capstone knows none. Missing bytes are read as zeros: the bytes
    // that decide validity are there once our decoder has got past the opcode, so a length beyond code.size()
    // means that the instruction goes on elsewhere.
    unsigned judge(std::span<const uint8_t> code, uint64_t address = 0) {
        uint8_t bytes[max_instruction_bytes + 1] = {};
        std::memcpy(bytes, code.data(), std::min<size_t>(code.size(), max_instruction_bytes));
        const uint8_t* at = bytes;
        size_t left = max_instruction_bytes;
        return cs_disasm_iter(capstone, &at, &left, &address, scratch) ? scratch->size : 0;
    }

    // Capstone finds some instructions only if their mandatory prefix is the last one; processors do not
    // care.
    unsigned judge_reordered(std::span<const uint8_t> code, const Form& form) {
        std::array<uint8_t, max_instruction_bytes> bytes{};
        const size_t size = std::min(code.size(), bytes.size());
        std::copy_n(code.begin(), size, bytes.begin());
        const auto is_mandatory = [](uint8_t b) { return b == 0x66 || b == 0xf2 || b == 0xf3; };
        const auto is_other = [](uint8_t b) {
            return b == 0x67 || b == 0xf0 || (b & 0xfe) == 0x64 || (b & 0xe7) == 0x26;
        };
        const auto is_prefix = [&](uint8_t b) { return is_mandatory(b) || is_other(b); };
        // REX prefixes that another prefix follows say nothing, and may go anywhere among them.
        auto end = bytes.begin();
        for (auto at = end; is_prefix(*at) || (*at & 0xf0) == 0x40; ++at)
            if (is_prefix(*at)) end = at + 1;
        std::stable_partition(bytes.begin(), end, [&](uint8_t b) { return !is_mandatory(b); });
        const unsigned length = judge({bytes.data(), size});
        if (length != 0 || form.enc.prefix != Mandatory::any) return length;
        // A repeat prefix that means nothing here gives way to another that does not either.
        std::replace_if(
            bytes.begin(), end, [](uint8_t b) { return b == 0xf2 || b == 0xf3; }, uint8_t{0x3e});
        return judge({bytes.data(), size});
    }

    enum class Verdict { fine, invalid, lacking, more, too_long };

    // Decides what `code` begins with; insn.length is set in every case but `more`.
    Verdict examine(std::span<const uint8_t> code, Insn& insn) {
        const Decoded decoded = decode(code, insn);
        if (decoded == Decoded::too_long) {
            insn.length = max_instruction_bytes;
            return Verdict::too_long;
        }
        if (decoded == Decoded::truncated) return Verdict::more;
        if (decoded == Decoded::ok && (insn.form->enc.ours || misjudged(insn))) return Verdict::fine;
        unsigned length = judge(code);
        if (length == 0 && decoded == Decoded::ok) length = judge_reordered(code, *insn.form);
        if (length == 0) return Verdict::invalid;
        if (length > code.size()) return Verdict::more;
        if (decoded == Decoded::ok && length == insn.length) return Verdict::fine;
        insn.length = static_cast<uint8_t>(length);
        return Verdict::lacking;
    }

    Verdict append(BlockCode& block, std::span<const uint8_t> code, size_t page_left, bool& stop);
};

Translator::Translator() : impl_(std::make_unique<Impl>()) {}
Translator::~Translator() = default;

namespace {

void single(BlockCode& block, Op op, unsigned offset, unsigned length, unsigned index) {
    Uop u;
    u.op = op;
    u.insn = static_cast<uint8_t>(index);
    u.disp = static_cast<int32_t>(offset + length);
    block.uops.push_back(u);
}

void end_block(BlockCode& block) {
    single(block, Op::next, block.bytes, 0, static_cast<unsigned>(block.insns.size()) - 1);
}

// The row of cmp/test that the Jcc in `uops.back()` can be fused with, or Op::nop.
Op fused(const Uop& compare) {
    const auto at = [&](Op first) {
        return static_cast<unsigned>(compare.op) - static_cast<unsigned>(first);
    };
    const auto member = [](Op first, unsigned n) {
        return static_cast<Op>(static_cast<unsigned>(first) + n);
    };
    constexpr unsigned family = 8;  // four sizes, rr and ri
    if (at(Op::cmp1_rr) < family) return member(Op::cmp_jcc1_rr, at(Op::cmp1_rr));
    if (at(Op::test1_rr) < family) return member(Op::test_jcc1_rr, at(Op::test1_rr));
    return Op::nop;
}

// Saves a dispatch and the lazy flags' round trip in most conditional branches.
void fuse_branch(BlockCode& block) {
    std::vector<Uop>& uops = block.uops;
    if (uops.size() < 2 || uops.back().op != Op::jcc) return;
    const Uop compare = uops[uops.size() - 2];
    const Op op = fused(compare);
    if (op == Op::nop) return;
    Uop branch = uops.back();
    branch.op = op;
    branch.a = compare.a;
    branch.b = compare.b;
    if ((static_cast<unsigned>(op) - static_cast<unsigned>(Op::cmp_jcc1_rr)) % 2 != 0)
        branch.imm = compare.imm << 32 | (branch.imm & 0xffffffff);
    uops.pop_back();
    uops.back() = branch;
    block.insns.back().first_uop = static_cast<uint8_t>(uops.size() - 1);
}
static_assert(static_cast<unsigned>(Op::test_jcc1_rr) - static_cast<unsigned>(Op::cmp_jcc1_rr) == 8);

}  // namespace

// Adds the instruction at code[0] to the block; sets `stop` when the block is complete.
Translator::Impl::Verdict Translator::Impl::append(BlockCode& block, std::span<const uint8_t> code,
                                                   size_t page_left, bool& stop) {
    const bool first = block.insns.empty();
    const auto index = static_cast<unsigned>(block.insns.size());
    const unsigned offset = block.bytes;
    Insn insn;
    const Verdict verdict = examine(code, insn);
    const bool crosses = verdict == Verdict::more || insn.length > page_left;
    if (verdict == Verdict::more && first) {
        block.needs_more = stop = true;
        return verdict;
    }
    if ((crosses && !first) || (!first && verdict == Verdict::fine && starts_block(insn.form->op))) {
        end_block(block);
        stop = true;
        return verdict;
    }
    const size_t begin = block.uops.size();
    if (verdict == Verdict::fine) {
        Emitter emitter(block.uops, insn, offset, index);
        insn.form->build(emitter);
        if (emitter.is_invalid()) {
            block.uops.resize(begin);
            single(block, Op::ud, offset, insn.length, index);
        }
    } else {
        const Op op = verdict == Verdict::invalid    ? Op::ud
                      : verdict == Verdict::too_long ? Op::io
                                                     : Op::unsupported;
        single(block, op, offset, insn.length, index);
    }
    block.insns.push_back({static_cast<uint16_t>(offset), insn.length, static_cast<uint8_t>(begin)});
    block.bytes += insn.length;
    fuse_branch(block);
    if (block.uops.back().op == Op::mark) ++block.markers;
    block.straddles = crosses;
    stop = op_info(block.uops.back().op).ends_block;
    if (!stop && crosses) {
        end_block(block);
        stop = true;
    }
    return verdict;
}

BlockCode Translator::translate_block(std::span<const uint8_t> code, size_t page_left, unsigned max_insns) {
    BlockCode block;
    block.uops.reserve(48);
    block.insns.reserve(16);
    max_insns = std::clamp(max_insns, 1u, max_block_insns);
    for (bool stop = false; !stop;) {
        impl_->append(block, code.subspan(block.bytes), page_left - block.bytes, stop);
        if (stop) break;
        const bool full =
            block.insns.size() == max_insns || block.uops.size() + max_uops_of_one > max_block_uops;
        if (full || block.bytes >= page_left || block.bytes >= code.size()) {
            end_block(block);
            break;
        }
    }
    return block;
}

namespace {

// The instruction as Capstone reads it right: without the prefixes that mislead it and mean nothing.
std::vector<uint8_t> without_prefixes(std::span<const uint8_t> code, const Insn& insn) {
    const auto misleads = [&](uint8_t byte) {
        return byte == 0xf2 || byte == 0xf3 || (insn.opcode != 0x68 && (byte == 0x66 || byte == 0x67));
    };
    constexpr std::string_view others = "\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0";
    std::vector<uint8_t> out;
    bool in_prefixes = true;
    for (const uint8_t byte : code.first(insn.length)) {
        if (in_prefixes && misleads(byte)) continue;
        in_prefixes &=
            others.find(static_cast<char>(byte)) != std::string_view::npos || (byte & 0xf0) == 0x40;
        out.push_back(byte);
    }
    return out;
}

}  // namespace

std::string Translator::disassemble(std::span<const uint8_t> code, uint64_t address, unsigned* length) {
    unsigned unused = 0;
    if (length == nullptr) length = &unused;
    Insn insn;
    const bool decoded = decode(code, insn) == Decoded::ok, ours = decoded && insn.form->enc.ours;
    if (decoded && misjudged(insn)) {
        const std::vector<uint8_t> plain = without_prefixes(code, insn);
        const size_t dropped = insn.length - plain.size();
        std::string text = disassemble(plain, address + dropped, length);
        if (text != "(bad)") *length += static_cast<unsigned>(dropped);
        return text;
    }
    const unsigned known = impl_->judge(code, address);
    if (known != 0 && known <= code.size() && (!ours || known == insn.length)) {
        *length = known;
        std::string text = impl_->scratch->mnemonic;
        if (impl_->scratch->op_str[0] != 0) text.append(" ").append(impl_->scratch->op_str);
        return text;
    }
    std::vector<Uop> uops;
    Emitter emitter(uops, insn, 0, 0);
    if (ours) insn.form->build(emitter);
    if (ours && !emitter.is_invalid()) {
        *length = insn.length;
        return format_own(insn);
    }
    *length = 1;
    return "(bad)";
}

std::string disassemble(std::span<const uint8_t> code, uint64_t address, unsigned* length) {
    Translator translator;
    return translator.disassemble(code, address, length);
}

}  // namespace stile::isa
