# SPDX-License-Identifier: ISC
# Completion for fish: commands, options, accounts, mailboxes, keys.
function __godwit_config
    set -l words (commandline -opc)
    for i in (seq (count $words))
        contains -- $words[$i] -c --config; and echo -- -c; and echo -- $words[(math $i + 1)]
    end
end
function __godwit_words
    godwit (__godwit_config) complete $argv 2>/dev/null
end
set -l commands sync watch status folders init import auth doctor outbox sendmail pause resume verify why restore help
complete -c godwit -f
complete -c godwit -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c godwit -n "__fish_seen_subcommand_from help" -a "$commands"
complete -c godwit -n "__fish_seen_subcommand_from watch status folders auth doctor pause resume outbox" -a "(__godwit_words accounts)"
complete -c godwit -n "__fish_seen_subcommand_from sync verify restore" -a "(__godwit_words accounts; __godwit_words mailboxes)"
complete -c godwit -n "__fish_seen_subcommand_from outbox" -a "list show send hold release drop log"
complete -c godwit -n "__fish_seen_subcommand_from import why" -F
complete -c godwit -s c -l config -r -F -d "another configuration"
complete -c godwit -n "__fish_seen_subcommand_from sync import restore" -s n -l dry-run -d "say what would be done"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l full -d "read everything"
complete -c godwit -n "__fish_seen_subcommand_from sync verify restore outbox" -l now -d "although the provider asked for a pause"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l accept-deletions -d "carry out what was held back"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l restore-deletions -d "take it back"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l accept-uploads -d "send what was held back"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l same-account -d "new user name or host"
complete -c godwit -n "__fish_seen_subcommand_from sync" -l deadline -x -d "leave after so long (20m)"
complete -c godwit -n "__fish_seen_subcommand_from verify" -l bodies -d "contents, too"
complete -c godwit -n "__fish_seen_subcommand_from verify" -l repair -d "forget what does not agree"
complete -c godwit -n "__fish_seen_subcommand_from init import" -l set -x -a "(__godwit_words keys | string replace -r '\$' '=')" -d "a key"
complete -c godwit -n "__fish_seen_subcommand_from auth init import" -l device -d "with another device"
complete -c godwit -n "__fish_seen_subcommand_from auth init import" -l no-browser -d "print the address"
complete -c godwit -n "__fish_seen_subcommand_from status" -l follow -d "as it happens"
complete -c godwit -n "__fish_seen_subcommand_from restore" -l all -d "everything"
complete -c godwit -s q -l quiet -d "say nothing when all is well"
complete -c godwit -s v -l verbose -d "say more"
complete -c godwit -l json -d "one object a line"
complete -c godwit -s h -l help
complete -c godwit -l version
