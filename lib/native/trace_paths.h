/*
 * Paths as ids: made absolute, split into folder and name, and known again.
 *
 * A compiler asks for most of its paths in one of three ways, and each is known by comparing pieces of text with what was
 * asked before: the name of the last question in the folder that comes next in a search; another name where the last search
 * began; a question that was just asked, once more. All else goes the longer way, which makes the path absolute. Both give
 * the same ids: the short ways are taken for paths alone that are spelled as one was that went the longer way.
 */
#ifndef ZC_TRACE_PATHS_H
#define ZC_TRACE_PATHS_H

#include "trace_sieve.h"

/*
 * Folders that were asked in. A compiler looks for one name in folder after folder, in the same order each time: so each
 * knows which one followed it when the same name was asked. `spelling`: the end of the folder's text that the tool itself
 * gave, `spelled` bytes; 0: none that could be found again, or, where it `is_bare`, a name that stands alone. More folders
 * than there are places go the longer way.
 */
#define MOST_PLACES 512u
static struct place {
    struct known known;
    const char *spelling;
    size_t spelled;
    struct place *next;
    bool is_bare;
    struct prefix prefix; /* the spelling, if there is one, and a slash */
    struct sieve sieve;
} places[MOST_PLACES], elsewhere, nowhere = {.next = &nowhere};
static uint32_t place_count;

/* The last question, the files that were opened last, and where the last search began. */
static struct question {
    struct known name;
    struct place *place;
    const char *path; /* where it stood in the tool's memory: tools keep the path of what they open again */
} recent = {.place = &nowhere}, opened[2] = {{.place = &nowhere}, {.place = &nowhere}};
static struct place *start = &nowhere;

static void forget_places(void) {
    memset(places, 0, place_count * sizeof *places);
    memset(&elsewhere, 0, sizeof elsewhere);
    start = &nowhere;
    recent = opened[0] = opened[1] = (struct question){.place = &nowhere};
    place_count = 0;
    forget_sieves();
}

/* The id of a name; 0: the empty one; UINT32_MAX: the record is full. */
static uint32_t id_of_name(const char *text, size_t length) {
    if (length == 0)
        return 0;
    if (!is_known(&recent.name, text, length)) {
        const struct known *found = find_or_define(text, length, ZC_E_DEFINE_NAME);
        if (!found)
            return UINT32_MAX;
        recent.name = *found;
    }
    return recent.name.id;
}

/* The place of a folder, given at first use; null: the record is full. */
static struct place *place_of_folder(const char *text, size_t length) {
    struct known *found = find_or_define(text, length, ZC_E_DEFINE_FOLDER);
    if (!found)
        return NULL;
    if (found->place)
        return &places[found->place - 1];
    struct place *place = place_count < MOST_PLACES ? &places[place_count++] : &elsewhere;
    if (place != &elsewhere)
        found->place = (uint16_t)place_count;
    place->known = *found;
    place->next = &nowhere;
    return place;
}

/* How a path was given: the length of the folder that the tool spelled itself, or a name alone. */
struct spelled {
    size_t folder;
    bool is_bare;
};

/* The id of a folder, as of a name. `same_name`: the last question was for the same name, in the folder before this one. */
static uint32_t id_of_folder(const char *text, size_t length, struct spelled spelled, bool same_name) {
    if (length == 0)
        return 0; /* the root folder */
    struct place *before = recent.place, *here = before->next;
    if (!is_known(&here->known, text, length))
        here = is_known(&before->known, text, length) ? before : place_of_folder(text, length);
    if (!here)
        return UINT32_MAX;
    bool has_place = here != &elsewhere;
    here->spelling = here->known.text + length - spelled.folder;
    here->spelled = has_place ? spelled.folder : 0;
    here->is_bare = has_place && spelled.is_bare;
    set_prefix(&here->prefix, here->spelling, here->spelled ? spelled.folder : ZC_BEHIND, '/');
    if (before != &nowhere && before != here && same_name && has_place)
        before->next = here;
    recent.place = here;
    return here->known.id;
}

