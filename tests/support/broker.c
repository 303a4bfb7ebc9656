/*
 * See broker.h. nats-server itself chooses a free port and writes it into a file, so no two tests
 * can pick the same one.
 */
#include "support/broker.h"

#include "support/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define START_TIMEOUT_MS 20000
#define STOP_TIMEOUT_MS  5000
#define PATH_SIZE        512
#define PAGE_SIZE        32768

struct broker {
    pid_t pid; /* 0: not running */
    char program[PATH_SIZE];
    char folder[PATH_SIZE];
    char url[64];
    char port[16]; /* "-1" (any) until it has one */
    int monitor_port;
};

/* Debian installs nats-server in a folder that is not in a user's PATH. */
static void find_program(const broker_options *options, char *path, size_t size)
{
    const char *name = getenv("NATS_SERVER");
    if (options != NULL && options->program != NULL)
        name = options->program;
    if (name == NULL || name[0] == '\0')
        name = "nats-server";
    if (strchr(name, '/') != NULL) {
        snprintf(path, size, "%s", name);
        return;
    }
    const char *search = getenv("PATH");
    char places[4096];
    snprintf(places, sizeof(places), "%s:/usr/sbin:/usr/local/sbin", search != NULL ? search : "");
    char *rest = NULL;
    for (char *place = strtok_r(places, ":", &rest); place != NULL;
         place = strtok_r(NULL, ":", &rest)) {
        snprintf(path, size, "%s/%s", place, name);
        if (access(path, X_OK) == 0)
            return;
    }
    support_die("%s is not installed: scripts/install-dependencies test", name);
}

static void file_path(const broker *self, const char *name, char *path, size_t size)
{
    int length = snprintf(path, size, "%s/%s", self->folder, name);
    if (length < 0 || (size_t)length >= size)
        support_die("the path of %s in %s is too long", name, self->folder);
}

static void make_folder(broker *self)
{
    const char *parent = getenv("TMPDIR");
    snprintf(self->folder, sizeof(self->folder), "%s/broker-XXXXXX",
             parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (mkdtemp(self->folder) == NULL)
        support_die("cannot make %s: %s", self->folder, strerror(errno));
}

static void remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char path[2 * PATH_SIZE];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        struct stat what;
        if (lstat(path, &what) == 0 && S_ISDIR(what.st_mode))
            remove_folder(path);
        else
            unlink(path);
    }
    closedir(directory);
    rmdir(folder);
}

static void copy_file(FILE *to, const char *path)
{
    FILE *from = fopen(path, "r");
    if (from == NULL)
        support_die("cannot read %s: %s", path, strerror(errno));
    char text[4096];
    for (size_t length; (length = fread(text, 1, sizeof(text), from)) > 0;)
        fwrite(text, 1, length, to);
    fclose(from);
}

static void write_config(const broker *self, const broker_options *options)
{
    char path[PATH_SIZE];
    file_path(self, "config", path, sizeof(path));
    FILE *config = fopen(path, "w");
    if (config == NULL)
        support_die("cannot write %s: %s", path, strerror(errno));
    fprintf(config, "http: \"127.0.0.1:-1\"\n");
    if (options != NULL && options->max_payload != 0)
        fprintf(config, "max_payload: %zu\n", options->max_payload);
    if (options != NULL && options->jetstream)
        fprintf(config, "jetstream { store_dir: \"%s\"%s%s }\n", self->folder,
                options->domain != NULL ? ", domain: " : "",
                options->domain != NULL ? options->domain : "");
    if (options != NULL && options->config != NULL)
        fprintf(config, "%s\n", options->config);
    if (options != NULL && options->config_file != NULL)
        copy_file(config, options->config_file);
    fclose(config);
}

static void die_with_log(const broker *self, const char *what)
{
    char text[4096] = "";
    char path[PATH_SIZE];
    file_path(self, "log", path, sizeof(path));
    FILE *log = fopen(path, "r");
    if (log != NULL) {
        size_t length = fread(text, 1, sizeof(text) - 1, log);
        text[length] = '\0';
        fclose(log);
    }
    support_die("%s %s:\n%s", self->program, what, text);
}

/* Reads URL and port from the file that nats-server writes. False: the file is not complete yet. */
static bool read_ports_file(broker *self, const char *path)
{
    static const char monitor_url[] = "http://127.0.0.1:";
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    char text[1024];
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *url = strstr(text, "nats://");
    const char *monitor = strstr(text, monitor_url);
    if (url == NULL || monitor == NULL || strstr(text, "]}") == NULL)
        return false;
    self->monitor_port = atoi(monitor + strlen(monitor_url));
    int url_length = (int)strcspn(url, "\"");
    snprintf(self->url, sizeof(self->url), "%.*s", url_length, url);
    snprintf(self->port, sizeof(self->port), "%s", strrchr(self->url, ':') + 1);
    return true;
}

static void wait_until_ready(broker *self)
{
    const struct timespec pause = {0, 2000000};
    int64_t deadline = now_ms() + START_TIMEOUT_MS;
    char name[64];
    snprintf(name, sizeof(name), "broker_%ld.ports", (long)self->pid);
    char path[PATH_SIZE];
    file_path(self, name, path, sizeof(path));
    while (!read_ports_file(self, path)) {
        int wait_status;
        if (process_wait(self->pid, 0, &wait_status))
            die_with_log(self, "ended before it was ready");
        if (now_ms() >= deadline)
            die_with_log(self, "was not ready in time");
        nanosleep(&pause, NULL);
    }
    unlink(path);
}

