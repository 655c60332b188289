// SPDX-License-Identifier: Apache-2.0
//
// The memory file system: everything lives in inodes, filled at boot from the initial ramdisk. A regular
// file's bytes are in pages, so that mappings of it are those very pages. What a file system makes up as it
// is asked (fs/proc) overrides the virtual functions.
#pragma once

#include <linux/stat.h>

#include "os/kernel/fs/file.h"
#include "os/kernel/fs/page_tree.h"
#include "os/kernel/mm/vm.h"

namespace stile::os {

struct Pipe;
struct FileLock;
class Inode;

// The kinds of inodes, as in st_mode (inode(7)). Names of our own: linux/stat.h gives them only without
// glibc.
inline constexpr unsigned mode_kind = 0170000, mode_fifo = 0010000, mode_character = 0020000,
                          mode_directory = 0040000, mode_block = 0060000, mode_regular = 0100000,
                          mode_symlink = 0120000, mode_socket = 0140000;

inline constexpr size_t name_max = 255, path_max = 4096;  // NAME_MAX; PATH_MAX, which counts the NUL

struct DirectoryEntry {
    Link link;
    Inode* inode;
    char* name;
    uint32_t hash, length;
    int64_t cookie;  // its place in the directory for ever: what getdents64 goes by
};

// What reading a directory gives.
struct NamedInode {
    char name[name_max + 1];
    uint64_t number;
    unsigned mode;
};

class Inode : public PageSource {
  public:
    uint32_t refs = 1;  // directory entries, open files, mappings
    uint32_t links = 0;
    uint32_t mappings = 0;  // areas that it is the source of
    uint64_t number;
    unsigned mode;  // S_IF* and permissions
    unsigned uid = 0, gid = 0;
    uint64_t device = 0;  // of a device node: major << 8 | minor
    uint64_t size = 0;
    int64_t atime_ns = 0, mtime_ns = 0, ctime_ns = 0, btime_ns = 0;
    uint32_t writers = 0;    // files that may write: it is not executed meanwhile (ETXTBSY)
    uint32_t executing = 0;  // processes whose program it is: not to be written meanwhile (ETXTBSY)
    bool removed = false;    // a directory without a name; it holds its parent
    bool nameless = false;   // of pipe(2), or O_TMPFILE: that may be given its first name by linkat(2)

    PageTree pages;                                       // regular
    List<DirectoryEntry, &DirectoryEntry::link> entries;  // directory, by rising cookie
    int64_t last_cookie = 2;                              // up to it: "." and ".."
    DirectoryEntry* listed = nullptr;                     // where next_child() was last
    uint32_t subdirectories = 0;
    Inode* parent = nullptr;  // a directory's; of others the one where the last name is
    char* target = nullptr;   // symbolic link
    Pipe* pipe = nullptr;     // FIFO, while it is open
    FileLock* locks = nullptr;

    explicit Inode(unsigned mode);
    ~Inode() override;

    bool is_directory() const { return (mode & mode_kind) == mode_directory; }
    bool is_regular() const { return (mode & mode_kind) == mode_regular; }
    bool is_symlink() const { return (mode & mode_kind) == mode_symlink; }
    bool is_device() const { return (mode & mode_kind) == mode_character; }
    bool is_fifo() const { return (mode & mode_kind) == mode_fifo; }

    Page* page_at(uint64_t index, bool create);    // no reference taken
    bool allocate(uint64_t first, uint64_t last);  // all these pages, or none
    Status resize(uint64_t bytes);
    Status clear_range(uint64_t from, uint64_t to);           // a hole where whole pages are in it
    Status read_kernel(void* to, uint64_t offset, size_t n);  // bytes read
    Status write_kernel(const void* from, uint64_t offset, size_t n);
    virtual void fill_stat(struct stat& out) const;
    void touch_access();  // as mount option relatime
    void touch_modify();  // contents changed
    void touch_change();  // attributes changed

    DirectoryEntry* lookup(const char* name, size_t length);
    Status link_child(const char* name, size_t length, Inode* child);  // takes a reference of its own
    Status unlink_child(DirectoryEntry* entry);
    void name_gone(Inode* child);
    void replace_child(DirectoryEntry* entry, Inode* child);  // the name leads to another inode from now on

    // The child of that name, referenced; 0 or -errno.
    virtual Status find_child(const char* name, size_t length, Inode** out);
    // The first entry with a cookie above `cookie`, which is advanced to it. 1, or 0 at the end.
    virtual Status next_child(int64_t& cookie, NamedInode& out);
    virtual Status name_of_child(const Inode* child, char (&out)[name_max + 1]);  // its length
    virtual Status read_link(char* to, size_t bytes);  // length, cut off at `bytes`
    // Where the link leads when that is no matter of its text: 1 and a referenced inode. 0: follow the text.
    virtual Status follow(Inode**) { return 0; }
    virtual Status open(uint32_t flags, File** out);  // of what is neither device nor FIFO
    virtual bool changeable() const { return true; }  // may names be added and removed?

    Page* source_page(uint64_t index) override;
    void source_get() override {
        refs++;
        mappings++;
    }
    void source_put() override;
    Inode* source_inode() override { return this; }
};

Inode* inode_create(unsigned mode);
inline void inode_get(Inode* i) { i->refs++; }
void inode_put(Inode* i);
Inode* root_inode();
int64_t file_time();  // now, on CLOCK_REALTIME

// Holds one reference.
class InodeRef {
  public:
    InodeRef() = default;
    explicit InodeRef(Inode* taken_over) : i_(taken_over) {}
    InodeRef(const InodeRef&) = delete;
    ~InodeRef() {
        if (i_) inode_put(i_);
    }
    Inode* get() const { return i_; }
    Inode* operator->() const { return i_; }
    Inode& operator*() const { return *i_; }
    explicit operator bool() const { return i_; }
    Inode** out() { return &i_; }  // to be filled with a reference; empty before
    void swap(InodeRef& other) {
        Inode* i = i_;
        i_ = other.i_;
        other.i_ = i;
    }
    Inode* release() {
        Inode* i = i_;
        i_ = nullptr;
        return i;
    }

  private:
    Inode* i_ = nullptr;
};

void memfs_init();  // root, /dev, /proc, /tmp, and the ramdisk's files
void proc_init();
// A new inode of that mode under `name`; panics when there is no memory. For boot.
Inode* make_child(Inode* directory, const char* name, unsigned mode);

// Resolves a path; `from` is the directory it starts in when it is relative. The result carries a reference.
Status resolve(const char* path, Inode* from, bool follow_last, Inode** out);
// The directory of the last component, and that component. 0, or -errno when the directory is not there.
struct LastComponent {
    Inode* directory = nullptr;  // referenced
    bool slash = false;          // something follows it: it can only be a directory
    bool dot = false, dot_dot = false;
    bool too_long = false;  // the name is not in `name` then
    char name[name_max + 1];
};
Status resolve_parent(const char* path, Inode* from, LastComponent& out);
// A path to the inode from the root; its length with the NUL, or -errno (-ENOENT: it has none).
Status path_of(Inode* inode, char* out, size_t size);

// An open file on an inode; the result carries the reference that install_file takes over. May sleep (FIFO).
Status open_inode(Inode* inode, uint32_t flags, File** out);
Status open_fifo(Inode* inode, uint32_t flags, File** out);
Status open_contents(Inode* inode, uint32_t flags, File** out);

}  // namespace stile::os
