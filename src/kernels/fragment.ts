import { parseConfig } from './config.ts';
import { parseRange } from './range.ts';

/** One line of a fragment of kernel-configs/: an option that is wanted, and for which versions. */
export interface WantedOption {
  readonly option: string;
  /** `y`, a number, a string in quotes, or `n` for off. */
  readonly value: string;
  /** `base.config:12` */
  readonly where: string;
  /** The versions that have the option; all when it is not said. */
  readonly range?: string;
}

/**
 * Reads a fragment: `CONFIG_X=value`, with a range of versions behind `#` where the option came, went or was renamed; other
 * lines are comments.
 *
 * @throws an Error for any other line: a mistake of ours
 */
export const parseFragment = (text: string, file: string): readonly WantedOption[] =>
  text.split('\n').flatMap((line, index) => {
    if (/^\s*(#.*)?$/.test(line)) return [];
    const where = `${file}:${index + 1}`;
    const [, option, value, range] = /^(CONFIG_\w+)=(\S+)(?:\s+# (.+))?$/.exec(line) ?? [];
    if (option === undefined || value === undefined || (range !== undefined && parseRange(range) === undefined))
      throw new Error(`${where} is no option of a kernel: ${line}`);
    return [{ option, value, where, ...(range !== undefined && { range }) }];
  });

/** What is wanted of one version; where an option is named twice, the later line counts. */
export const wantedFor = (version: string, wanted: readonly WantedOption[]): readonly WantedOption[] => {
  const applying = wanted.filter(({ range }) => range === undefined || parseRange(range)?.has(version) === true);
  return [...new Map(applying.map((one) => [one.option, one])).values()];
};

/** The text that olddefconfig is given. (Documentation/kbuild/kconfig.rst) */
export const configText = (wanted: readonly WantedOption[]): string =>
  wanted.map(({ option, value }) => (value === 'n' ? `# ${option} is not set\n` : `${option}=${value}\n`)).join('');

/** The options that a finished configuration has otherwise than wanted. */
export const unmet = (
  wanted: readonly WantedOption[],
  config: string,
): readonly (WantedOption & { readonly actual: string })[] => {
  const actual = parseConfig(config);
  return wanted
    .map((one) => ({ ...one, actual: actual.get(one.option) ?? 'n' }))
    .filter(({ value, actual: is }) => value !== is);
};

/**
 * What a Kconfig file says an option depends on, one expression each; undefined when the option is not in it.
 * (Documentation/kbuild/kconfig-language.rst)
 */
export const dependenciesIn = (kconfig: string, option: string): readonly string[] | undefined => {
  const name = option.replace(/^CONFIG_/, '');
  const entry = new RegExp(`^(?:menu)?config ${name}\\n((?:[ \\t].*\\n|\\n)*)`, 'm').exec(`${kconfig}\n`)?.[1];
  if (entry === undefined) return undefined;
  const [attributes = ''] = entry.split(/^\s+help\b/m);
  return [...attributes.matchAll(/^\s+depends on (.+)$/gm)].map(([, text = '']) => text);
};

/** The options in a dependency that a configuration does not have. */
export const offIn = (expression: string, config: string): readonly string[] => {
  const on = parseConfig(config);
  return [...expression.matchAll(/(!?)\b([A-Z][A-Z0-9_]+)\b/g)]
    .filter(([, not = '', name = '']) => not === '' && !on.has(`CONFIG_${name}`))
    .map(([, , name = '']) => `CONFIG_${name}`);
};
