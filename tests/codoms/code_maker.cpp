// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/codoms/code_maker_impl.h"

namespace stile::codoms_fuzz {

void CodeMaker::emit(Insn insn) {
    std::vector<uint8_t> bytes;
    uint64_t& at = stream_->cursor;
    // The island of data is jumped over.
    const uint64_t offset = at % page_bytes;
    if (offset >= island - 40 && offset < island_end && insn.kind != Kind::jmp) {
        Insn over;
        over.kind = Kind::jmp;
        over.imm = at - offset + island_end;
        emit(over);
        at = over.imm;
    }
    insn.at = at;
    encode(insn, bytes);
    plan_.code.push_back(insn);
    at += insn.len;
}

// The next piece of code: a random stream, and with or without a gap.
bool CodeMaker::begin(bool aligned) {
    strict_ = random_.percent(60);
    for (unsigned tries = 0; tries < 20; ++tries) {
        stream_ = &streams_[random_.below(streams_.size())];
        if (room(700)) break;
    }
    uint64_t& at = stream_->cursor;
    // The streams reach the ends of their pages the sooner.
    if (random_.percent(25) && at % page_bytes < 3600) at = at - at % page_bytes + 3800 + random_.below(200);
    if (aligned)
        at = (at + 63) & ~63ull;
    else
        at += random_.below(40);
    if (at % page_bytes >= island - 64 && at % page_bytes < island_end)
        at = at - at % page_bytes + island_end;
    return room(700);
}

uint64_t CodeMaker::place(const PagePlan& page, unsigned bytes) {
    if (page.role == Role::code) return page.at + island + random_.below(island_end - island - bytes);
    const uint64_t size = page.large ? large_bytes : page_bytes;
    if (page.large && random_.percent(70)) return page.at + random_.below(4 * page_bytes);
    if (random_.percent(strict_ ? 3 : 12)) return page.at + size - 1 - random_.below(bytes);  // most cross
    if (random_.percent(6)) return page.at;
    const uint64_t offset = random_.below(size - 64);
    return page.at + (random_.percent(70) ? offset & ~15ull : offset);
}

uint64_t CodeMaker::any_data(unsigned bytes) {
    if (random_.percent(2)) return random_.of<uint64_t>({hole, hole + 0xfff, 0x7ffffff8, 0});
    return place(plan_.pages[random_.below(plan_.pages.size())], bytes);
}

// Mostly one that the domain may touch, as far as can be seen now.
uint64_t CodeMaker::data(unsigned bytes, bool write) {
    if (random_.percent(strict_ ? 0 : 10)) return any_data(bytes);
    for (unsigned tries = 0; tries < 30; ++tries) {
        const PagePlan& p = plan_.pages[random_.below(plan_.pages.size())];
        if (p.role == Role::dcs || !p.present || !p.page.user || p.page.cap_storage ||
            (write && !p.page.writable))
            continue;
        if (plan_.right(tag(), p.page.tag) >= (write ? STILE_RIGHT_WRITE : STILE_RIGHT_READ))
            return place(p, bytes);
    }
    return any_data(bytes);
}

uint64_t CodeMaker::code_target(bool call) {
    if (random_.percent(strict_ ? 0 : 4)) return any_data(1);  // NX, or not there
    const auto& from = call || bounces_.empty() ? functions_ : bounces_;
    if (from.empty()) return hole;
    for (unsigned tries = 0; tries < 30; ++tries) {
        const uint64_t target = from[random_.below(from.size())];
        const unsigned right = plan_.right(tag(), plan_.page_of(target)->page.tag);
        if (right >= STILE_RIGHT_READ || (right == STILE_RIGHT_CALL && target % 64 == 0)) return target;
    }
    return from[random_.below(from.size())];
}

// Memory that holds a target.
uint64_t CodeMaker::cell(uint64_t target) {
    const uint64_t address = data(8, false) & ~7ull;
    const PagePlan* page = plan_.page_of(address);
    if (!page || page->role == Role::code || page->page.cap_storage) return address;
    const auto* from = reinterpret_cast<const uint8_t*>(&target);
    plan_.data.emplace_back(page->frame + (address - page->at), std::vector<uint8_t>(from, from + 8));
    return address;
}

// What is called, or jumped to with the way back in r10. Most begin at an entry point.
void CodeMaker::function(bool bouncing) {
    if (!begin(random_.percent(80))) return;
    const uint64_t entry = here();
    const unsigned units = static_cast<unsigned>(random_.below(4));
    for (unsigned i = 0; i < units; ++i) unit(true);
    Insn end;
    if (bouncing) {
        end.kind = Kind::jmp_reg;
        end.reg = r10;
    } else if (random_.percent(3)) {  // back to somewhere else
        mov(rax, code_target(true));
        Insn i;
        i.kind = Kind::pop;
        i.reg = rdx;
        emit(i);
        i.kind = Kind::push;
        i.reg = rax;
        emit(i);
        end.kind = Kind::ret;
    } else {
        end.kind = random_.percent(85) ? Kind::ret : Kind::ret_imm;
        end.imm = 8 * random_.below(3);
    }
    emit(end);
    (bouncing ? bounces_ : functions_).push_back(entry);
    if (plan_.starts.empty() || random_.percent(15)) plan_.starts.push_back(entry);
}

// What it makes dies when it returns, whoever has used it.
void CodeMaker::lender() {
    if (!begin(true)) return;
    const uint64_t entry = here();
    lend_in_function_ = true;
    lend();
    lend_in_function_ = false;
    Insn end;
    end.kind = Kind::ret;
    emit(end);
    functions_.push_back(entry);
    if (lent_to_ != 0) lenders_.push_back({entry, lent_to_});
}

void CodeMaker::loop() {
    if (!begin(random_.percent(50))) return;
    plan_.starts.push_back(here());
    mov(r15, 2 + random_.below(strict_ ? 100 : 12));
    mov(r14, 0);
    const uint64_t head = here();
    const unsigned units = 3 + static_cast<unsigned>(random_.below(9));
    for (unsigned i = 0; i < units && room(500); ++i) unit(false);
    Insn i;
    i.kind = Kind::add_imm;
    i.reg = r14;
    i.imm = random_.of<uint64_t>({0, 0, 8, 64, 1000, 4096});
    emit(i);
    i = {};
    i.kind = Kind::and_imm;
    i.reg = r14;
    i.imm = random_.of<uint64_t>({0x38, 0xff8, 0x1fff, 0xfff});
    emit(i);
    // Both or neither are behind the island.
    if (here() % page_bytes >= island - 60 && here() % page_bytes < island_end) {
        i = {};
        i.kind = Kind::jmp;
        i.imm = (here() & ~(page_bytes - 1)) + island_end;
        emit(i);
        stream_->cursor = i.imm;
    }
    i = {};
    i.kind = Kind::dec;
    i.reg = r15;
    emit(i);
    i = {};
    i.kind = Kind::jnz;
    i.imm = head;
    emit(i);
    i = {};
    i.kind = random_.percent(70) ? Kind::jmp : Kind::syscall;
    i.imm = plan_.starts[random_.below(plan_.starts.size())];
    if (random_.percent(70)) emit(i);  // or falls through into what comes next
}

void CodeMaker::run() {
    streams_ = {{code_a, code_a + 6 * page_bytes - 64},
                {code_b, code_b + 5 * page_bytes - 64},
                {code_c, code_c + 4 * page_bytes - 64}};
    for (unsigned i = 0; i < 10; ++i) function(i % 3 == 2);
    for (unsigned i = 0; i < 6; ++i) borrower();
    for (unsigned i = 0; i < 3; ++i) lender();
    const auto full = [&] {
        return std::ranges::none_of(streams_, [](const Stream& s) { return s.cursor + 900 < s.end; });
    };
    for (unsigned i = 0; i < 40 && !full(); ++i) {
        if (i % 8 == 7)
            random_.percent(50) ? lender() : function(random_.percent(40));
        else
            loop();
    }
}

void make_code(Plan& plan, Random& random) { CodeMaker(plan, random).run(); }

}  // namespace stile::codoms_fuzz
