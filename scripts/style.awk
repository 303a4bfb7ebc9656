# Two habits of style that clang-format cannot keep, checked in C files laid out by it:
#
# - sizeof has parentheses, also before a variable;
# - a variable is declared where it is first used: the statement after a declaration without
#   initializer, or after a run of such, names it.

# The line without comments, and without what strings and characters hold.
function code_of(line,   start, end) {
    gsub(/\\["'\\]/, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    gsub(/'[^']*'/, "0", line)
    if (in_comment) {
        end = index(line, "*/")
        if (end == 0)
            return ""
        line = substr(line, end + 2)
        in_comment = 0
    }
    while ((start = index(line, "/*")) > 0) {
        end = index(substr(line, start + 2), "*/")
        in_comment = end == 0
        line = substr(line, 1, start - 1) (in_comment ? "" : substr(line, start + end + 3))
    }
    sub(/[ \t]+$/, "", line)
    return line
}

function indent_of(line) {
    match(line, /^ */)
    return RLENGTH
}

function complain(line_number, text) {
    print FILENAME ":" line_number ": " text
    failed = 1
}

function check_declared(   i) {
    for (i = 1; i <= declared; i++)
        if ((" " statement " ") !~ ("[^A-Za-z0-9_]" variable[i] "[^A-Za-z0-9_]"))
            complain(declared_at[i], "declare " variable[i] " where it is first used")
    declared = 0
    statement = ""
}

function is_declaration(line) {
    return line ~ /^ +[A-Za-z_][A-Za-z0-9_ ]* \**[A-Za-z_][A-Za-z0-9_]*(\[[^=]*\])*;$/ &&
           line !~ /^ *(return|goto|static|extern|typedef|else|case) /
}

function declare(line) {
    sub(/(\[[^=]*\])*;$/, "", line)
    sub(/^.*[ *]/, "", line)
    variable[++declared] = line
    declared_at[declared] = FNR
}

# What goes on with the statement after the declarations: deeper lines, braces, else, labels of a switch.
function continues(line) {
    return indent_of(line) > declared_indent ||
           (indent_of(line) == declared_indent && line ~ /^ *([{}]|else|case |default:)/)
}

FNR == 1 {
    in_comment = in_function = in_type = declared = 0
}

{
    line = code_of($0)
    indent = indent_of(line)
}

line ~ /(^|[^A-Za-z0-9_])sizeof([^A-Za-z0-9_(]|$)/ {
    complain(FNR, "write sizeof(x)")
}

line == "{" {
    in_function = 1
    next
}

line == "}" {
    check_declared()
    in_function = 0
    next
}

!in_function || line == "" || line ~ /^#/ {
    next
}

# A type declared inside a function: its members are no variables.
in_type {
    in_type = !(indent == type_indent && line ~ /^ *}/)
    next
}

line ~ /^ *(static |const |typedef )*(struct|union|enum)[ A-Za-z0-9_]*\{$/ {
    in_type = 1
    type_indent = indent
    next
}

statement != "" && continues(line) {
    statement = statement " " line
    next
}

statement != "" {
    check_declared()
}

is_declaration(line) {
    declare(line)
    declared_indent = indent
    next
}

declared > 0 {
    statement = line
}

END {
    exit failed
}
