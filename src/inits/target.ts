import { shellWord } from '../../vm/link/ssh.ts';
import type { Role } from './check.ts';

/** The place of the command in a target's command line and files. */
export const commandPlace = '{cmd}';
/** The place of the container's own directory. */
const directoryPlace = '{dir}';

/** A program to be validated as PID 1, and how it is started. */
export interface Target {
  /** `tini`, `dumb-init -c`: as people call it. */
  readonly name: string;
  /** With `{cmd}` where the command goes, `{dir}` for the container's own directory. */
  readonly argv: readonly string[];
  readonly role: Role;
  /** Files of the container's directory that it needs: services, an inittab; with `{cmd}` and `{dir}`, too. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that it wants at a fixed place: where that is, by name of the file. */
  readonly binds?: Readonly<Record<string, string>>;
  /** The container's root directory in the guest; its own root by default. */
  readonly root?: string;
  /** What `docker stop` sends to it. */
  readonly stopSignal: string;
  /** Signals that its documentation lets it end on. */
  readonly endsOn: readonly string[];
  /** A program of ours, which does no harm to the machine: several of them may share one. */
  readonly ours?: true;
  /** Command lines with an option of its own, for what not every init can do. */
  readonly variants?: Partial<Readonly<Record<'remap' | 'rewrite' | 'parentDeath', readonly string[]>>>;
}

/** Signals on which a program may end as far as we know it. */
export const usualEnds = ['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'PWR'] as const;

/** `{cmd}` alone is the words of the command; within a longer word it is the command as a shell wants it. */
export const expand = (argv: readonly string[], command: readonly string[], directory: string): readonly string[] =>
  argv.flatMap((word) => (word === commandPlace ? command : [expandText(word, command, directory)]));

export const expandText = (text: string, command: readonly string[], directory: string): string =>
  text.replaceAll(commandPlace, () => command.map(shellWord).join(' ')).replaceAll(directoryPlace, directory);

/** Whether it runs a command of ours at all. */
export const takesCommand = ({ argv, files = {} }: Pick<Target, 'argv' | 'files'>): boolean =>
  [...argv, ...Object.values(files)].some((text) => text.includes(commandPlace));
