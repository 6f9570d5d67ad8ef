import type { KernelOption } from '../kernels/config.ts';
import type { ByKernel } from './expectation.ts';

/** Where a claim comes from. */
export type Source =
  | { readonly kind: 'man'; readonly page: string; readonly section?: string }
  | { readonly kind: 'kernel'; readonly file: string; readonly function: string }
  | { readonly kind: 'commit'; readonly hash: string; readonly title: string };

/** One falsifiable sentence about the kernel. */
export interface Claim<Expected = unknown> {
  /** `area.subject.behaviour`, stable for ever. */
  readonly id: string;
  readonly statement: string;
  readonly sources: readonly Source[];
  readonly tags?: readonly string[];
  /** Entries of the catalogue it was made from, such as `INI-03`. */
  readonly entries?: readonly string[];
  /** Kernel options without which it cannot be judged; only they make a claim inapplicable. */
  readonly needs?: readonly KernelOption[];
  /** What differs between kernels, as values. */
  readonly expected?: ByKernel<Expected>;
}

/** A manual page, such as `pid_namespaces(7)`. */
export const man = (page: string, section?: string): Source => ({
  kind: 'man',
  page,
  ...(section !== undefined && { section }),
});

/** A function of the kernel that decides. */
export const kernelSource = (file: string, name: string): Source => ({ kind: 'kernel', file, function: name });

/** A commit of the mainline kernel. */
export const commit = (hash: string, title: string): Source => ({ kind: 'commit', hash, title });

/** The options of `needs` that a kernel lacks. */
export const lacking = (
  { needs = [] }: Pick<Claim, 'needs'>,
  lacks: readonly KernelOption[],
): readonly KernelOption[] => needs.filter((option) => lacks.includes(option));

const idShape = /^[a-z0-9-]+(\.[a-z0-9-]+){2,}$/;

/** What is wrong with a set of claims, one sentence each; empty when nothing is. */
export const problemsOf = (claims: readonly Claim[]): readonly string[] => {
  const seen = new Set<string>();
  return claims.flatMap(({ id, statement, sources }) => {
    const problems: string[] = [];
    if (seen.has(id)) problems.push(`${id} is declared twice.`);
    seen.add(id);
    if (!idShape.test(id)) problems.push(`${id} is not of the form area.subject.behaviour.`);
    if (sources.length === 0) problems.push(`${id} has no source.`);
    if (!/^[\p{L}].*\.$/su.test(statement)) problems.push(`${id}: the statement is not a sentence.`);
    return problems;
  });
};
