/*
 * natsmicro: looks at services on NATS and calls any of their methods, from a shell.
 *
 *   text/      what is written: errors, tables, times
 *   options/   what is asked for
 *   connect/   the connection, contexts of the nats command
 *   discover/  questions to all services
 *   show/      prints what they answered
 *   types/     methods and messages, as a service, a set or .proto files tell them
 *   describe/  prints types
 *   invoke/    calls of the library, with JSON
 *   verbs/     ls, info, stats, ping, call, …
 */
#include "text/report.h"
#include "verbs/verbs.h"

#include <stdio.h>
#include <string.h>

static const cmd_verb *const verbs[] = {&cmd_ls,       &cmd_info,     &cmd_stats,
                                        &cmd_ping,     &cmd_describe, &cmd_call,
                                        &cmd_put_verb, &cmd_get_verb, &cmd_bench_verb};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const cmd_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    }
    return NULL;
}

static int print_help(void)
{
    printf("natsmicro VERB [WORDS] [OPTIONS]\n"
           "\n"
           "Looks at the services on a NATS broker and calls any of their methods.\n"
           "\n"
           "Verbs:\n");
    for (size_t i = 0; i < N_VERBS; i++) {
        char left[80];
        snprintf(left, sizeof(left), "%s %s", verbs[i]->name, verbs[i]->words);
        printf("  %-28s  %s\n", left, verbs[i]->summary);
    }
    printf("\n"
           "natsmicro VERB --help has all options of a verb; natsmicro --version the version.\n"
           "The broker is that of --server, NATS_URL, or a context of the nats command.\n"
           "\n"
           "Exit status: 0 done; 1 wrong usage; 64 and the number of the status of a call or\n"
           "connection that failed, such as 68 INVALID_ARGUMENT, 70 NOT_FOUND, 79\n"
           "UNAVAILABLE; 130 interrupted.\n");
    return CMD_DONE;
}

/* `help VERB` is the same as `VERB --help`. */
static int help(int argc, char **argv)
{
    const cmd_verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
    if (argc > 2 && verb == NULL)
        return cmd_fail(CMD_WRONG_USAGE, "\"%s\" is no verb (see natsmicro --help)", argv[2]);
    if (verb == NULL)
        return print_help();
    cmd_print_help(verb);
    return CMD_DONE;
}

static int run(const cmd_verb *verb, int argc, char **argv)
{
    gen_pool pool = {NULL};
    cmd_settings settings = {.pool = &pool};
    cmd_words words;
    bool read = cmd_read_options(verb, argc, argv, &settings, &words);
    int result = read ? CMD_DONE : CMD_WRONG_USAGE;
    if (settings.help)
        cmd_print_help(verb);
    else if (read)
        result = verb->run(&settings, &words);
    gen_pool_free(&pool);
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return CMD_WRONG_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(argc, argv);
    if (strcmp(argv[1], "--version") == 0)
        return puts("natsmicro " NM_VERSION) < 0;
    const cmd_verb *verb = find_verb(argv[1]);
    if (verb == NULL)
        return cmd_fail(CMD_WRONG_USAGE, "\"%s\" is no verb (see natsmicro --help)", argv[1]);
    return run(verb, argc - 1, argv + 1);
}