static void launch(broker *self)
{
    char config[PATH_SIZE];
    file_path(self, "config", config, sizeof(config));
    char log_path[PATH_SIZE];
    file_path(self, "log", log_path, sizeof(log_path));
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0)
        support_die("cannot write %s: %s", log_path, strerror(errno));
    /* The first argument names the ports file. */
    char *arguments[] = {"broker", "-a",   "127.0.0.1",        "-p",         self->port,
                         "-c",     config, "--ports_file_dir", self->folder, NULL};
    self->pid = process_start(self->program, arguments, log, log);
    close(log);
    wait_until_ready(self);
}

broker *broker_start(const broker_options *options)
{
    broker *self = calloc(1, sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    find_program(options, self->program, sizeof(self->program));
    make_folder(self);
    write_config(self, options);
    strcpy(self->port, "-1");
    launch(self);
    return self;
}

const char *broker_url(const broker *self)
{
    return self->url;
}

void broker_url_for(const broker *self, const char *user, char *url, size_t size)
{
    snprintf(url, size, "nats://%s@%s", user, self->url + strlen("nats://"));
}

pid_t broker_process(const broker *self)
{
    return self->pid;
}

/* ---- monitoring ---- */

static int connect_to_monitor(const broker *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)self->monitor_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int monitor = socket(AF_INET, SOCK_STREAM, 0);
    if (monitor < 0 || connect(monitor, (struct sockaddr *)&address, sizeof(address)) != 0)
        support_die("cannot reach the broker's monitoring: %s", strerror(errno));
    return monitor;
}

/* Reads a page of the monitoring. */
static void read_page(const broker *self, const char *page, char *answer, size_t size)
{
    char request[64];
    snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", page);
    int monitor = connect_to_monitor(self);
    if (write(monitor, request, strlen(request)) != (ssize_t)strlen(request))
        support_die("cannot ask the broker's monitoring: %s", strerror(errno));
    size_t length = 0;
    ssize_t got = 0;
    while (length < size - 1 && (got = read(monitor, answer + length, size - 1 - length)) > 0)
        length += (size_t)got;
    close(monitor);
    answer[length] = '\0';
}

/* Returns what follows `key`. Dies if the page has no such key. */
static const char *ask_monitor(const broker *self, const char *page, const char *key, char *answer,
                               size_t size)
{
    read_page(self, page, answer, size);
    const char *found = strstr(answer, key);
    if (found == NULL)
        support_die("%s of the broker's monitoring has no %s: %s", page, key, answer);
    return found + strlen(key);
}

size_t broker_subscriptions(const broker *self)
{
    char answer[4096];
    const char *figure =
        ask_monitor(self, "/subsz", "\"num_subscriptions\":", answer, sizeof(answer));
    return strtoul(figure, NULL, 10);
}

long broker_figure(const broker *self, const char *page, const char *after, const char *key)
{
    char answer[PAGE_SIZE];
    read_page(self, page, answer, sizeof(answer));
    const char *from = after != NULL ? strstr(answer, after) : answer;
    const char *found = from != NULL ? strstr(from, key) : NULL;
    return found != NULL ? strtol(found + strlen(key), NULL, 10) : -1;
}

int broker_count_values(const broker *self, const char *page, const char *key)
{
    char answer[PAGE_SIZE];
    read_page(self, page, answer, sizeof(answer));
    int count = 0;
    for (const char *at = strstr(answer, key); at != NULL; at = strstr(at + 1, key)) {
        const char *value = at + strlen(key);
        size_t length = strlen(key) + strcspn(value, "\",") + 1;
        const char *again = at;
        do
            again = strstr(again + 1, key);
        while (again != NULL && strncmp(again, at, length) != 0);
        count += again == NULL; /* the last of its value */
    }
    return count;
}

void broker_version(const broker *self, char *version, size_t size)
{
    char answer[4096];
    const char *text = ask_monitor(self, "/varz", "\"version\": \"", answer, sizeof(answer));
    snprintf(version, size, "%.*s", (int)strcspn(text, "\""), text);
}

bool broker_is_older(const broker *self, int major, int minor)
{
    char version[32];
    broker_version(self, version, sizeof(version));
    int has_major;
    int has_minor;
    if (sscanf(version, "%d.%d", &has_major, &has_minor) != 2)
        support_die("the broker's version is \"%s\"", version);
    return has_major < major || (has_major == major && has_minor < minor);
}

/* ---- ending, pausing ---- */

/* Ends the broker by a signal. If it is paused, or does not react, it gets SIGKILL. */
static void end(broker *self, int signal_number)
{
    if (self->pid == 0)
        return;
    process_signal(self->pid, signal_number);
    process_signal(self->pid, SIGCONT);
    int wait_status;
    if (!process_wait(self->pid, STOP_TIMEOUT_MS, &wait_status)) {
        process_signal(self->pid, SIGKILL);
        process_wait(self->pid, STOP_TIMEOUT_MS, &wait_status);
    }
    self->pid = 0;
}

void broker_stop(broker *self)
{
    if (self == NULL)
        return;
    end(self, SIGTERM);
    remove_folder(self->folder);
    free(self);
}

void broker_kill(broker *self)
{
    end(self, SIGKILL);
}

void broker_set_config(broker *self, const broker_options *options)
{
    write_config(self, options);
}

void broker_reload(broker *self)
{
    process_signal(self->pid, SIGHUP);
}

void broker_retire(broker *self, int64_t timeout_ms)
{
    process_signal(self->pid, SIGUSR2);
    int wait_status;
    if (!process_wait(self->pid, timeout_ms, &wait_status))
        die_with_log(self, "did not retire in time");
    self->pid = 0;
}

void broker_restart(broker *self)
{
    end(self, SIGTERM);
    launch(self);
}

void broker_pause(broker *self)
{
    process_stop(self->pid);
}

void broker_resume(broker *self)
{
    process_signal(self->pid, SIGCONT);
}
