/* Generated from lib/trace/format.ts by scripts/generate.ts: change it there. */
#ifndef ZC_TRACE_FORMAT_H
#define ZC_TRACE_FORMAT_H
#define ZC_TRACE_MAGIC 0x5254435au
#define ZC_TRACE_VERSION 4u
#define ZC_HEADER_WORDS 64u
#define ZC_MOST_FORESEEN 2u
#define ZC_SIGNATURE_WORDS 11u
#define ZC_RELATIVE_MARK "/.//"
#define ZC_TRACE_VARIABLE "ZCCACHE_TRACE_RECORD"
/* Indexes of header words. */
enum {
  ZC_H_MAGIC = 0,
  ZC_H_VERSION = 1,
  ZC_H_CAPACITY = 2,
  ZC_H_CURSOR = 3,
  ZC_H_IMAGES = 4,
  ZC_H_OVERFLOW = 5,
  ZC_H_DOUBTS = 6,
  ZC_H_EPOCH = 7,
  ZC_H_TTYS = 8,
  ZC_H_WINDOW = 9,
  ZC_H_INTERPRETERCOUNT = 10,
  ZC_H_LEFT = 11,
  ZC_H_CAPTURES = 12,
  ZC_H_INTERPRETERS = 16,
  ZC_H_WALL = 32,
  ZC_H_MODES = 34,
  ZC_H_LISTS = 36,
};

/* Kinds of events. */
enum {
  ZC_E_DEFINE_FOLDER = 1,
  ZC_E_DEFINE_NAME = 2,
  ZC_E_HELLO = 3,
  ZC_E_FORKED = 4,
  ZC_E_LIBRARY = 5,
  ZC_E_EXEC = 6,
  ZC_E_EXEC_FAILED = 7,
  ZC_E_SPAWN = 8,
  ZC_E_SPAWNED = 9,
  ZC_E_UNGATED = 10,
  ZC_E_SCRIPT = 11,
  ZC_E_GOODBYE = 12,
  ZC_E_OPEN_READ = 16,
  ZC_E_STAT = 17,
  ZC_E_LSTAT = 18,
  ZC_E_PROBE = 19,
  ZC_E_ABSENT = 20,
  ZC_E_ABSENT_IN = 25,
  ZC_E_REFUSED = 21,
  ZC_E_LIST = 22,
  ZC_E_READ_LINK = 23,
  ZC_E_REAL_PATH = 24,
  ZC_E_CREATE = 32,
  ZC_E_TRUNCATE = 33,
  ZC_E_UPDATE = 34,
  ZC_E_APPEND = 35,
  ZC_E_WRITE_REFUSED = 36,
  ZC_E_RENAME = 37,
  ZC_E_LINK = 38,
  ZC_E_SYMLINK = 39,
  ZC_E_UNLINK = 40,
  ZC_E_MKDIR = 41,
  ZC_E_RMDIR = 42,
  ZC_E_CHANGE = 43,
  ZC_E_ENVIRONMENT = 48,
  ZC_E_CWD = 49,
  ZC_E_CLOCK = 50,
  ZC_E_RANDOM = 51,
  ZC_E_IDENTITY = 52,
  ZC_E_ODD = 53,
};

/* Bits of doubt. */
enum {
  ZC_DOUBT_UNGATED = 1,
  ZC_DOUBT_REENTERED = 2,
  ZC_DOUBT_LOST_PATH = 4,
  ZC_DOUBT_UNMAPPED = 8,
  ZC_DOUBT_UNMODELLED = 16,
};

/* What was changed. */
enum {
  ZC_CHANGE_MODE = 1,
  ZC_CHANGE_BYTES = 2,
  ZC_CHANGE_KEPT_APART = 3,
};

/* Why a program could not be entered. */
enum {
  ZC_GATE_UNREADABLE = 1,
  ZC_GATE_NOT_ELF = 2,
  ZC_GATE_OTHER_CLASS = 3,
  ZC_GATE_STATIC = 4,
  ZC_GATE_OTHER_INTERPRETER = 5,
  ZC_GATE_SANITIZER = 6,
  ZC_GATE_SET_ID = 7,
  ZC_GATE_NO_LIBC_CALLS = 8,
};

/* Clocks. */
enum {
  ZC_CLOCK_TIME = 1,
  ZC_CLOCK_GETTIMEOFDAY = 2,
  ZC_CLOCK_CLOCK_REALTIME = 3,
  ZC_CLOCK_LOCALTIME = 4,
  ZC_CLOCK_ASCTIME = 5,
  ZC_CLOCK_GMTIME = 6,
};

/* Identities. */
enum {
  ZC_ID_UNAME = 1,
  ZC_ID_HOSTNAME = 2,
  ZC_ID_LOGIN = 3,
  ZC_ID_UID = 4,
};

#endif
