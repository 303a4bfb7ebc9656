/*
 * Options: tables of options, read with getopt_long into the settings, and printed as help.
 */
#ifndef CMD_OPTIONS_OPTIONS_H
#define CMD_OPTIONS_OPTIONS_H

#include "options/settings.h"

typedef enum cmd_option_kind {
    CMD_FLAG,     /* bool */
    CMD_TEXT,     /* const char * */
    CMD_LIST,     /* cmd_list; may be given several times */
    CMD_DURATION, /* int64_t, milliseconds */
    CMD_NUMBER    /* int64_t, at least 1 */
} cmd_option_kind;

typedef struct cmd_option {
    char letter; /* '\0': none */
    const char *name;
    const char *argument; /* what help calls it; NULL for a flag */
    cmd_option_kind kind;
    size_t member; /* its offset in cmd_settings */
    const char *help;
} cmd_option;

/* Options that belong together, under one heading. */
typedef struct cmd_option_group {
    const char *heading;
    const cmd_option *options;
    size_t count;
} cmd_option_group;

extern const cmd_option_group cmd_connection_options;
extern const cmd_option_group cmd_discovery_options; /* for who looks at services */
extern const cmd_option_group cmd_wait_options;      /* for who only asks them for types */
extern const cmd_option_group cmd_type_options;
extern const cmd_option_group cmd_call_options;

#define CMD_MOST_GROUPS 8

typedef struct cmd_verb {
    const char *name;
    const char *words;   /* "METHOD [JSON]" */
    const char *summary; /* for the list of verbs */
    const char *text;    /* paragraphs, in lines of at most 79 columns */
    const char *examples;
    size_t least_words;
    size_t most_words;
    const cmd_option_group *groups[CMD_MOST_GROUPS]; /* ends with NULL; the verb's own first */
    int (*run)(const cmd_settings *settings, const cmd_words *words);
} cmd_verb;

/*
 * Reads what follows the verb. False: it was told what is wrong. With --help only `help` is sure to
 * be set.
 */
bool cmd_read_options(const cmd_verb *verb, int argc, char **argv, cmd_settings *settings,
                      cmd_words *words);

/* Prints the whole help of a verb to stdout. */
void cmd_print_help(const cmd_verb *verb);

#endif
