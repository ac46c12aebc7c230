/**
 * Functions of libc that need no hook, by family with the reason. What a tool imports and neither this table nor the tracer
 * knows makes a test fail: so a new door of libc is seen before a stale object is.
 *
 * @module
 */

/** Reason -> names, as patterns of whole names. */
const families: Readonly<Record<string, RegExp>> = {
  "text, characters and numbers":
    /(?:__)?(?:(?:str|stp|mem|wcs|wmem)\w+|mb\w+|wc\w+|b(?:cmp|towc)|is(?:w?(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit|ctype))|to(?:w?upper|w?lower)|tow\w+|ato\w+|i?maxdiv|div|l?l?div|_?isoc\w+|isoc99_\w+|xpg_strerror_r|ctype_\w+|iswctype_l|towlower_l|towupper_l|explicit_bzero_chk|fnmatch|reg\w+|ffs\w*|inet_\w+|htons|ntohs)/,
  "mathematics":
    /(?:a?(?:sin|cos|tan)h?|atan2|sincos|exp2?|exp10|expm1|log(?:10|2|1p)?|pow|floor|ceil|fmod|fma|frexp|ldexp|modf|l?l?r(?:int|ound)|round|trunc|nearbyint|remainder|scalbn|sqrt|cbrt|hypot|nextafter|fe(?:clearexcept|[gs]et\w+|testexcept|raiseexcept|holdexcept|updateenv)|rand|srand|rand_r)[fl]?|__\w*finite/,
  "memory":
    /(?:m?alloc\w*|c?alloc|realloc\w*|free|posix_memalign|aligned_alloc|malloc_\w+|mallinfo2?|mmap(?:64)?|munmap|mremap|mprotect|madvise|msync|m(?:un)?lock\w*|sbrk|brk|memfd_create)/,
  "streams and descriptors that a hooked open made":
    /(?:__)?(?:f(?:close|close_unlocked|data?sync|sync|flush|get(?:c|s|wc|ws|pos(?:64)?)|put(?:c|s|wc|ws)|read|write|seek\w*|tell\w*|eof|error|ileno|purge|setlocking|scanf|printf|lock\w*|unlock\w*|unlockfile|dopen|opencookie|statfs(?:64)?|statvfs(?:64)?|cntl(?:64)?|advise\w*|allocate(?:64)?|truncate(?:64)?)(?:_unlocked|_chk)?|getdelim|getline|getc|getw?c|ungetw?c|put\w*|perror|clearerr|rewind|set(?:v|line)?buf|p?read(?:64|v|64v|_chk)?|p?readv(?:64)?|p?write(?:64|v)?|p?writev(?:64)?|lseek(?:64)?|close|dup[23]?|pipe2?|poll|select|pselect|sendfile(?:64)?|copy_file_range|posix_f(?:advise|allocate)(?:64)?|flock\w*|tc\w+|cf\w+|v?\w*printf(?:_chk)?|\w*scanf|overflow|uflow|printf_chk|fdelt_chk|warnx?|fpurge)/,
  "listings that a hooked opendir made":
    /(?:readdir(?:64)?(?:_r)?|closedir|rewinddir|dirfd|telldir|seekdir|twalk)/,
  "results of a hooked function":
    /(?:globfree|freeaddrinfo|freeifaddrs|end\w+ent|getmntent_r|hasmntopt|pclose|gai_strerror|setpwent)/,
  "signals, jumps and the end of a process (its destructors say goodbye)":
    /_*(?:sig\w+|libc_current_sigrt\w+|kill(?:pg)?|raise|abort|alarm|pause|_?(?:sig)?setjmp|longjmp(?:_chk)?|[sg]etcontext|makecontext|cxa_\w+|assert_fail|stack_chk_fail|libc_fatal|libc_start_main|libc_unwind_link_get|setitimer|sigsetmask)|exit/,
  "threads and waiting":
    /_*(?:pthread_\w+|sched_\w+|sem_\w+|wait(?:3|4|id|pid)?|n?sleep|nanosleep|usleep|once_proxy|tls_get_addr|register_atfork|libc_single_threaded|clock_nanosleep|epoll_\w+|eventfd|timerfd_\w+|inotify_\w+|futex)/,
  "fork and vfork: seen by libc's fork handlers; a vfork child shares our memory": /_*v?fork/,
  "how a spawned program is set up, but for what it opens":
    /posix_spawn(?:attr_\w+|_file_actions_(?:adddup2|addclose|init|destroy))/,
  "the environment changed: seen again when a child asks for a name":
    /_*(?:(?:set|unset|put|clear)env|environ)/,
  "the loader: what it loads is listed by hello, exec and goodbye":
    /(?:_?dl\w+|_dl_find_object|backtrace\w*|dladdr1?)/,
  "locale and messages: their variables and archive are standing inputs":
    /_*(?:set|new|use|free|dup)locale|_*(?:n?l_langinfo(?:_l)?|nl_langinfo_l|localeconv|d?c?n?gettext|textdomain|bind\w*textdomain\w*|bind_textdomain_codeset|iconv\w*|\w+_l)/,
  "times that are computed, not asked":
    /_*(?:strftime\w*|mktime|timegm|difftime|tz\w+|timezone|clock|times|clock_getres)/,
  "limits, processors and ids of processes, which reach no byte (soundness 3)":
    /(?:get|set)(?:rlimit(?:64)?|priority|p?pid|pgid|pgrp|sid|rusage|pagesize|dtablesize|auxval|opt\w*|loadavg)|get_nprocs\w*|opt(?:arg|err|ind|opt)|umask|sysconf|(?:f?path)?conf(?:str)?|prctl|sysinfo|program_invocation_\w+|__progname\w*|gnu_get_libc_version|set(?:re|res|e)?[ug]id|setgroups|initgroups/,
  "sockets that a hooked socket or connect made, or that others connect to":
    /(?:bind|listen|accept4?|shutdown|socketpair|send\w*|recv\w*|[gs]etsockopt|getsockname|getpeername|__res_init|__h_errno_location|shmat|shmdt|getserv\w+|if_\w+)/,
  "searching and sorting":
    /(?:[bt](?:search|find|delete)|qsort(?:_r)?|tdelete|tsearch|l(?:find|search)|h(?:create|search|destroy)\w*)/,
  "obstacks and errno": /_*(?:obstack_\w+|errno_location)/,
  "names of attributes; their values are asked for by hooked functions": /[fl]?listxattr/,
  "unnamed files": /tmpfile(?:64)?/,
  "names without files; who opens them is seen": /(?:mktemp|tmpnam|tempnam|ttyname(?:_r)?|std(?:in|out|err))/,
};
const whole = Object.values(families).map((family) => new RegExp(`^(?:${family.source})$`));

/** Whether a function of libc may stay unhooked. */
export function isHarmless(name: string): boolean {
  return whole.some((family) => family.test(name));
}
