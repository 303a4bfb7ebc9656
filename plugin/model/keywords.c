/*
 * Keywords: see keywords.h. The tables are sorted.
 */
#include "model/keywords.h"

#include <stdlib.h>
#include <string.h>

static const char *const c_keywords[] = {
    "asm",     "auto",    "bool",   "break",  "case",     "char",          "const",    "continue",
    "default", "do",      "double", "else",   "enum",     "extern",        "false",    "float",
    "for",     "goto",    "if",     "inline", "int",      "long",          "register", "restrict",
    "return",  "short",   "signed", "sizeof", "static",   "static_assert", "struct",   "switch",
    "true",    "typedef", "typeof", "union",  "unsigned", "void",          "volatile", "while"};

static const char *const taken_in_services[] = {"base", "descriptor", "init", "method_descriptors",
                                                "method_indices_by_name"};

static const char *const reserved_elsewhere[] = {"alignas",
                                                 "alignof",
                                                 "and",
                                                 "and_eq",
                                                 "assert",
                                                 "bitand",
                                                 "bitor",
                                                 "catch",
                                                 "char16_t",
                                                 "char32_t",
                                                 "char8_t",
                                                 "class",
                                                 "co_await",
                                                 "co_return",
                                                 "co_yield",
                                                 "compl",
                                                 "complex",
                                                 "concept",
                                                 "const_cast",
                                                 "consteval",
                                                 "constexpr",
                                                 "constinit",
                                                 "decltype",
                                                 "delete",
                                                 "dynamic_cast",
                                                 "errno",
                                                 "explicit",
                                                 "export",
                                                 "friend",
                                                 "imaginary",
                                                 "linux",
                                                 "mutable",
                                                 "namespace",
                                                 "new",
                                                 "noexcept",
                                                 "noreturn",
                                                 "not",
                                                 "not_eq",
                                                 "nullptr",
                                                 "operator",
                                                 "or",
                                                 "or_eq",
                                                 "private",
                                                 "protected",
                                                 "public",
                                                 "reinterpret_cast",
                                                 "requires",
                                                 "static_cast",
                                                 "stderr",
                                                 "stdin",
                                                 "stdout",
                                                 "template",
                                                 "this",
                                                 "thread_local",
                                                 "throw",
                                                 "try",
                                                 "typeid",
                                                 "typename",
                                                 "typeof_unqual",
                                                 "unix",
                                                 "using",
                                                 "virtual",
                                                 "wchar_t",
                                                 "xor",
                                                 "xor_eq"};

/* Macros of <signal.h>, <sys/stat.h> and <netdb.h>, and of GNU C on other machines. */
static const char *const macros_elsewhere[] = {
    "h_addr",       "hppa",      "i386",     "m68k",       "mips",   "s_addr",     "sa_handler",
    "sa_sigaction", "si_addr",   "si_band",  "si_fd",      "si_int", "si_overrun", "si_pid",
    "si_ptr",       "si_status", "si_stime", "si_timerid", "si_uid", "si_utime",   "si_value",
    "sparc",        "st_atime",  "st_ctime", "st_mtime",   "sun"};

static const char *const mended_by_protoc_gen_c[] = {"and",
                                                     "and_eq",
                                                     "asm",
                                                     "auto",
                                                     "bitand",
                                                     "bitor",
                                                     "bool",
                                                     "break",
                                                     "case",
                                                     "catch",
                                                     "char",
                                                     "class",
                                                     "compl",
                                                     "const",
                                                     "const_cast",
                                                     "continue",
                                                     "default",
                                                     "delete",
                                                     "do",
                                                     "double",
                                                     "dynamic_cast",
                                                     "else",
                                                     "enum",
                                                     "explicit",
                                                     "extern",
                                                     "false",
                                                     "float",
                                                     "for",
                                                     "friend",
                                                     "goto",
                                                     "if",
                                                     "inline",
                                                     "int",
                                                     "long",
                                                     "mutable",
                                                     "namespace",
                                                     "new",
                                                     "not",
                                                     "not_eq",
                                                     "operator",
                                                     "or",
                                                     "or_eq",
                                                     "private",
                                                     "protected",
                                                     "public",
                                                     "register",
                                                     "reinterpret_cast",
                                                     "return",
                                                     "short",
                                                     "signed",
                                                     "sizeof",
                                                     "static",
                                                     "static_cast",
                                                     "struct",
                                                     "switch",
                                                     "template",
                                                     "this",
                                                     "throw",
                                                     "true",
                                                     "try",
                                                     "typedef",
                                                     "typeid",
                                                     "typename",
                                                     "union",
                                                     "unsigned",
                                                     "using",
                                                     "virtual",
                                                     "void",
                                                     "volatile",
                                                     "wchar_t",
                                                     "while",
                                                     "xor",
                                                     "xor_eq"};

static int compare(const void *name, const void *word)
{
    return strcmp(name, *(const char *const *)word);
}

static bool is_among(const char *name, const char *const *words, size_t count)
{
    return bsearch(name, words, count, sizeof(*words), compare) != NULL;
}

bool gen_is_c_keyword(const char *name)
{
    return is_among(name, c_keywords, sizeof(c_keywords) / sizeof(c_keywords[0]));
}

bool gen_is_taken_in_services(const char *name)
{
    return is_among(name, taken_in_services,
                    sizeof(taken_in_services) / sizeof(taken_in_services[0]));
}

bool gen_is_reserved(const char *name)
{
    return gen_is_c_keyword(name) ||
           is_among(name, reserved_elsewhere,
                    sizeof(reserved_elsewhere) / sizeof(reserved_elsewhere[0]));
}

bool gen_is_reserved_in_messages(const char *name)
{
    return gen_is_reserved(name) ||
           is_among(name, macros_elsewhere, sizeof(macros_elsewhere) / sizeof(macros_elsewhere[0]));
}

bool gen_is_mended_by_protoc_gen_c(const char *name)
{
    return is_among(name, mended_by_protoc_gen_c,
                    sizeof(mended_by_protoc_gen_c) / sizeof(mended_by_protoc_gen_c[0]));
}
