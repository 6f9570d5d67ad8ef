import { compareVersions, parseVersion, type Version } from './version.ts';

/**
 * A set of kernel versions, as claims and selectors write it: `6.12` (a series), `6.12.107`, `<5.14`, `>=6.12`,
 * `5.10..6.12` (both included); conditions that must all hold separated by blanks (`6.1 >=6.1.192`); alternatives by `||`
 * (`<6.16 || >=7.2.13`). A bound without a point release speaks of the whole series: `<6.16` has no 6.16.x in it,
 * `>=6.16` has all.
 */
export interface KernelRange {
  readonly text: string;
  readonly has: (version: string) => boolean;
}

type Condition = (version: Version) => boolean;

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '': (order) => order === 0,
};

const condition = (text: string): Condition | undefined => {
  const [, from = '', to = ''] = /^([\d.]+)\.\.([\d.]+)$/.exec(text) ?? [];
  const [lower, upper] = [parseVersion(from), parseVersion(to)];
  if (lower !== undefined && upper !== undefined)
    return (version) => compareVersions(version, lower) >= 0 && compareVersions(version, upper) <= 0;
  const [, operator = '', bound = ''] = /^(<=|>=|<|>|)([\d.]+)$/.exec(text) ?? [];
  const version = parseVersion(bound);
  const holds = comparisons[operator];
  return version === undefined || holds === undefined ? undefined : (other) => holds(compareVersions(other, version));
};

/** Reads a range; undefined when it is none. */
export const parseRange = (text: string): KernelRange | undefined => {
  const alternatives = text.split('||').map((part) => part.trim().split(/\s+/).map(condition));
  const conditions: Condition[][] = [];
  for (const alternative of alternatives) {
    const known = alternative.filter((one) => one !== undefined);
    if (known.length !== alternative.length) return undefined;
    conditions.push(known);
  }
  return {
    text,
    has: (version) => {
      const parsed = parseVersion(version);
      return parsed !== undefined && conditions.some((all) => all.every((holds) => holds(parsed)));
    },
  };
};