/* Whether equal texts stand at `a` and `b`; up to ZC_BEHIND bytes behind them are read, but not counted. */
HOT bool same_text(const char *a, const char *b, size_t length) {
    for (size_t at = 0;; at += ZC_BEHIND) {
        __m128i equal = _mm_cmpeq_epi8(piece_at(a + at), piece_at(b + at));
        unsigned differ = ~(unsigned)_mm_movemask_epi8(equal); /* a bit for each byte, and more above */
        unsigned same = (unsigned)__builtin_ctz(differ);
        if (at + same >= length)
            return true;
        if (same < ZC_BEHIND)
            return false;
    }
}

/* Whether so many bytes at `at` lie in one page, and so can be read whatever they are. */
static inline bool in_one_page(const char *at, size_t length) {
    return ((uintptr_t)at & (ZC_PAGE - 1)) + length <= ZC_PAGE;
}

/* Whether a path leads where it led when it was spelled so before: from the working folder, if that has not moved. */
static inline bool leads_as_before(int dirfd, const char *path) {
    return *path == '/' || (dirfd == AT_FDCWD && !me.cwd_lost);
}

/*
 * The folder that comes next in a search, if `path` is the last name in it, spelled as then. A file with 1,000 headers in 40
 * folders asks so 20,000 times: nothing is called here, not even strlen. A path at the end of a page is left to the longer
 * way, and behind the texts in the record there is room (ZC_BEHIND).
 */
HOT struct place *next_in_search(int dirfd, const char *path) {
    struct place *next = recent.place->next;
    size_t spelled = next->spelled, length = recent.name.length;
    if (spelled == 0 || length == 0 || !leads_as_before(dirfd, path) || !in_one_page(path, spelled + 1 + length + ZC_BEHIND))
        return NULL;
    const char *name = path + spelled + 1;
    if (!same_text(path, next->spelling, spelled) || name[-1] != '/' || !same_text(name, recent.name.text, length))
        return NULL;
    return name[length] ? NULL : next;
}

HOT bool begins_with(const char *text, const struct prefix *prefix) {
    __m128i equal = _mm_cmpeq_epi8(piece_at(text), piece_at(prefix->text));
    return ((uint32_t)_mm_movemask_epi8(equal) & prefix->all) == prefix->all;
}

/*
 * As next_in_search, of the name that is sought in a folder with a sieve, if both are short: else false. The working folder
 * is the one that was learned last.
 */
HOT bool is_next(const struct place *next, const char *path) {
    return in_one_page(path, 3 * ZC_BEHIND) && begins_with(path, &next->prefix) &&
           begins_with(path + next->spelled + 1, &sought.text);
}

/* What follows the folder's spelling in `path`, if that begins so: a name, or more. */
static const char *behind(const struct place *place, int dirfd, const char *path) {
    if (!leads_as_before(dirfd, path))
        return NULL;
    if (place->is_bare)
        return path;
    size_t length = place->spelled;
    bool same = length && in_one_page(path, length + ZC_BEHIND) && same_text(path, place->spelling, length) && path[length] == '/';
    return same ? path + length + 1 : NULL;
}

/* Whether `path` asks this once more. */
static bool is_same(const struct question *q, int dirfd, const char *path) {
    size_t length = q->name.length;
    const char *name = length ? behind(q->place, dirfd, path) : NULL;
    return name && in_one_page(name, length + ZC_BEHIND) && same_text(name, q->name.text, length) && !name[length];
}

static void forget_told(void);

/* In a forked child: tables that grew stay mapped, since whoever was busy with them here may not be done. */
static void forget_all(void) {
    memset(&first, 0, sizeof first);
    knowns = first.known, known_room = FIRST_ROOM, known_count = 0, last_id = 0;
    askeds = first.asked, asked_room = FIRST_ROOM, asked_count = 0;
    forget_places();
    forget_told();
    memset(&zc_growing, 0, sizeof zc_growing);
    memset(&zc_ready, 0, sizeof zc_ready); /* a shared mapping's pages are not there in a child */
}

static void learn_cwd(void) {
    for (uint32_t i = 0; i < place_count; i++) /* from another folder it leads elsewhere now */
        places[i].spelled = 0, places[i].prefix.all = UINT32_MAX, places[i].is_bare = false;
    long got = zc_raw(SYS_getcwd, me.cwd, sizeof me.cwd);
    me.cwd_length = got > 1 && me.cwd[0] == '/' ? (size_t)got - 1 : 0;
}

