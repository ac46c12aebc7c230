/*
 * Times commands side by side, so that a noisy machine is noisy for all of them: round after round each command runs
 * once, started by posix_spawn with its output thrown away.
 *
 *     bench_spawn ROUNDS          commands on stdin; prints for each: name, median, p10, p99, median of CPU time, median
 *                                 of what it took more than the first command in the same round (µs)
 *     bench_spawn ROUNDS turning  the same, but each round begins with another command, and every other one goes backwards:
 *                                 none always follows the same one, whose daemon may still be at work
 *     bench_spawn WORKERS SECONDS the first command over and over by so many workers at once; prints runs, CPU µs a run
 *     bench_spawn 1 SECONDS each  the first command over and over, until SIGTERM at the latest; prints for each run when
 *                                 it began (µs since 1970) and its wall time (µs)
 *
 * A command is one line of four fields parted by tabs: name, folder, variables, words; variables and words are parted
 * by the byte 0x1f. %N in a word or variable is the number of the round, %W that of the worker.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 64, MOST_WORDS = 512, MOST_ROUNDS = 100000 };

struct command {
    char *name, *folder, *environment[MOST_WORDS], *words[MOST_WORDS];
    double *wall, *cpu, *more;
};

static struct command commands[MOST_COMMANDS];
static int count;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void split(char *text, char **into)
{
    int n = 0;
    for (char *part = strtok(text, "\x1f"); part && n < MOST_WORDS - 1; part = strtok(NULL, "\x1f")) into[n++] = part;
}

static void read_commands(int rounds)
{
    static char line[1 << 20];
    while (count < MOST_COMMANDS && fgets(line, sizeof line, stdin)) {
        struct command *c = &commands[count];
        char *rest = strdup(line);
        rest[strcspn(rest, "\n")] = 0;
        char *fields[4];
        for (int i = 0; i < 4; i++)
            if (!(fields[i] = strsep(&rest, "\t"))) exit((fprintf(stderr, "bench_spawn: a line has no 4 fields\n"), 2));
        c->name = fields[0], c->folder = fields[1];
        split(fields[2], c->environment);
        split(fields[3], c->words);
        c->wall = calloc((size_t)rounds + 1, sizeof *c->wall);
        c->cpu = calloc((size_t)rounds + 1, sizeof *c->cpu);
        c->more = calloc((size_t)rounds + 1, sizeof *c->more);
        count++;
    }
}

/* `word` with %N and %W filled in; `room` holds it where it does. */
static char *filled(char *word, int round, int worker, char *room, size_t size)
{
    char *at = strchr(word, '%');
    if (!at || (at[1] != 'N' && at[1] != 'W')) return word;
    snprintf(room, size, "%.*s%d%s", (int)(at - word), word, at[1] == 'N' ? round : worker, at + 2);
    return room;
}

/* `from` with all of its numbers filled in; how many of `room` that took. A command has a few of them. */
static int fill(char **from, char **to, int round, int worker, char room[][512])
{
    int used = 0, i = 0;
    for (; from[i]; i++) {
        to[i] = filled(from[i], round, worker, room[used], sizeof room[used]);
        if (to[i] == room[used] && used < 7) used++;
    }
    to[i] = NULL;
    return used;
}

/* Runs a command once; wall µs, and its CPU µs. */
static double run(struct command *c, int round, int worker, double *cpu)
{
    char *words[MOST_WORDS], *environment[MOST_WORDS], room[16][512];
    int used = fill(c->words, words, round, worker, room);
    fill(c->environment, environment, round, worker, room + used);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, c->folder);
    pid_t pid;
    int status;
    struct rusage used_by;
    double start = now();
    int problem = posix_spawn(&pid, words[0], &actions, NULL, words, environment);
    if (problem) exit((fprintf(stderr, "bench_spawn: %s: %s\n", words[0], strerror(problem)), 1));
    while (wait4(pid, &status, 0, &used_by) < 0) continue; // SIGTERM ends the loop of runs, not this one
    double wall = now() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (status) exit((fprintf(stderr, "bench_spawn: %s ended with status %d in round %d\n", c->name, status, round), 1));
    *cpu = (double)(used_by.ru_utime.tv_sec + used_by.ru_stime.tv_sec) * 1e6 +
        (double)(used_by.ru_utime.tv_usec + used_by.ru_stime.tv_usec);
    return wall;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int side_by_side(int rounds, int turning)
{
    for (int round = 0; round < rounds; round++)
        for (int turn = 0; turn < count; turn++) {
            int at = turning ? (turn + round / 2) % count : turn;
            struct command *c = &commands[turning && round % 2 ? count - 1 - at : at];
            c->wall[round] = run(c, round, 0, &c->cpu[round]);
        }
    for (int i = 0; i < count; i++)
        for (int round = 0; round < rounds; round++)
            commands[i].more[round] = commands[i].wall[round] - commands[0].wall[round];
    for (int i = 0; i < count; i++) {
        double *wall = commands[i].wall, *cpu = commands[i].cpu, *more = commands[i].more;
        qsort(wall, (size_t)rounds, sizeof *wall, compare);
        qsort(cpu, (size_t)rounds, sizeof *cpu, compare);
        qsort(more, (size_t)rounds, sizeof *more, compare);
        printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\n", commands[i].name, wall[rounds / 2], wall[rounds / 10],
            wall[rounds * 99 / 100], cpu[rounds / 2], more[rounds / 2]);
    }
    return 0;
}

static int at_once(int workers, double seconds)
{
    double *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double end = now() + seconds * 1e6;
    for (int worker = 0; worker < workers; worker++) {
        if (fork()) continue;
        double runs = 0, all = 0, cpu;
        for (int round = 0; now() < end; round++, runs++) run(&commands[0], round, worker, &cpu), all += cpu;
        shared[worker * 2] = runs, shared[worker * 2 + 1] = all;
        _exit(0);
    }
    double runs = 0, cpu = 0;
    for (int i = 0; i < workers; i++) wait(NULL);
    for (int i = 0; i < workers; i++) runs += shared[i * 2], cpu += shared[i * 2 + 1];
    printf("%s\t%.1f\t%.1f\n", commands[0].name, runs / seconds, cpu / (runs > 0 ? runs : 1));
    return 0;
}

static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static int one_by_one(double seconds)
{
    signal(SIGTERM, end);
    double until = now() + seconds * 1e6, cpu;
    for (int round = 0; !ended && now() < until; round++) {
        struct timespec began;
        clock_gettime(CLOCK_REALTIME, &began);
        double wall = run(&commands[0], round, 0, &cpu);
        printf("%.0f\t%.1f\n", (double)began.tv_sec * 1e6 + (double)began.tv_nsec / 1e3, wall);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int first = argc > 1 ? atoi(argv[1]) : 0;
    if (first < 1 || first > MOST_ROUNDS) return fprintf(stderr, "bench_spawn ROUNDS [turning] | WORKERS SECONDS | 1 SECONDS each\n"), 2;
    read_commands(first);
    if (argc > 3) return one_by_one(atof(argv[2]));
    int turning = argc > 2 && !strcmp(argv[2], "turning");
    return argc > 2 && !turning ? at_once(first, atof(argv[2])) : side_by_side(first, turning);
}
