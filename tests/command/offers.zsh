# zsh -f offers.zsh LINE: what zsh offers for the last word of a line, in order, and last the line as it
# is then. An interactive zsh, on a terminal of its own, completes it by the tab key.

zmodload zsh/zpty
export OFFERED="$(mktemp)"
zpty shell zsh -f -i
# Some calls of compadd only ask what matches. The terminal echoes what is written, so the words that
# are waited for are not in it as they are.
zpty -w shell 'PROMPT=; fpath=(command/completion $fpath); autoload -Uz compinit; compinit -u -D
compadd() {
    local -a matches
    if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
        builtin compadd -O matches "$@"
        (( $#matches == 0 )) || print -rl -- $matches >>$OFFERED
    fi
    builtin compadd "$@"
}
tell() { print -r -- $BUFFER >>$OFFERED; print COMP""LETED; }
zle -N tell; bindkey "^X" tell; bindkey "^I" complete-word; print REA""DY'
zpty -r shell text '*READY*'
zpty -n -w shell "$1"$'\t\x18'
zpty -r shell text '*COMPLETED*'
zpty -d shell
cat $OFFERED
rm -f $OFFERED
