/*
 * May the tracer be loaded into this program? Asked before every start of a program, by the tracer and by the launcher.
 *
 * A wrong yes prints the loader's complaint on the user's stderr or keeps the program from starting (soundness.md 2.2);
 * a wrong no only costs a stored result. So everything that is not plainly understood is a no.
 */
#ifndef ZC_ELF_GATE_H
#define ZC_ELF_GATE_H

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <sys/xattr.h>

#include "record.h"

#define ZC_SCRIPT_DEPTH 4 /* as the kernel */
#define ZC_NOTE_OWNER "zccache"

struct zc_gate {
    unsigned reason;                          /* 0: may be entered; else ZC_GATE_* */
    bool launcher;                            /* our own launcher: it says hello itself */
    int errno_;                               /* not 0: the program cannot be started at all */
    char physical[PATH_MAX];                  /* where links lead from the path that was asked about; "" = unknown */
    int scripts;                              /* how many `#!` files lead to the program */
    char script[ZC_SCRIPT_DEPTH][PATH_MAX];   /* their paths, as the kernel would open them */
    struct stat script_state[ZC_SCRIPT_DEPTH];
};

static bool zc_read_at(int fd, void *to, size_t size, uint64_t at) {
    return syscall(SYS_pread64, fd, to, size, (off_t)at) == (ssize_t)size;
}

/* Whether the interpreter at `path` is one that passed the self-test. */
static bool zc_known_interpreter(const char *path) {
    struct stat st;
    if (syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0) != 0)
        return false;
    uint32_t count = zc_word(ZC_H_INTERPRETERCOUNT);
    for (uint32_t i = 0; i < count && i < 4; i++) {
        uint64_t pair[2];
        memcpy(pair, &zc_record[ZC_H_INTERPRETERS + i * 4], sizeof pair);
        if (pair[0] == (uint64_t)st.st_dev && pair[1] == (uint64_t)st.st_ino)
            return true;
    }
    return false;
}

/* Offset in the file of a virtual address, by the loadable segments; UINT64_MAX: none. */
static uint64_t zc_file_offset(const Elf64_Phdr *ph, int count, uint64_t address) {
    for (int i = 0; i < count; i++)
        if (ph[i].p_type == PT_LOAD && address >= ph[i].p_vaddr && address < ph[i].p_vaddr + ph[i].p_filesz)
            return ph[i].p_offset + (address - ph[i].p_vaddr);
    return UINT64_MAX;
}

/* Whether a needed library is a sanitizer's, which must be the first of all libraries. */
static bool zc_needs_sanitizer(int fd, const Elf64_Phdr *ph, int count, const Elf64_Phdr *dynamic) {
    Elf64_Dyn entries[256];
    size_t size = dynamic->p_filesz;
    if (size > sizeof entries || !zc_read_at(fd, entries, size, dynamic->p_offset))
        return true;
    uint64_t strings = UINT64_MAX;
    for (size_t i = 0; i < size / sizeof *entries; i++)
        if (entries[i].d_tag == DT_STRTAB)
            strings = zc_file_offset(ph, count, entries[i].d_un.d_ptr);
    for (size_t i = 0; i < size / sizeof *entries && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag != DT_NEEDED)
            continue;
        char name[16] = ""; /* the end of the file may be nearer than that */
        if (strings == UINT64_MAX ||
            syscall(SYS_pread64, fd, name, sizeof name - 1, (off_t)(strings + entries[i].d_un.d_val)) <= 0)
            return true;
        static const char *const prefixes[] = {"libasan.", "libtsan.", "liblsan.", "libubsan.", "libhwasan."};
        for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++)
            if (strncmp(name, prefixes[k], strlen(prefixes[k])) == 0)
                return true;
    }
    return false;
}

/* Whether one of the notes in `bytes` names `owner`, of `length` bytes with its zero. */
static bool zc_notes_name(const char *bytes, size_t size, const char *owner, size_t length) {
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) + length <= size;) {
        Elf64_Nhdr note;
        memcpy(&note, bytes + at, sizeof note);
        if (note.n_namesz >= length && memcmp(bytes + at + sizeof note, owner, length) == 0)
            return true;
        at += sizeof note + (((size_t)note.n_namesz + 3u) & ~(size_t)3u) + (((size_t)note.n_descsz + 3u) & ~(size_t)3u);
    }
    return false;
}

/* Whether a PT_NOTE of the file names `owner`. */
static bool zc_has_note(int fd, const Elf64_Phdr *ph, int count, const char *owner, size_t length) {
    for (int i = 0; i < count; i++) {
        if (ph[i].p_type != PT_NOTE)
            continue;
        char bytes[1024];
        size_t size = ph[i].p_filesz < sizeof bytes ? ph[i].p_filesz : sizeof bytes;
        if (!zc_read_at(fd, bytes, size, ph[i].p_offset))
            continue;
        if (zc_notes_name(bytes, size, owner, length))
            return true;
    }
    return false;
}

static bool zc_has_our_note(int fd, const Elf64_Phdr *ph, int count) {
    return zc_has_note(fd, ph, count, ZC_NOTE_OWNER, sizeof ZC_NOTE_OWNER);
}

