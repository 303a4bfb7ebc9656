/*
 * See proxy.h. Here are the sockets and the thread that moves bytes between them; proxy_faults.c
 * decides what happens to messages.
 */
#include "support/proxy.h"

#include "support/process.h"
#include "support/proxy_faults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The most bytes that wait for one side; then no more are read for it. */
#define MOST_WAITING ((size_t)8 * 1024 * 1024)
#define READ_SIZE    65536
#define MOST_PAIRS   64

/* One client and its connection to the broker. */
typedef struct pair {
    int client;
    int broker;
    byte_run to_client;
    byte_run to_broker;
    fault_stream faults;
    bool is_over;
} pair;

struct proxy {
    pthread_t thread;
    int listener;
    int wake[2]; /* a byte in it ends the thread's wait */
    struct sockaddr_in target;
    char url[64];
    atomic_bool is_stopping;
    atomic_bool is_cutting;
    atomic_bool is_cut;
    pthread_mutex_t lock; /* guards the plan */
    fault_plan plan;
    /* The thread's alone. */
    pair pairs[MOST_PAIRS];
    size_t count;
};

/* ---- sockets ---- */

static void set_flags(int socket)
{
    int on = 1;
    if (fcntl(socket, F_SETFL, O_NONBLOCK) != 0 || fcntl(socket, F_SETFD, FD_CLOEXEC) != 0)
        support_die("the proxy cannot prepare a socket: %s", strerror(errno));
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int new_socket(void)
{
    int made = socket(AF_INET, SOCK_STREAM, 0);
    if (made < 0)
        support_die("the proxy cannot make a socket: %s", strerror(errno));
    return made;
}

static struct sockaddr_in loopback(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void listen_on_any_port(proxy *self)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    self->listener = new_socket();
    if (bind(self->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(self->listener, MOST_PAIRS) != 0 ||
        getsockname(self->listener, (struct sockaddr *)&address, &size) != 0)
        support_die("the proxy cannot listen: %s", strerror(errno));
    set_flags(self->listener);
    snprintf(self->url, sizeof(self->url), "nats://127.0.0.1:%u", ntohs(address.sin_port));
}

/* Accepts a client that waits, if the broker accepts a connection for it. */
static void accept_client(proxy *self)
{
    int near_end = accept(self->listener, NULL, NULL);
    if (near_end < 0)
        return;
    if (atomic_load(&self->is_cut)) {
        close(near_end);
        return;
    }
    int far_end = new_socket();
    if (self->count == MOST_PAIRS ||
        connect(far_end, (struct sockaddr *)&self->target, sizeof(self->target)) != 0) {
        close(near_end);
        close(far_end);
        return;
    }
    set_flags(near_end);
    set_flags(far_end);
    self->pairs[self->count++] = (pair){.client = near_end, .broker = far_end};
}

/*
 * Reads what is there. Returns the number of bytes, 0 if there are none, -1 if the socket is
 * closed.
 */
static ssize_t read_some(int socket, uint8_t *data, size_t size)
{
    ssize_t length = read(socket, data, size);
    if (length > 0)
        return length;
    return length < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Writes as much as the socket takes. */
static void write_some(pair *which, int socket, byte_run *run)
{
    if (run->length == 0)
        return;
    ssize_t length = send(socket, run->data, run->length, MSG_NOSIGNAL);
    if (length > 0)
        byte_run_drop_front(run, (size_t)length);
    else if (length < 0 && errno != EAGAIN && errno != EINTR)
        which->is_over = true;
}

/* ---- the thread ---- */

static void take_from_client(pair *which)
{
    uint8_t data[READ_SIZE];
    ssize_t length = read_some(which->client, data, sizeof(data));
    which->is_over |= length < 0;
    if (length > 0)
        byte_run_append(&which->to_broker, data, (size_t)length);
}

static void take_from_broker(proxy *self, pair *which)
{
    uint8_t data[READ_SIZE];
    ssize_t length = read_some(which->broker, data, sizeof(data));
    which->is_over |= length < 0;
    if (length <= 0)
        return;
    if (self->plan.faults.subjects == NULL) {
        byte_run_append(&which->to_client, data, (size_t)length);
        return;
    }
    pthread_mutex_lock(&self->lock);
    fault_stream_take(&which->faults, &self->plan, data, (size_t)length, &which->to_client);
    pthread_mutex_unlock(&self->lock);
}

static void close_pair(proxy *self, pair *which)
{
    close(which->client);
    close(which->broker);
    byte_run_free(&which->to_client);
    byte_run_free(&which->to_broker);
    pthread_mutex_lock(&self->lock);
    fault_stream_free(&which->faults, &self->plan);
    pthread_mutex_unlock(&self->lock);
}

static void close_pairs(proxy *self, bool all)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (all || self->pairs[i].is_over)
            close_pair(self, &self->pairs[i]);
        else
            self->pairs[kept++] = self->pairs[i];
    }
    self->count = kept;
}

static short events_of(const byte_run *from_it, const byte_run *to_it)
{
    return (short)((from_it->length < MOST_WAITING ? POLLIN : 0) |
                   (to_it->length > 0 ? POLLOUT : 0));
}

/*
 * Passes on the messages that are due. Returns the milliseconds until the next one is, -1 if none
 * is held.
 */
static int release_due(proxy *self)
{
    int64_t next = -1;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count; i++) {
        pair *which = &self->pairs[i];
        int64_t due = fault_stream_release(&which->faults, &self->plan, &which->to_client);
        if (due >= 0 && (next < 0 || due < next))
            next = due;
    }
    pthread_mutex_unlock(&self->lock);
    if (next < 0)
        return -1;
    int64_t left = next - now_ms();
    return left > 0 ? (int)left : 0;
}

