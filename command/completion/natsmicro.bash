# bash completion for natsmicro. Verbs and options come from its help, services and methods from the
# broker that the words so far name, within a second; where there is none, nothing is offered.

# The options of the line that say where the broker is. COMP_WORDS has a URL in pieces, since bash breaks
# words at colons.
_natsmicro_connection() {
    local words i
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    for ((i = 1; i < ${#words[@]}; i++)); do
        case "${words[i]}" in
            -s | --server | --context | --creds | --user | --password | --token | --nkey | --tlscert | --tlskey | --tlsca | --inbox-prefix)
                printf '%s\n%s\n' "${words[i]}" "${words[i + 1]}"
                ;;
        esac
    done
}

_natsmicro_names() { # --services or --methods
    local options
    mapfile -t options < <(_natsmicro_connection)
    timeout 1 natsmicro ls "$1" --wait 100ms --connect-timeout 500ms "${options[@]}" 2>/dev/null
}

_natsmicro_verbs() {
    natsmicro --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# Offers the lines of standard input that begin with the word. compgen -W would expand them first, and so
# run a command that a service has as its name.
_natsmicro_offer() { # word
    local line
    while IFS= read -r line; do
        [[ $line != "$1"* ]] || COMPREPLY+=("$line")
    done
}

_natsmicro() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" verb="${COMP_WORDS[1]}"
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        _natsmicro_offer "$word" < <(_natsmicro_verbs; printf '%s\n' help --help --version)
        return
    fi
    case "$before" in
        --creds | --nkey | --tls* | --proto | --descriptor-set | --descriptor-set-out | -o | --output)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        -I | --include)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        --context)
            mapfile -t COMPREPLY < <(cd "${XDG_CONFIG_HOME:-$HOME/.config}/nats/context" 2>/dev/null &&
                compgen -f -X '!*.json' -- "$word" | sed 's/\.json$//')
            return
            ;;
    esac
    case "$verb:$word" in
        *:-*) _natsmicro_offer "$word" < <(natsmicro "$verb" --help 2>/dev/null | grep -oE '^ {2,6}(-., )?--[a-z-]+' | grep -oE '\-\-[a-z-]+') ;;
        help:*) _natsmicro_offer "$word" < <(_natsmicro_verbs) ;;
        ls:* | info:* | stats:* | ping:*) _natsmicro_offer "$word" < <(_natsmicro_names --services) ;;
        put:*)
            if [ "$COMP_CWORD" = 2 ]; then
                _natsmicro_offer "$word" < <(_natsmicro_names --methods)
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
            ;;
        describe:* | call:* | get:* | bench:*)
            _natsmicro_offer "$word" < <(_natsmicro_names --methods)
            ;;
    esac
}

complete -F _natsmicro natsmicro
