/*
 * The fastest daemon that there could be: it knows every answer beforehand. Our launcher's hits a second with it are
 * the ceiling for ours: the same process, the same round trip, the same delivery, and nobody who decides.
 *
 *     bench_ceiling SOCKET DAEMON COUNTER     listens at SOCKET until a signal ends it
 *
 * The first ask for an output is passed on to the real daemon at DAEMON, and its HIT is kept; from then on asks for that
 * output get those bytes. COUNTER is a file of 8 bytes: how many asks were answered with a kept HIT. An ask is known by
 * its last word, the output's name.
 */
#define _GNU_SOURCE
#include "../lib/native/protocol.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_ANSWERS = 64, MOST_CLIENTS = 64, DEADLINE_US = 5000000 };

/* A HIT as it goes over the wire. */
struct answer {
    char *output, *frame;
    size_t output_size, frame_size;
};
static struct answer answers[MOST_ANSWERS];
static int known;
static uint64_t *counter;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static int open_socket(const char *path, bool listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) die("bench_ceiling: the socket's path is too long");
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    if (!listens && connect(fd, (struct sockaddr *)&address, sizeof address)) die(path);
    if (listens && (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, MOST_CLIENTS))) die(path);
    return fd;
}

/* A whole frame again, its size in front, from the reader that zc_receive() left behind the head. */
static struct zc_bytes whole_frame(const struct zc_reader *r)
{
    char *body = r->at - (ZC_HEAD_BYTES - sizeof (uint32_t));
    uint32_t size = (uint32_t)(r->end - body);
    char *frame = malloc(size + sizeof size);
    if (!frame) die("malloc");
    memcpy(frame, &size, sizeof size);
    memcpy(frame + sizeof size, body, size);
    return (struct zc_bytes){frame, size + sizeof size};
}

/* zc_receive() leaves the memory to its caller: what it allocated begins behind the size. */
static void drop_frame(const struct zc_reader *head) { free(head->at - (ZC_HEAD_BYTES - sizeof (uint32_t))); }

/* What the daemon answers to this ask, or NULL where that is no HIT. */
static struct answer *learn(const char *daemon, const struct zc_reader *ask, struct zc_bytes output)
{
    int64_t deadline = zc_now_us() + DEADLINE_US;
    int fd = open_socket(daemon, false);
    struct zc_bytes question = whole_frame(ask);
    struct zc_reader r;
    uint16_t id = 0;
    if (zc_send(fd, question.at, question.size, deadline))
        id = zc_receive(fd, ZC_PROTOCOL_VERSION, ZC_MAX_FRAME_BYTES, deadline, &r);
    close(fd);
    free(question.at);
    if (id != ZC_HIT || known == MOST_ANSWERS) return NULL;
    struct zc_bytes frame = whole_frame(&r);
    answers[known] = (struct answer){strndup(output.at, output.size), frame.at, output.size, frame.size};
    drop_frame(&r);
    return &answers[known++];
}

static struct answer *find(struct zc_bytes output)
{
    for (struct answer *a = answers; a < answers + known; a++)
        if (a->output_size == output.size && !memcmp(a->output, output.at, output.size)) return a;
    return NULL;
}

/* One client, who has sent something. Whatever is odd ends the conversation, and the launcher runs the compiler. */
static void serve(int client, const char *daemon)
{
    struct zc_reader r, head;
    struct zc_ask ask;
    int64_t deadline = zc_now_us() + DEADLINE_US;
    uint16_t id = zc_receive(client, ZC_PROTOCOL_VERSION, ZC_MAX_FRAME_BYTES, deadline, &r);
    if (!id) return;
    head = r;
    if (id == ZC_ASK && zc_get_ask(&r, &ask)) {
        struct zc_reader words = zc_items_reader(ask.argv);
        struct zc_bytes output = {NULL, 0};
        for (uint32_t i = 0; i < ask.argv.count; i++) output = zc_get_bytes(&words);
        struct answer *kept = find(output), *a = kept ? kept : learn(daemon, &head, output);
        if (a && zc_send(client, a->frame, a->frame_size, deadline) && kept) ++*counter;
    }
    drop_frame(&head);
}

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "bench_ceiling SOCKET DAEMON COUNTER\n"), 2;
    int file = open(argv[3], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof *counter)) die(argv[3]);
    counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counter == MAP_FAILED) die(argv[3]);
    struct pollfd polled[MOST_CLIENTS + 1] = {{open_socket(argv[1], true), POLLIN, 0}};
    int count = 1;
    for (;;) {
        if (poll(polled, (nfds_t)count, -1) < 0) die("poll");
        for (int i = count - 1; i > 0; i--) {
            if (!polled[i].revents) continue;
            serve(polled[i].fd, argv[2]);
            close(polled[i].fd);
            polled[i] = polled[--count];
        }
        if (!(polled[0].revents & POLLIN) || count > MOST_CLIENTS) continue;
        int client = accept4(polled[0].fd, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0) polled[count++] = (struct pollfd){client, POLLIN, 0};
    }
}
