/**
 * What is said of a claim on a kernel: it holds; it is violated; it does not apply, for lack of an option or on another
 * architecture; or nothing can be said, because our side failed.
 */
export type Verdict = 'holds' | 'violated' | 'inapplicable' | 'inconclusive';

/** From the best to the worst. */
export const verdicts = ['holds', 'inapplicable', 'inconclusive', 'violated'] as const satisfies readonly Verdict[];

/** The verdict that stands for several, such as those of repetitions. */
export const worstOf = (all: readonly Verdict[]): Verdict | undefined =>
  all.toSorted((a, b) => verdicts.indexOf(b) - verdicts.indexOf(a))[0];

/** The exit code of a run: 1 a claim is violated, 3 nothing certain can be said of one, 0 otherwise. */
export const exitCodeOf = (all: readonly Verdict[]): 0 | 1 | 3 => {
  const worst = worstOf(all);
  if (worst === 'violated') return 1;
  return worst === 'inconclusive' ? 3 : 0;
};
