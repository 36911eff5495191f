# SPDX-License-Identifier: ISC
# Completion for bash: commands, options, accounts, mailboxes, keys, mails in the outbox.
_godwit() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} config command= i words
	local commands="sync watch status folders init import auth doctor outbox sendmail pause resume verify why restore help"
	local options="--config= --quiet --verbose --json --help --version" # and what the command has

	config=${XDG_CONFIG_HOME:-$HOME/.config}/godwit/config
	# bash takes "=" and ":" for words of their own.
	local line=${COMP_LINE:0:COMP_POINT} whole
	whole=${line##*[[:space:]]}
	if [[ $whole == --set=* && $whole != --set=*=* ]]; then
		mapfile -t COMPREPLY < <(compgen -S = -W "$(godwit complete keys)" -- "${whole#--set=}")
		compopt -o nospace
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c) config=${COMP_WORDS[++i]} ;;
		--config) ;;
		-*) ;;
		*) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
		esac
	done
	if [ "$prev" = -c ]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	case $cur,$command in
	-*,sendmail) words="-t -f -F -N -R -V -a -i -oi -odb -odi -odq -bp -q -v" ;;
	-*,*) words="$options $(_godwit_options "$command")" ;;
	*,) words=$commands ;;
	*,outbox)
		words="list show send hold release drop log $(_godwit_accounts "$config") $(godwit -c "$config" outbox --json 2> /dev/null |
			sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')"
		;;
	*,sync | *,verify | *,restore)
		local IFS=$'\n'
		mapfile -t COMPREPLY < <(compgen -W "$(_godwit_accounts "$config")
$(godwit -c "$config" complete mailboxes)" -- "$whole")
		[[ $COMP_WORDBREAKS != *:* || $whole != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${whole%:*}:"}")
		return
		;;
	*,watch | *,status | *,folders | *,auth | *,doctor | *,pause | *,resume) words=$(_godwit_accounts "$config") ;;
	*,help) words=$commands ;;
	*)
		compopt -o default
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

_godwit_options() { # COMMAND
	case $1 in
	sync) echo --dry-run --full --now --deadline= --accept-deletions --restore-deletions --accept-uploads --same-account ;;
	verify) echo --bodies --repair --now ;;
	restore) echo --all --dry-run --now ;;
	init) echo --set= --device --no-browser ;;
	import) echo --dry-run --set= --device --no-browser ;;
	auth) echo --device --no-browser ;;
	status) echo --follow ;;
	outbox) echo --now ;;
	esac
}

_godwit_accounts() {
	sed -n 's/^[[:space:]]*account[[:space:]]*"\([^"]*\)".*/\1/p' "$1" 2> /dev/null
}

complete -F _godwit godwit
