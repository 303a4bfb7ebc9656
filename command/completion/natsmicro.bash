# bash completion for natsmicro. Verbs and options come from its help, services and methods from the
# broker that the words so far name, within a second; where there is none, nothing is offered.

_natsmicro_connection() { # the options of the line that say where the broker is
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${COMP_WORDS[i]}" in
            -s | --server | --context | --creds | --user | --password | --token | --nkey | --tlscert | --tlskey | --tlsca | --inbox-prefix)
                printf '%s\n%s\n' "${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}"
                ;;
        esac
    done
}

_natsmicro_names() { # --services or --methods
    local options
    mapfile -t options < <(_natsmicro_connection)
    timeout 1 natsmicro ls "$1" --wait 100ms --connect-timeout 500ms "${options[@]}" 2>/dev/null
}

_natsmicro() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" verb="${COMP_WORDS[1]}"
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(natsmicro --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p') help --help --version" -- "$word")
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
        *:-*) mapfile -t COMPREPLY < <(compgen -W "$(natsmicro "$verb" --help 2>/dev/null | grep -oE '^ {2,6}(-., )?--[a-z-]+' | grep -oE '\-\-[a-z-]+')" -- "$word") ;;
        help:*) mapfile -t COMPREPLY < <(compgen -W "$(natsmicro --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')" -- "$word") ;;
        ls:* | info:* | stats:* | ping:*) mapfile -t COMPREPLY < <(compgen -W "$(_natsmicro_names --services)" -- "$word") ;;
        put:*)
            if [ "$COMP_CWORD" = 2 ]; then
                mapfile -t COMPREPLY < <(compgen -W "$(_natsmicro_names --methods)" -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
            ;;
        describe:* | call:* | get:* | bench:*)
            mapfile -t COMPREPLY < <(compgen -W "$(_natsmicro_names --methods)" -- "$word")
            ;;
    esac
}

complete -F _natsmicro natsmicro
