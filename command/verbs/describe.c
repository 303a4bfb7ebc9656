/*
 * Describe: the verb that shows the types of services.
 */
#include "describe/proto.h"
#include "describe/template.h"
#include "text/report.h"
#include "text/show.h"
#include "types/load.h"
#include "verbs/verbs.h"

#include <stdio.h>
#include <string.h>

/* Names in types are letters, digits and _; texts, such as a subject, may be anything. */
static int print(nm_buffer *text)
{
    nm_buffer shown = NM_BUFFER_INIT;
    const char *line = nm_buffer_string(text);
    while (line != NULL && *line != '\0') {
        size_t length = strcspn(line, "\n");
        cmd_show_bytes(&shown, line, length);
        nm_buffer_append(&shown, "\n", 1);
        line += length + (line[length] == '\n');
    }
    bool written = !shown.failed && fwrite(shown.data, 1, shown.length, stdout) == shown.length &&
                   fflush(stdout) == 0;
    nm_buffer_free(&shown);
    return written ? CMD_DONE : cmd_fail_output();
}

static int describe(const cmd_settings *settings, const cmd_types *types, const char *name)
{
    nm_buffer text = NM_BUFFER_INIT;
    int result = CMD_DONE;
    if (settings->template) {
        const cmd_method *method = cmd_find_method(types, name != NULL ? name : "");
        if (method != NULL)
            cmd_write_template(method->proto->request, &text);
        result = method != NULL ? CMD_DONE : CMD_WRONG_USAGE;
    } else if (!cmd_write_proto(settings->pool, types, name, &text) &&
               (cmd_has_own_types(settings) ||
                !cmd_write_proto(settings->pool, types, NULL, &text))) {
        result = cmd_fail(CMD_WRONG_USAGE, "the types have no service, method, message or enum %s",
                          name != NULL ? name : "");
    }
    if (result == CMD_DONE)
        result = print(&text);
    nm_buffer_free(&text);
    return result;
}

static int run_describe(const cmd_settings *settings, const cmd_words *words)
{
    const char *name = words->count > 0 ? words->items[0] : NULL;
    if (name == NULL && !cmd_has_own_types(settings))
        return cmd_fail(CMD_WRONG_USAGE, "describe: needs a service or a method, or --proto or "
                                         "--descriptor-set");
    cmd_connection connection = {0};
    int result = CMD_DONE;
    if (!cmd_has_own_types(settings))
        result = cmd_connect(settings, &connection);
    cmd_types types = {.set = NM_BUFFER_INIT};
    if (result == CMD_DONE)
        result = cmd_load_types(settings, &connection, name != NULL ? name : "", &types);
    if (result == CMD_DONE)
        result = describe(settings, &types, name);
    cmd_types_free(&types);
    cmd_disconnect(&connection);
    return result;
}

static const cmd_option template_options[] = {
    {0, "template", NULL, CMD_FLAG, offsetof(cmd_settings, template),
     "print a JSON skeleton of the method's request instead"},
};

static const cmd_option_group template_group = {"Description", template_options, 1};

const cmd_verb cmd_describe = {
    "describe",
    "[NAME]",
    "the .proto of a service or a method",
    "Prints a service or a method, by its full name, and the messages that it needs,\n"
    "as a .proto file has them, with the subject of each method. With --proto or\n"
    "--descriptor-set NAME may also be a message or an enum, and without NAME all\n"
    "services are printed.\n",
    "  natsmicro describe shop.v1.Stock\n"
    "  natsmicro describe shop.v1.Stock.Take --template > request.json\n"
    "  natsmicro describe shop.v1.Stock --descriptor-set-out shop.binpb\n",
    0,
    1,
    {&template_group, &cmd_type_options, &cmd_wait_options, &cmd_connection_options, NULL},
    run_describe};
