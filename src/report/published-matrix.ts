import { z } from 'zod';
import type { Verdict } from '../claims/verdict.ts';
import { byVersion } from '../kernels/version.ts';
import type { RunRecord } from './record.ts';

/** One letter a verdict, so that a claim is a line and a change of any cell is seen in review. */
const letters = { holds: 'h', violated: 'v', inapplicable: 'n', inconclusive: '?' } as const satisfies Record<
  Verdict,
  string
>;
const verdictOf = (letter: string | undefined): Verdict | undefined =>
  (Object.keys(letters) as Verdict[]).find((verdict) => letters[verdict] === letter);

/** The letter of a claim that has not been judged on a kernel. */
const unjudged = '.';

/** docs/generated/matrix.json: what every claim was seen to be on every kernel on offer; the source of the pages beside it. */
export const PublishedMatrix = z.strictObject({
  schema: z.literal(1),
  /** Oldest first; the cells of a claim are in this order. */
  kernels: z.array(z.strictObject({ series: z.string(), version: z.string(), release: z.string() })),
  claims: z.record(
    z.string(),
    z.strictObject({
      verdicts: z.string(),
      /** What was observed, where the claim names a value: one for each kernel, or one for all. */
      observed: z.array(z.string().nullable()).optional(),
      /** The programs it was observed with. */
      fixtures: z.array(z.string()),
    }),
  ),
});
export type PublishedMatrix = z.infer<typeof PublishedMatrix>;
type Row = PublishedMatrix['claims'][string];

/** What is known of a claim on one kernel. */
export interface PublishedCell {
  readonly version: string;
  readonly series: string;
  readonly verdict: Verdict | undefined;
  readonly observed: string | undefined;
}

/** The cells of a claim, one for each kernel, oldest first; unjudged ones for a claim that is not in the matrix. */
export const cellsOf = ({ kernels, claims }: PublishedMatrix, claim: string): readonly PublishedCell[] => {
  const row = claims[claim];
  return kernels.map(({ series, version }, index) => ({
    series,
    version,
    verdict: verdictOf(row?.verdicts[index]),
    observed: (row?.observed?.length === 1 ? row.observed[0] : row?.observed?.[index]) ?? undefined,
  }));
};

/**
 * The matrix with what a record has to say. A kernel takes the place of another of its series, whose cells are then forgotten;
 * claims that are no longer there go.
 *
 * @param fixtures the programs that a claim was observed with; undefined for claims whose evidence is not at hand
 * @param claims ids of all claims there are
 */
export const publish = (
  previous: PublishedMatrix | undefined,
  record: RunRecord,
  fixtures: (claim: string) => readonly string[] | undefined,
  claims: readonly string[],
): PublishedMatrix => {
  // Somebody's own kernel is nobody else's business.
  const stock = record.kernels.filter(({ id }) => id.startsWith('linux-'));
  const judged = stock.map(({ id, series, release }) => ({
    id,
    series,
    version: id.replace(/^linux-/, ''),
    release,
  }));
  const kept = (previous?.kernels ?? []).filter(({ series }) => !judged.some((kernel) => kernel.series === series));
  const kernels = [...kept, ...judged.map(({ series, version, release }) => ({ series, version, release }))].toSorted(
    byVersion,
  );
  const row = (claim: string): Row => {
    const before = new Map(
      previous === undefined ? [] : cellsOf(previous, claim).map((cell) => [cell.version, cell] as const),
    );
    const cells = kernels.map(({ version }): Pick<PublishedCell, 'verdict' | 'observed'> => {
      const id = judged.find((kernel) => kernel.version === version)?.id;
      const result = record.results.find((one) => one.claim === claim && one.kernel === id);
      if (result !== undefined) return { verdict: result.verdict, observed: result.observed };
      return before.get(version) ?? { verdict: undefined, observed: undefined };
    });
    const observed = cells.map((cell) => cell.observed ?? null);
    return {
      verdicts: cells.map(({ verdict }) => (verdict === undefined ? unjudged : letters[verdict])).join(''),
      ...(observed.some((value) => value !== null) && {
        observed: new Set(observed).size === 1 ? observed.slice(0, 1) : observed,
      }),
      fixtures: [...(fixtures(claim) ?? previous?.claims[claim]?.fixtures ?? [])],
    };
  };
  return { schema: 1, kernels, claims: Object.fromEntries(claims.map((claim) => [claim, row(claim)])) };
};

/** The text of matrix.json: a line for each kernel and each claim. */
export const matrixText = ({ schema, kernels, claims }: PublishedMatrix): string => {
  const lines = (values: readonly string[]): string => values.map((value) => `  ${value}`).join(',\n');
  const rows = Object.entries(claims).map(([claim, row]) => `${JSON.stringify(claim)}: ${JSON.stringify(row)}`);
  return `{"schema": ${schema},\n "kernels": [\n${lines(kernels.map((kernel) => JSON.stringify(kernel)))}],\n "claims": {\n${lines(rows)}}}\n`;
};
