// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/fs/file.h"

namespace stile::os {

// A file that stays open while the caller sleeps in it. Only a thread that shares its table could close it.
class Held {
  public:
    explicit Held(int fd) : file_(file_of_fd(fd)) {
        if (file_) file_get(file_);
    }
    ~Held() {
        if (file_) file_put(file_);
    }
    Held(const Held&) = delete;
    explicit operator bool() const { return file_; }
    File* operator->() const { return file_; }
    File* get() const { return file_; }

  private:
    File* file_;
};

}  // namespace stile::os
