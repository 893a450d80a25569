# SPDX-License-Identifier: Apache-2.0
# bash completion for sterna(1)

_sterna() {
  local cur prev words cword
  _init_completion || return

  local commands='init sync run check mailboxes verify status pause resume history held undo adopt'
  commands+=' auth import'
  local globals='-h --help --version -c --config -v --verbose -q --quiet --json --color --no-input'
  local command='' config=() i
  for ((i = 1; i < cword; i++)); do
    case ${words[i]} in
      -c | --config)
        config=(-c "${words[i + 1]-}")
        ((i++))
        ;;
      --color | --into | --for | --name | --preset | --host | --port | --tls | --user | --auth | \
        --password-command | --password-file | --keep | --client-id | --client-secret-file | --pin | \
        --authorize-url | --token-url | --device-url | --scope | --maildir) ((i++)) ;;
      -*) ;;
      *)
        [[ -z $command ]] && command=${words[i]}
        ;;
    esac
  done

  case $prev in
    -c | --config)
      _filedir toml
      return
      ;;
    --color)
      COMPREPLY=($(compgen -W 'auto always never' -- "$cur"))
      return
      ;;
    --tls)
      COMPREPLY=($(compgen -W 'implicit starttls none' -- "$cur"))
      return
      ;;
    --auth)
      COMPREPLY=($(compgen -W 'password oauth' -- "$cur"))
      return
      ;;
    --keep)
      COMPREPLY=($(compgen -W 'file keyring' -- "$cur"))
      return
      ;;
    --password-file | --client-secret-file)
      _filedir
      return
      ;;
    --maildir)
      _filedir -d
      return
      ;;
    --name | --preset | --host | --port | --user | --password-command | --client-id | --pin) return ;;
    --authorize-url | --token-url | --device-url | --scope) return ;;
    -n | --lines | --uid | --since | --until | --into | --for) return ;;
  esac

  local options=''
  case $command in
    '')
      COMPREPLY=($(compgen -W "$commands $globals" -- "$cur"))
      return
      ;;
    init)
      options='--name --preset --host --port --tls --pin --database --user --auth'
      options+=' --password-command --password-file --password-stdin --keep --client-id'
      options+=' --client-secret-file --authorize-url --token-url --device-url --scope'
      options+=' --maildir --offline --no-test --print --enable'
      ;;
    sync) options='--dry-run' ;;
    check) options='--offline' ;;
    verify) options='--deep' ;;
    status) options='--watch --waybar --metrics' ;;
    pause) options='--for' ;;
    history) options='-n --lines --uid --since --until' ;;
    undo) options='--into' ;;
    auth) options='--device --paste --status --logout --token' ;;
    import) options='--write' ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options $globals" -- "$cur"))
    return
  fi

  local names=''
  [[ $command == held && $prev == held ]] && names='list apply restore'
  [[ $command == undo && $prev == undo ]] && names='list restore'
  if [[ $command == import ]]; then
    names='mbsync offlineimap'
    compopt -o default
  fi
  [[ $command == @(status|init|import) ]] || names+=" $(sterna "${config[@]}" __accounts 2>/dev/null)"
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
  [[ $command == history ]] && compopt -o default
} &&
  complete -F _sterna sterna