/* Text of the link /proc/self/fd/N: the path of an open folder. 0: none. */
static size_t descriptor_path(int fd, char *to) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long got = zc_raw(SYS_readlink, link, to, (size_t)PATH_MAX - 1);
    return got > 0 && to[0] == '/' ? (size_t)got : 0;
}

/*
 * Makes a path absolute by putting its folder in front; nothing is shortened. 0: it could not be done. One that was spelled
 * from the working folder keeps a mark of that (ZC_RELATIVE_MARK), which leads nowhere else.
 */
static size_t absolute(int dirfd, const char *path, char *to) {
    size_t length = strlen(path), base;
    if (length >= PATH_MAX)
        return 0;
    if (*path == '/') {
        memcpy(to, path, length + 1);
        return length;
    }
    if (dirfd == AT_FDCWD) {
        if (me.cwd_lost)
            learn_cwd();
        base = me.cwd_length;
        if (base + length + sizeof ZC_RELATIVE_MARK > PATH_MAX)
            base = 0;
        memcpy(to, me.cwd, base);
        if (base && length) {
            memcpy(to + base, ZC_RELATIVE_MARK, sizeof ZC_RELATIVE_MARK - 1);
            base += sizeof ZC_RELATIVE_MARK - 1;
        }
    } else {
        base = descriptor_path(dirfd, to);
    }
    if (base == 0 || base + length + 2 > PATH_MAX) {
        zc_doubt(ZC_DOUBT_LOST_PATH);
        return 0;
    }
    if (length) {
        if (to[base - 1] != '/')
            to[base++] = '/';
        memcpy(to + base, path, length);
    }
    to[base + length] = 0;
    return base + length;
}

/* The longer way, that ends in the same as the short ones. */
static __attribute__((noinline)) bool ids_of_any(int dirfd, const char *path, struct ids *ids) {
    char full[PATH_MAX];
    size_t length = absolute(dirfd, path, full);
    if (!length)
        return false;
    const char *name;
    size_t folder = zc_split(full, length, &name), given = strlen(path), base = length - given;
    size_t name_length = length - (size_t)(name - full);
    bool again = (*path == '/' || dirfd == AT_FDCWD) && folder > base, alone = dirfd == AT_FDCWD && name_length == given;
    bool same_name = name_length > 0 && is_known(&recent.name, name, name_length);
    ids->folder = id_of_folder(full, folder, (struct spelled){again ? folder - base : 0, alone}, same_name);
    ids->name = id_of_name(name, name_length);
    return ids->folder != UINT32_MAX && ids->name != UINT32_MAX;
}

/* A file that was opened a moment ago, if `path` is its. */
static const struct question *opened_before(int dirfd, const char *path) {
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        if (opened[i].path == path && is_same(&opened[i], dirfd, path))
            return &opened[i];
    return NULL;
}

/* Whether `path` is a name where the last search began: it is the last question then. */
static bool begins_anew(int dirfd, const char *path) {
    const char *name = behind(start, dirfd, path);
    size_t length = 0;
    while (name && name[length] && name[length] != '/')
        length++;
    if (length == 0 || name[length] || id_of_name(name, length) == UINT32_MAX)
        return false;
    recent.place = start;
    return true;
}

/* The ids of a path, where no search goes on; false: it has none, or the record is full. */
static bool other_ids(int dirfd, const char *path, struct ids *ids) {
    const struct question *question = opened_before(dirfd, path);
    if (!question && (begins_anew(dirfd, path) || is_same(&recent, dirfd, path)))
        question = &recent;
    if (!question)
        return ids_of_any(dirfd, path, ids);
    *ids = (struct ids){question->place->known.id, question->name.id};
    return true;
}

static bool path_ids(int dirfd, const char *path, struct ids *ids) {
    struct place *next = next_in_search(dirfd, path);
    if (!next)
        return other_ids(dirfd, path, ids);
    recent.place = next;
    *ids = (struct ids){next->known.id, recent.name.id};
    return true;
}

/* The last question was answered by a file, which may soon be opened again; what is opened again keeps its place. */
static void remember_opened(struct ids ids, const char *path) {
    if (recent.place->known.id != ids.folder || recent.name.id != ids.name)
        return;
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        if (opened[i].place == recent.place && opened[i].name.id == ids.name) {
            opened[i].path = path;
            return;
        }
    opened[1] = opened[0];
    opened[0] = recent;
    opened[0].path = path;
}

#endif
