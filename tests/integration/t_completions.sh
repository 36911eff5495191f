#!/bin/bash
# SPDX-License-Identifier: ISC
# Completion in bash, zsh and fish: commands, options, accounts, mailboxes, keys; by running the shells.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
here=$(cd "$(dirname "$0")/../../contrib/completions" && pwd)

mkdir -p "$T/server/home/Maildir" "$T/bin" "$T/home/.config/godwit"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 2 500 1
mkdir -p "$MAIL/Lists"
"$TOOLS/mkmail" "$MAIL/Lists/dev" 2 500 2
"$TOOLS/mkmail" "$MAIL/Sent Items" 2 500 3
server_start full
write_config
sync_ok
server_stop
cp "$T/config" "$T/home/.config/godwit/config"
ln -s "$GODWIT" "$T/bin/godwit"
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config PATH=$T/bin:$PATH

has() { # WORD...: each is a line of $T/out
	local word
	for word in "$@"; do
		grep -qxF -- "$word" "$T/out" || fail "no \"$word\" in: $(cat "$T/out")"
	done
}

note "every command and option of --help is there"
"$GODWIT" --help > "$T/help"
for word in $(sed -n 's/^  \([a-z]*\)[ ,].*/\1/p' "$T/help") $(grep -oE -- '--[a-z-]+' "$T/help" | sort -u); do
	for file in godwit.bash _godwit godwit.fish; do
		grep -qw -- "${word#--}" "$here/$file" || fail "$file does not know $word"
	done
done

note "bash"
bash_completes() { # LINE
	bash --norc -c '
		. "$1"
		COMP_LINE=$2 COMP_POINT=${#2}
		COMP_WORDBREAKS=$'"' \t\n\"\\'><=;|&(:'"'
		read -ra COMP_WORDS <<< "$(sed "s/[:=]/ & /g" <<< "$2")"
		[[ $2 != *[\ :=] ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		compopt() { :; }
		_godwit
		printf "%s\n" "${COMPREPLY[@]}"' bash "$here/godwit.bash" "$1" > "$T/out" 2> "$T/err" || fail "bash: $(cat "$T/err")"
}
bash_completes 'godwit s'
has sync status sendmail
bash_completes 'godwit import --dr'
has --dry-run
for command in $("$GODWIT" help | sed -n 's/^  \([a-z]*\)[ ,].*/\1/p'); do # no option that would be refused
	[ "$command" != sendmail ] || continue
	bash_completes "godwit $command --"
	for option in $(cat "$T/out"); do
		[ "$option" != --config= ] || continue
		"$GODWIT" -c "$T/none" "$command" "${option/%=/=1}" < /dev/null > "$T/said" 2>&1 || true
		! grep -q 'means nothing\|unrecognized' "$T/said" || fail "$command $option: $(cat "$T/said")"
	done
done
bash_completes 'godwit sync --'
has --deadline= --dry-run --accept-deletions
bash_completes 'godwit status '
has test
bash_completes 'godwit sync '
has test test:INBOX test:Lists/dev 'test:Sent Items'
bash_completes 'godwit sync test:L'
has Lists/dev # what is behind the colon
bash_completes 'godwit init --set=pass'
has password-command=

note "fish"
if command -v fish > /dev/null; then
	fish_completes() { # LINE
		fish --no-config -c "source $here/godwit.fish; complete -C'$1'" 2> "$T/err" | cut -f 1 > "$T/out"
	}
	fish_completes 'godwit s'
	has sync status sendmail
	fish_completes 'godwit sync --dr'
	has --dry-run
	fish_completes 'godwit status --'
	has --follow --json
	! grep -q -e --dry-run "$T/out" || fail "status --dry-run is offered"
	fish_completes 'godwit sync t'
	has test test:INBOX test:Lists/dev
	fish_completes 'godwit init --set=passw'
	has --set=password-command=
else
	note "(there is no fish)"
fi

note "zsh"
if command -v zsh > /dev/null; then
	: > "$T/watch.err"
	screen() { tmux -L "godwit$$" capture-pane -p; }
	shows() { screen | grep -q -- "$1"; }
	printf 'fpath=(%s $fpath)\nautoload -Uz compinit\ncompinit -u -D\nPS1="ready> "\nzstyle ":completion:*" list-prompt ""\n' "$here" > "$T/home/.zshrc"
	tmux -f /dev/null -L "godwit$$" new-session -d -x 120 -y 50 "env HOME=$HOME ZDOTDIR=$HOME PATH=$PATH XDG_CONFIG_HOME=$XDG_CONFIG_HOME zsh -i"
	until_true "zsh is ready" shows 'ready>'
	zsh_completes() { # LINE WHAT-IT-BECOMES-OR-SHOWS [KEYS]
		tmux -L "godwit$$" send-keys C-u
		tmux -L "godwit$$" send-keys -l "$1"
		tmux -L "godwit$$" send-keys ${3:-Tab}
		until_true "zsh completes $1" shows "$2"
	}
	zsh_completes 'godwit fol' 'godwit folders'
	zsh_completes 'godwit sync te' 'test:Lists/dev' 'Tab Tab'
	zsh_completes 'godwit sync --dr' 'godwit sync --dry-run'
	zsh_completes 'godwit restore --al' 'godwit restore --all'
	zsh_completes 'godwit init --set=passw' 'set=password-command='
	tmux -L "godwit$$" kill-server
else
	note "(there is no zsh)"
fi
note ok
