import type { Claim } from '../claims/claim.ts';
import { expectationFor } from '../claims/expectation.ts';
import { withoutFlavour } from '../kernels/version.ts';
import { cellsOf, type PublishedMatrix } from './published-matrix.ts';

/** A claim that is not the same on two kernels. */
export interface Difference {
  readonly claim: string;
  readonly statement: string;
  /** What was observed on each, or the verdict where no value was. */
  readonly left: string;
  readonly right: string;
  /** Commits that are known to have changed it. */
  readonly commits: readonly { readonly commit: string; readonly title: string }[];
}

/**
 * The claims whose observed value, verdict or expectation differs between two kernels of a matrix.
 *
 * @param left and right versions, such as `6.12.117` or `6.12.117-rt`; both must be in the matrix
 */
export const differencesBetween = (
  claims: readonly Claim[],
  matrix: PublishedMatrix,
  left: string,
  right: string,
): readonly Difference[] =>
  claims.flatMap((claim) => {
    const sideOf = (version: string): { readonly shown: string; readonly compared: string } => {
      const cell = cellsOf(matrix, claim.id).find((one) => one.version === version);
      const verdict = cell?.verdict ?? 'not judged';
      const expected =
        claim.expected === undefined
          ? ''
          : JSON.stringify(expectationFor(claim.expected, { version: withoutFlavour(version) }));
      return { shown: cell?.observed ?? verdict, compared: [cell?.observed, verdict, expected].join('\n') };
    };
    const [one, other] = [sideOf(left), sideOf(right)];
    if (one.compared === other.compared) return [];
    return [
      {
        claim: claim.id,
        statement: claim.statement,
        left: one.shown,
        right: other.shown,
        commits: (claim.expected?.arms ?? []).flatMap(({ since }) => since ?? []),
      },
    ];
  });
