import { flagsOf } from '@ptychofleet/config';
import { Argument, type Command, type Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can follow a command, as its help shows it. */
interface Completable {
  /** `bundle show`; empty for the program itself. */
  readonly path: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletableOption[];
  readonly argumentChoices: readonly string[];
}

interface CompletableOption {
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** Of a closed set; files are offered otherwise. */
  readonly choices: readonly string[];
}

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .helpGroup('Configuration:')
    .description('Print a completion script for a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', examples)
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell));
    });
}

const examples = `
Examples:
  source <(ptychofleet completion bash)      # in ~/.bashrc
  source <(ptychofleet completion zsh)       # in ~/.zshrc
  ptychofleet completion fish | source       # in config.fish`;

/** A script that knows every command, flag and closed set of values that the program has; it starts nothing itself. */
export function completionScript(program: Command, shell: Shell): string {
  const all = completables(program);
  if (shell === 'bash') return bash(all);
  return shell === 'zsh' ? zsh(all) : fish(all);
}

const choicesByFlag = new Map(
  (['train', 'infer'] as const).flatMap((command) =>
    flagsOf(command).flatMap(({ flags, choices }) => flags.map((flag) => [flag, choices ?? []] as const)),
  ),
);

function completables(command: Command, path: readonly string[] = []): readonly Completable[] {
  const own: Completable = {
    path: path.join(' '),
    subcommands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: command.options
      .filter(({ hidden, long }) => !hidden && long !== undefined)
      .map(completableOption),
    argumentChoices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [own, ...command.commands.flatMap((one) => completables(one, [...path, one.name()]))];
}

function completableOption(option: Option): CompletableOption {
  const flag = option.long ?? '';
  return {
    flag,
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? choicesByFlag.get(flag) ?? [],
  };
}

/** First words of what can follow; the rest is files. */
function wordsOf({ subcommands, options, argumentChoices }: Completable): string {
  return [
    ...subcommands.map(({ name }) => name),
    ...argumentChoices,
    ...options.map(({ flag }) => flag),
    '--help',
  ].join(' ');
}

const keyOf = (path: string): string => `/${path.replaceAll(' ', '/')}`;

/** The branches that bash and zsh share: the command typed so far, the value of a flag, the words of a command. */
function posixCases(
  all: readonly Completable[],
  offer: (words: string) => string,
  files: string,
): {
  readonly commands: string;
  readonly values: string;
  readonly words: string;
} {
  const known = all.filter(({ path }) => path !== '').map(({ path }) => `"${keyOf(path)}"`);
  const values = all.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ flag, choices }) =>
          `    "${keyOf(path)} ${flag}") ${choices.length === 0 ? files : offer(choices.join(' '))}; return ;;`,
      ),
  );
  const words = all.map((one) => `    "${keyOf(one.path)}") ${offer(wordsOf(one))} ;;`);
  return { commands: known.join('|'), values: values.join('\n'), words: words.join('\n') };
}

function bash(all: readonly Completable[]): string {
  const offer = (words: string): string => `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`;
  const { commands, values, words } = posixCases(all, offer, 'COMPREPLY=($(compgen -f -- "$cur"))');
  return `# ptychofleet completion for bash
_ptychofleet() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="/" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path%/}/$word" in
    ${commands}) path="\${path%/}/$word" ;;
    esac
  done
  case "$path $prev" in
${values}
  esac
  case "$path" in
${words}
  esac
}
complete -o default -F _ptychofleet ptychofleet
`;
}

function zsh(all: readonly Completable[]): string {
  const offer = (words: string): string => `compadd -- ${words}`;
  const { commands, values, words } = posixCases(all, offer, '_files');
  return `#compdef ptychofleet
# ptychofleet completion for zsh
_ptychofleet() {
  local at="/" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at%/}/$word" in
    ${commands}) at="\${at%/}/$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values}
  esac
  case "$at" in
${words}
  esac
  [[ "\${words[CURRENT]}" == -* ]] || _files
}
compdef _ptychofleet ptychofleet
`;
}

function fish(all: readonly Completable[]): string {
  const lines = all.flatMap(({ path, subcommands, options, argumentChoices }) => {
    const condition = [
      ...path
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => `__fish_seen_subcommand_from ${name}`),
      ...(subcommands.length === 0
        ? []
        : [`not __fish_seen_subcommand_from ${subcommands.map(({ name }) => name).join(' ')}`]),
    ].join('; and ');
    const start = `complete -c ptychofleet -n ${quoted(condition || 'true')}`;
    return [
      ...subcommands.map(({ name, description }) => `${start} -f -a ${name} -d ${quoted(description)}`),
      ...argumentChoices.map((choice) => `${start} -f -a ${choice}`),
      ...options.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
        return `${start} -l ${flag.slice(2)}${value} -d ${quoted(description)}`;
      }),
    ];
  });
  return ['# ptychofleet completion for fish', ...lines, ''].join('\n');
}

/** For fish, where only the quote and the backslash mean something between single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (sign) => `\\${sign}`)}'`;
}
