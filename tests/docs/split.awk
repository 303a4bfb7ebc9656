# Splits a page into its fenced blocks. For each it writes the block's text as OUT/<number>, what the comments
# above it say as OUT/<number>.says, a line each, and prints `<number> <line> <language>`. What would
# escape the checks is printed as `error <line> <text>`.

function begin_block() {
    number++
    text = OUT "/" number
    printf "" > text
    printf "%s", said > (text ".says")
    close(text ".says")
    language = substr($0, 4)
    print number, NR, language == "" ? "none" : language
    inside = NR
}

function end_block() {
    close(text)
    inside = 0
    said = ""
}

inside && /^```$/ { end_block(); next }
inside { print > text; next }
/^```/ { begin_block(); next }
/^<!-- .* -->$/ { said = said substr($0, 6, length($0) - 9) "\n"; next }
/^<!--/ { print "error", NR, "a comment ends on its own line" }
/^ +```/ { print "error", NR, "a fence that is indented" }
/^    / && blank { print "error", NR, "an indented block: fence it" }
{ blank = /^$/ }
!blank { said = "" }
END { if (inside) print "error", inside, "a fence that is not closed" }
