// SPDX-License-Identifier: Apache-2.0
//
// What `depends` needs and does not find.
__attribute__((visibility("default"))) int helper() { return 0; }
