/*
 * Options: see options.h.
 */
#include "options/options.h"

#include "text/duration.h"
#include "text/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 64
#define HELP         "help"

/* ---- the options of a verb, one after the other ---- */

typedef struct cmd_chosen {
    const cmd_option *options[MOST_OPTIONS];
    size_t count;
    struct option long_options[MOST_OPTIONS + 2];
    char letters[3 * MOST_OPTIONS + 2];
} cmd_chosen;

static const cmd_option help_option = {
    'h', HELP, NULL, CMD_FLAG, offsetof(cmd_settings, help), "print this"};

static void choose_option(cmd_chosen *chosen, const cmd_option *option)
{
    size_t index = chosen->count++;
    chosen->options[index] = option;
    bool takes = option->kind != CMD_FLAG;
    chosen->long_options[index] = (struct option){option->name, takes, NULL, 1000 + (int)index};
    size_t length = strlen(chosen->letters);
    if (option->letter != '\0')
        snprintf(chosen->letters + length, sizeof(chosen->letters) - length, "%c%s", option->letter,
                 takes ? ":" : "");
}

/* An option that two groups have counts once, as in the first. */
static bool is_chosen(const cmd_chosen *chosen, const char *name)
{
    for (size_t i = 0; i < chosen->count; i++) {
        if (strcmp(chosen->options[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* The colon has getopt_long tell a missing argument from an unknown option. */
static void choose(cmd_chosen *chosen, const cmd_verb *verb)
{
    memset(chosen, 0, sizeof(*chosen));
    chosen->letters[0] = ':';
    for (size_t i = 0; verb->groups[i] != NULL; i++) {
        for (size_t k = 0; k < verb->groups[i]->count; k++) {
            if (!is_chosen(chosen, verb->groups[i]->options[k].name))
                choose_option(chosen, &verb->groups[i]->options[k]);
        }
    }
    choose_option(chosen, &help_option);
}

/* ---- reading ---- */

static void add_to_list(gen_pool *pool, cmd_list *list, const char *text)
{
    const char **items = gen_pool_alloc(pool, list->count + 1, sizeof(*items));
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    items[list->count++] = text;
    list->items = items;
}

static bool read_number(const char *text, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1)
        return false;
    *number = value;
    return true;
}

static bool take(const cmd_option *option, const char *text, cmd_settings *settings)
{
    void *member = (char *)settings + option->member;
    switch (option->kind) {
    case CMD_FLAG:
        *(bool *)member = true;
        return true;
    case CMD_TEXT:
        *(const char **)member = text;
        return true;
    case CMD_LIST:
        add_to_list(settings->pool, member, text);
        return true;
    case CMD_DURATION:
        if (cmd_read_duration(text, member) && *(int64_t *)member > 0)
            return true;
        cmd_fail(CMD_WRONG_USAGE, "--%s: \"%s\" is no time such as 500ms, 10s or 1m30s",
                 option->name, text);
        return false;
    default:
        if (read_number(text, member))
            return true;
        cmd_fail(CMD_WRONG_USAGE, "--%s: \"%s\" is no number from 1 on", option->name, text);
        return false;
    }
}

static const cmd_option *find(const cmd_chosen *chosen, int result)
{
    if (result >= 1000)
        return chosen->options[result - 1000];
    for (size_t i = 0; i < chosen->count; i++) {
        if (chosen->options[i]->letter == result)
            return chosen->options[i];
    }
    return NULL;
}

static bool refuse(const cmd_verb *verb, const cmd_chosen *chosen, int result, const char *word)
{
    const cmd_option *option = result == ':' ? find(chosen, optopt) : NULL;
    if (option != NULL)
        cmd_fail(CMD_WRONG_USAGE, "%s: --%s needs %s (see natsmicro %s --help)", verb->name,
                 option->name, option->argument, verb->name);
    else if (optopt >= 1000 || (word != NULL && strncmp(word, "--", 2) == 0))
        cmd_fail(CMD_WRONG_USAGE,
                 "%s: option %s is unknown, ambiguous or takes no argument (see "
                 "natsmicro %s --help)",
                 verb->name, word, verb->name);
    else
        cmd_fail(CMD_WRONG_USAGE, "%s: unknown option -%c (see natsmicro %s --help)", verb->name,
                 optopt, verb->name);
    return false;
}

static bool check_words(const cmd_verb *verb, const cmd_words *words)
{
    if (words->count >= verb->least_words && words->count <= verb->most_words)
        return true;
    if (words->count < verb->least_words)
        cmd_fail(CMD_WRONG_USAGE, "%s: needs %s (see natsmicro %s --help)", verb->name, verb->words,
                 verb->name);
    else
        cmd_fail(CMD_WRONG_USAGE, "%s: \"%s\" is one word too many (see natsmicro %s --help)",
                 verb->name, words->items[verb->most_words], verb->name);
    return false;
}

bool cmd_read_options(const cmd_verb *verb, int argc, char **argv, cmd_settings *settings,
                      cmd_words *words)
{
    cmd_chosen chosen;
    choose(&chosen, verb);
    opterr = 0;
    int result;
    while ((result = getopt_long(argc, argv, chosen.letters, chosen.long_options, NULL)) != -1) {
        const cmd_option *option = find(&chosen, result);
        if (option == NULL)
            return refuse(verb, &chosen, result, argv[optind - 1]);
        if (!take(option, optarg, settings))
            return false;
    }
    *words = (cmd_words){argv + optind, (size_t)(argc - optind)};
    return settings->help || check_words(verb, words);
}

/* ---- help ---- */

#define HELP_COLUMN 32

static void print_option(const cmd_option *option)
{
    char left[80];
    snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", option->letter != '\0' ? '-' : ' ',
             option->letter != '\0' ? option->letter : ' ', option->letter != '\0' ? ", " : "  ",
             option->name, option->argument != NULL ? " " : "",
             option->argument != NULL ? option->argument : "");
    if (strlen(left) + 2 > HELP_COLUMN)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, left);
    /* Wrapped at words, to 79 columns. */
    size_t column = HELP_COLUMN;
    for (const char *word = option->help; *word != '\0';) {
        size_t length = strcspn(word, " ");
        if (column > HELP_COLUMN && column + 1 + length > 79) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += (size_t)printf("%s%.*s", column > HELP_COLUMN ? " " : "", (int)length, word);
        word += length + strspn(word + length, " ");
    }
    putchar('\n');
}

void cmd_print_help(const cmd_verb *verb)
{
    printf("natsmicro %s%s%s [OPTIONS]\n\n%s", verb->name, *verb->words != '\0' ? " " : "",
           verb->words, verb->text);
    if (verb->examples != NULL)
        printf("\nExamples:\n%s", verb->examples);
    for (size_t i = 0; verb->groups[i] != NULL; i++) {
        printf("\n%s:\n", verb->groups[i]->heading);
        for (size_t k = 0; k < verb->groups[i]->count; k++)
            print_option(&verb->groups[i]->options[k]);
    }
    printf("\n");
    print_option(&help_option);
}