static unsigned zc_gate_elf(int fd, const Elf64_Ehdr *head, bool *launcher) {
    if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != EM_X86_64)
        return ZC_GATE_OTHER_CLASS;
    Elf64_Phdr ph[64];
    if (head->e_phentsize != sizeof *ph || head->e_phnum > 64 ||
        !zc_read_at(fd, ph, head->e_phnum * sizeof *ph, head->e_phoff))
        return ZC_GATE_UNREADABLE;
    const Elf64_Phdr *interpreter = NULL, *dynamic = NULL;
    for (int i = 0; i < head->e_phnum; i++) {
        if (ph[i].p_type == PT_INTERP)
            interpreter = &ph[i];
        if (ph[i].p_type == PT_DYNAMIC)
            dynamic = &ph[i];
    }
    if (!interpreter) {
        *launcher = zc_has_our_note(fd, ph, head->e_phnum);
        return *launcher ? 0 : ZC_GATE_STATIC;
    }
    char path[256];
    if (interpreter->p_filesz == 0 || interpreter->p_filesz > sizeof path || !zc_read_at(fd, path, interpreter->p_filesz, interpreter->p_offset) ||
        path[interpreter->p_filesz - 1] != 0)
        return ZC_GATE_UNREADABLE;
    if (!zc_known_interpreter(path))
        return ZC_GATE_OTHER_INTERPRETER;
    if (!dynamic || zc_needs_sanitizer(fd, ph, head->e_phnum, dynamic))
        return ZC_GATE_SANITIZER;
    if (zc_has_note(fd, ph, head->e_phnum, "Go", sizeof "Go")) /* linked with libc, yet goes past it */
        return ZC_GATE_NO_LIBC_CALLS;
    return 0;
}

/* The interpreter named by a `#!` line, into `path`; false: none. */
static bool zc_script_interpreter(char *line, size_t size, char *path) {
    line[size] = 0;
    char *at = line + 2;
    at += strspn(at, " \t");
    size_t length = strcspn(at, " \t\n");
    if (length == 0 || length >= PATH_MAX)
        return false;
    memcpy(path, at, length);
    path[length] = 0;
    return true;
}

/* The kernel's name of an open file. */
static void zc_learn_physical(int fd, struct zc_gate *gate) {
    char link[32] = "/proc/self/fd/", digits[12];
    size_t at = strlen(link), n = 0;
    do
        digits[n++] = (char)('0' + fd % 10);
    while (fd /= 10);
    while (n)
        link[at++] = digits[--n];
    link[at] = 0;
    long got = syscall(SYS_readlink, link, gate->physical, sizeof gate->physical - 1);
    gate->physical[got > 0 ? got : 0] = 0;
}

/* Looks at the program that `path` starts. The record must be mapped. */
static void zc_gate_check(const char *path, struct zc_gate *gate) {
    char program[PATH_MAX];
    gate->reason = gate->errno_ = gate->scripts = 0;
    gate->launcher = false;
    gate->physical[0] = 0;
    if (strlen(path) >= sizeof program) {
        gate->errno_ = ENAMETOOLONG;
        return;
    }
    strcpy(program, path);
    for (int depth = 0; depth <= ZC_SCRIPT_DEPTH; depth++) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, program, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
        if (fd < 0) { /* an executable that may not be read still starts */
            gate->reason = ZC_GATE_UNREADABLE;
            gate->errno_ = errno == ENOENT || errno == ENOTDIR ? errno : 0;
            return;
        }
        if (depth == 0)
            zc_learn_physical(fd, gate);
        union {
            Elf64_Ehdr head;
            char line[PATH_MAX + 8];
        } start;
        struct stat st;
        ssize_t got = syscall(SYS_pread64, fd, &start, sizeof start - 1, (off_t)0);
        bool ours = syscall(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode);
        if (!ours || got < 4) {
            gate->reason = ZC_GATE_NOT_ELF;
        } else if ((st.st_mode & (S_ISUID | S_ISGID)) || syscall(SYS_fgetxattr, fd, "security.capability", NULL, 0) > 0) {
            gate->reason = ZC_GATE_SET_ID;
        } else if (start.line[0] == '#' && start.line[1] == '!' && depth < ZC_SCRIPT_DEPTH) {
            strcpy(gate->script[gate->scripts], program);
            gate->script_state[gate->scripts++] = st;
            bool named = zc_script_interpreter(start.line, (size_t)got, program);
            syscall(SYS_close, fd);
            if (named)
                continue;
            gate->reason = ZC_GATE_NOT_ELF;
            return;
        } else if ((size_t)got < sizeof start.head || memcmp(start.head.e_ident, ELFMAG, SELFMAG) != 0) {
            gate->reason = ZC_GATE_NOT_ELF;
        } else {
            gate->reason = zc_gate_elf(fd, &start.head, &gate->launcher);
        }
        syscall(SYS_close, fd);
        return;
    }
    gate->reason = ZC_GATE_NOT_ELF;
}

#endif
