# SPDX-License-Identifier: Apache-2.0
# fish completion for sterna(1)

set -l commands init sync run check mailboxes verify status pause resume history held undo adopt auth import

function __sterna_accounts
    set -l words (commandline -opc)
    set -l config
    for i in (seq (math (count $words) - 1))
        if contains -- $words[$i] -c --config
            set config -c $words[(math $i + 1)]
        end
    end
    sterna $config __accounts 2>/dev/null
end

complete -c sterna -f
complete -c sterna -s h -l help -d 'Show help'
complete -c sterna -l version -d 'Print the version'
complete -c sterna -s c -l config -r -F -d 'Read this configuration alone'
complete -c sterna -s v -l verbose -d 'Say more'
complete -c sterna -s q -l quiet -d 'Say only what went wrong'
complete -c sterna -l json -d 'Print data as JSON'
complete -c sterna -l color -x -a 'auto always never' -d 'Whether to use colours'
complete -c sterna -l no-input -d 'Never ask anything'

complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a init -d 'Find the server of an address, and write the configuration'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a sync -d 'Bring accounts into step once'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a run -d 'Keep accounts in step as it happens'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a check -d 'Examine configuration, Maildir, connection and login'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a mailboxes -d 'List the mailboxes of both sides'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a verify -d 'Compare both sides and print every difference'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a status -d 'Show how the accounts are'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a pause -d 'Leave accounts alone for a while'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a resume -d 'End a pause; by name, a wait that a server asked for, too'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a history -d 'Show what was changed, and why'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a held -d 'Decide about deletions that were held'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a undo -d 'Bring back what a sync deleted here'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a adopt -d 'Accept a Maildir whose marker is missing or foreign'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a import -d 'Make a configuration from that of another program'
complete -c sterna -n "not __fish_seen_subcommand_from $commands" -a auth -d 'Log in by OAuth 2.0, and look after that login'

complete -c sterna -n '__fish_seen_subcommand_from init' -l name -x -d 'What the account is called here'
complete -c sterna -n '__fish_seen_subcommand_from init' -l preset -x -d 'The provider'
complete -c sterna -n '__fish_seen_subcommand_from init' -l host -x -d 'The IMAP server'
complete -c sterna -n '__fish_seen_subcommand_from init' -l port -x -d 'Its port'
complete -c sterna -n '__fish_seen_subcommand_from init' -l tls -x -a 'implicit starttls none' -d 'How it is encrypted'
complete -c sterna -n '__fish_seen_subcommand_from init' -l pin -x -d 'Trust this key of the server'
complete -c sterna -n '__fish_seen_subcommand_from init' -l database -d 'Ask the central database of providers, too'
complete -c sterna -n '__fish_seen_subcommand_from init' -l user -x -d 'The user, where it is not the address'
complete -c sterna -n '__fish_seen_subcommand_from init' -l auth -x -a 'password oauth' -d 'How to log in'
complete -c sterna -n '__fish_seen_subcommand_from init' -l password-command -x -d 'What prints the password'
complete -c sterna -n '__fish_seen_subcommand_from init' -l password-file -r -F -d 'A file that holds it'
complete -c sterna -n '__fish_seen_subcommand_from init' -l password-stdin -d 'Read it from the standard input'
complete -c sterna -n '__fish_seen_subcommand_from init' -l keep -x -a 'file keyring' -d 'Where a password is kept'
complete -c sterna -n '__fish_seen_subcommand_from init' -l client-id -x -d 'Of your client for OAuth 2.0'
complete -c sterna -n '__fish_seen_subcommand_from init' -l client-secret-file -r -F -d 'The file with its secret'
complete -c sterna -n '__fish_seen_subcommand_from init' -l authorize-url -x -d 'Where to log in by OAuth 2.0'
complete -c sterna -n '__fish_seen_subcommand_from init' -l token-url -x -d 'Where its tokens come from'
complete -c sterna -n '__fish_seen_subcommand_from init' -l device-url -x -d 'Where codes for devices come from'
complete -c sterna -n '__fish_seen_subcommand_from init' -l scope -x -d 'What is asked for there'
complete -c sterna -n '__fish_seen_subcommand_from init' -l maildir -x -a '(__fish_complete_directories)' -d 'Where the mail goes'
complete -c sterna -n '__fish_seen_subcommand_from init' -l offline -d 'Ask neither the web nor the DNS nor the server'
complete -c sterna -n '__fish_seen_subcommand_from init' -l no-test -d 'Write it without trying the login'
complete -c sterna -n '__fish_seen_subcommand_from init' -l print -d 'Print the configuration'
complete -c sterna -n '__fish_seen_subcommand_from init' -l enable -d 'Start the service of the user'
complete -c sterna -n '__fish_seen_subcommand_from sync' -l dry-run -d 'Print the plan and change nothing'
complete -c sterna -n '__fish_seen_subcommand_from check' -l offline -d 'Look at the files only'
complete -c sterna -n '__fish_seen_subcommand_from verify' -l deep -d 'Compare the octets of all messages'
complete -c sterna -n '__fish_seen_subcommand_from status' -l watch -d 'Go on showing it as it changes'
complete -c sterna -n '__fish_seen_subcommand_from status' -l waybar -d 'Print it as waybar reads it'
complete -c sterna -n '__fish_seen_subcommand_from status' -l metrics -d 'Print it as Prometheus reads it'
complete -c sterna -n '__fish_seen_subcommand_from pause' -l for -x -d 'End it by itself after so long'
complete -c sterna -n '__fish_seen_subcommand_from history' -s n -l lines -x -d 'At most so many changes'
complete -c sterna -n '__fish_seen_subcommand_from history' -l uid -x -d 'Of the message with this UID'
complete -c sterna -n '__fish_seen_subcommand_from history' -l since -x -d 'From this time on'
complete -c sterna -n '__fish_seen_subcommand_from history' -l until -x -d 'Up to this time'
complete -c sterna -n '__fish_seen_subcommand_from held' -a 'list apply restore'
complete -c sterna -n '__fish_seen_subcommand_from undo' -a 'list restore'
complete -c sterna -n '__fish_seen_subcommand_from undo' -l into -x -d 'Put them into this mailbox'
complete -c sterna -n '__fish_seen_subcommand_from import' -F -a 'mbsync offlineimap'
complete -c sterna -n '__fish_seen_subcommand_from import' -l write -d 'Write it into a new file'
complete -c sterna -n '__fish_seen_subcommand_from auth' -l device -d 'By a code that is typed in elsewhere'
complete -c sterna -n '__fish_seen_subcommand_from auth' -l paste -d 'Paste where a browser ended'
complete -c sterna -n '__fish_seen_subcommand_from auth' -l status -d 'Say whether there is a login'
complete -c sterna -n '__fish_seen_subcommand_from auth' -l logout -d 'Revoke and forget it'
complete -c sterna -n '__fish_seen_subcommand_from auth' -l token -d 'Print an access token'
complete -c sterna -n '__fish_seen_subcommand_from sync run check mailboxes verify pause resume history held undo adopt auth' -a '(__sterna_accounts)'
