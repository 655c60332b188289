// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tso/fixture.h"

namespace stile::model::test {

GUEST(touch,
      "mov rdi, 0x200000\n mov byte ptr [rdi], 0\n mov byte ptr [rdi + 4096], 0\n"
      "mov byte ptr [rdi + 0x7fff8], 0\n mov al, [rdi]\n mov al, [rdi + 4096]\n"
      "mov al, [rdi + 0x7fff8]\n hlt");

void Tso::touch_pages(Rig& rig) {
    rig.load(code_at + 0x8000, GUEST_BYTES(touch));
    rig.core->state().rip = code_at + 0x8000;
    EXPECT_EQ(rig.run(), Stop::idle_forever);
    rig.core->state().halted = false;
    rig.core->state().rip = code_at;
}

}  // namespace stile::model::test
