import { worstOf, type Verdict } from './verdict.ts';

/** One cell: the verdict that stands for all repetitions, and how often each was given. */
export interface Cell {
  readonly verdict: Verdict;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
}

/** Claims × kernels, in the order they first appear. */
export interface Matrix {
  readonly claims: readonly string[];
  readonly kernels: readonly string[];
  readonly cell: (claim: string, kernel: string) => Cell | undefined;
}

interface Result {
  readonly claim: string;
  readonly kernel: string;
  readonly verdict: Verdict;
}

/** Arranges results; the worst of several verdicts on the same claim and kernel stands for all. */
export const matrixOf = (results: readonly Result[], kernels: readonly string[]): Matrix => {
  const claims = [...new Set(results.map(({ claim }) => claim))];
  const cell = (claim: string, kernel: string): Cell | undefined => {
    const all = results.filter((result) => result.claim === claim && result.kernel === kernel);
    const verdict = worstOf(all.map((result) => result.verdict));
    if (verdict === undefined) return undefined;
    const counts: Partial<Record<Verdict, number>> = {};
    for (const result of all) counts[result.verdict] = (counts[result.verdict] ?? 0) + 1;
    return { verdict, counts };
  };
  return { claims, kernels, cell };
};