static void move_bytes(proxy *self, pair *which, const struct pollfd *near_end,
                       const struct pollfd *far_end)
{
    if ((near_end->revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        take_from_client(which);
    if ((far_end->revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        take_from_broker(self, which);
    write_some(which, which->broker, &which->to_broker);
    write_some(which, which->client, &which->to_client);
}

/* Waits until something can be done, and does it. */
static void turn(proxy *self)
{
    size_t count = self->count;
    int wait_ms = release_due(self);
    struct pollfd polled[2 + 2 * MOST_PAIRS];
    polled[0] = (struct pollfd){.fd = self->wake[0], .events = POLLIN};
    polled[1] = (struct pollfd){.fd = self->listener, .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        pair *which = &self->pairs[i];
        short near_end = events_of(&which->to_broker, &which->to_client);
        short far_end = events_of(&which->to_client, &which->to_broker);
        polled[2 + 2 * i] = (struct pollfd){.fd = which->client, .events = near_end};
        polled[3 + 2 * i] = (struct pollfd){.fd = which->broker, .events = far_end};
    }
    if (poll(polled, (nfds_t)(2 + 2 * count), wait_ms) < 0 && errno != EINTR)
        support_die("the proxy cannot wait: %s", strerror(errno));
    uint8_t byte;
    while (read_some(self->wake[0], &byte, 1) > 0)
        continue;
    for (size_t i = 0; i < count; i++)
        move_bytes(self, &self->pairs[i], &polled[2 + 2 * i], &polled[3 + 2 * i]);
    accept_client(self);
}

static void *run(void *data)
{
    proxy *self = data;
    while (!atomic_load(&self->is_stopping)) {
        turn(self);
        close_pairs(self, atomic_exchange(&self->is_cutting, false));
    }
    close_pairs(self, true);
    return NULL;
}

/* ---- what tests call ---- */

static void wake_up(proxy *self)
{
    if (write(self->wake[1], "", 1) != 1 && errno != EAGAIN)
        support_die("the proxy cannot be woken: %s", strerror(errno));
}

static void make_plan(proxy *self, const proxy_faults *faults)
{
    self->plan.faults = *faults;
    if (self->plan.faults.seed == 0)
        self->plan.faults.seed = (uint64_t)now_ms() * 1000003 + (uint64_t)getpid();
    self->plan.random = self->plan.faults.seed;
    printf("proxy: seed %llu\n", (unsigned long long)self->plan.faults.seed);
    fflush(stdout);
}

static proxy *start(int port, const proxy_faults *faults)
{
    proxy *self = calloc(1, sizeof(*self));
    if (self == NULL || pipe(self->wake) != 0)
        support_die("the proxy cannot start");
    set_flags(self->wake[0]);
    set_flags(self->wake[1]);
    self->target = loopback((unsigned)port);
    listen_on_any_port(self);
    if (faults != NULL)
        make_plan(self, faults);
    pthread_mutex_init(&self->lock, NULL);
    if (pthread_create(&self->thread, NULL, run, self) != 0)
        support_die("the proxy cannot start its thread");
    return self;
}

proxy *proxy_start(const broker *target, const proxy_faults *faults)
{
    static const proxy_faults none = {0};
    const char *port = strrchr(broker_url(target), ':');
    return start(port != NULL ? atoi(port + 1) : 0, faults != NULL ? faults : &none);
}

proxy *proxy_start_before(int port)
{
    return start(port, NULL);
}

const char *proxy_url(const proxy *self)
{
    return self->url;
}

void proxy_set_black_hole(proxy *self, bool is_black_hole)
{
    pthread_mutex_lock(&self->lock);
    self->plan.is_black_hole = is_black_hole;
    pthread_mutex_unlock(&self->lock);
}

void proxy_cut_connections(proxy *self)
{
    atomic_store(&self->is_cutting, true);
    wake_up(self);
}

void proxy_set_cut(proxy *self, bool is_cut)
{
    atomic_store(&self->is_cut, is_cut);
    if (is_cut)
        proxy_cut_connections(self);
}

void proxy_get_counts(proxy *self, proxy_counts *counts)
{
    pthread_mutex_lock(&self->lock);
    *counts = self->plan.counts;
    pthread_mutex_unlock(&self->lock);
}

void proxy_stop(proxy *self)
{
    if (self == NULL)
        return;
    atomic_store(&self->is_stopping, true);
    wake_up(self);
    pthread_join(self->thread, NULL);
    close(self->listener);
    close(self->wake[0]);
    close(self->wake[1]);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
