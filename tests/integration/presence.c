/*
 * Presence: see presence.h.
 */
#include "integration/presence.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_DESCRIPTION = 512 };

/* ---- examples ---- */

#define ALL_UNSET "number:- text:- data:- kind:- next:- flag:- ratio:- base:"

static void set_all(Presence__V1__Things *things, int32_t number, const char *text,
                    Presence__V1__Things__Kind kind)
{
    things->_number_case = PRESENCE__V1__THINGS___NUMBER_NUMBER;
    things->number = number;
    things->_text_case = PRESENCE__V1__THINGS___TEXT_TEXT;
    things->text = (char *)(uintptr_t)text;
    things->_data_case = PRESENCE__V1__THINGS___DATA_DATA;
    things->data = (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
    things->_kind_case = PRESENCE__V1__THINGS___KIND_KIND;
    things->kind = kind;
    things->_flag_case = PRESENCE__V1__THINGS___FLAG_FLAG;
    things->flag = number != 0;
    things->_ratio_case = PRESENCE__V1__THINGS___RATIO_RATIO;
    things->ratio = number / 4.0;
}

void presence_fill(presence_example *example, int number)
{
    static const char *const descriptions[PRESENCE_EXAMPLES] = {
        ALL_UNSET,
        "number:0 text: data: kind:0 next:- flag:0 ratio:0 base:",
        "number:-7 text:abc data:616263 kind:1 next:- flag:1 ratio:-1.75 base:stone",
        "number:- text:- data:- kind:- next:(" ALL_UNSET ") flag:- ratio:- base:",
        "number:- text:- data:- kind:- next:(number:0 text: data: kind:0 next:- flag:0 ratio:0 "
        "base:) flag:- ratio:- base:",
    };
    example->things = (Presence__V1__Things)PRESENCE__V1__THINGS__INIT;
    example->next = (Presence__V1__Things)PRESENCE__V1__THINGS__INIT;
    example->description = descriptions[number];
    if (number == 1)
        set_all(&example->things, 0, "", PRESENCE__V1__THINGS__KIND__NONE);
    if (number == 2) {
        set_all(&example->things, -7, "abc", PRESENCE__V1__THINGS__KIND__SOME);
        example->things.base_ = (char *)(uintptr_t) "stone";
    }
    if (number >= 3)
        example->things.next = &example->next;
    if (number == 4)
        set_all(&example->next, 0, "", PRESENCE__V1__THINGS__KIND__NONE);
}

/* ---- descriptions ---- */

/* Appends to the text as printf does. A text that does not fit is cut. */
static void add(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static void add_bytes(char *text, size_t size, ProtobufCBinaryData bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        add(text, size, "%02x", bytes.data[i]);
}

static void add_next(char *text, size_t size, const Presence__V1__Things *next)
{
    char inner[LONGEST_DESCRIPTION] = "-";
    if (next != NULL)
        presence_describe(next, inner, sizeof(inner));
    add(text, size, next == NULL ? " next:%s" : " next:(%s)", inner);
}

void presence_describe(const Presence__V1__Things *things, char *text, size_t size)
{
    text[0] = '\0';
    add(text, size, things->_number_case == 0 ? "number:-" : "number:%d", (int)things->number);
    add(text, size, " text:%s", things->_text_case == 0 ? "-" : things->text);
    add(text, size, things->_data_case == 0 ? " data:-" : " data:");
    if (things->_data_case != 0)
        add_bytes(text, size, things->data);
    add(text, size, things->_kind_case == 0 ? " kind:-" : " kind:%d", (int)things->kind);
    add_next(text, size, things->next);
    add(text, size, things->_flag_case == 0 ? " flag:-" : " flag:%d", things->flag != 0);
    add(text, size, things->_ratio_case == 0 ? " ratio:-" : " ratio:%g", things->ratio);
    add(text, size, " base:%s", things->base_);
}

/* ---- the service ---- */

static natsmicro_status answer_the_same(Presence__V1__PresenceServer__Register *call,
                                        const Presence__V1__Things *request, void *user_data)
{
    (void)user_data;
    return presence__v1__presence_server__register__reply(call, request);
}

static natsmicro_status send_the_same(Presence__V1__PresenceServer__Delete *call, void *user_data)
{
    (void)user_data;
    const Presence__V1__Things *request;
    natsmicro_status status;
    while ((status = presence__v1__presence_server__delete__recv(call, &request)) == NATSMICRO_OK) {
        status = presence__v1__presence_server__delete__send(call, request);
        if (status != NATSMICRO_OK)
            break;
    }
    return status;
}

static natsmicro_status answer_with_a_description(Presence__V1__PresenceServer__New *call,
                                                  const Presence__V1__Things *request,
                                                  void *user_data)
{
    (void)user_data;
    char text[LONGEST_DESCRIPTION];
    presence_describe(request, text, sizeof(text));
    Presence__V1__Seen seen = PRESENCE__V1__SEEN__INIT;
    seen.text = text;
    return presence__v1__presence_server__new___reply(call, &seen);
}

const Presence__V1__PresenceHandlers presence_service = {
    .register_ = answer_the_same,
    .delete_ = send_the_same,
    .new_ = answer_with_a_description,
};
