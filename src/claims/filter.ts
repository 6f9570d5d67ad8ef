import { NothingSelectedError } from '../base/errors.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Claim } from './claim.ts';

interface Candidate {
  readonly claim: Claim;
  readonly file: string;
}

export interface Selection {
  /** Claim ids, prefixes of ids (`pidns`, `pidns.init`), or paths of spec files or folders. None means all. */
  readonly filters: readonly string[];
  /** Claims must have each of these tags. */
  readonly tags: readonly string[];
}

const matches = ({ claim, file }: Candidate, filter: string): boolean =>
  claim.id === filter ||
  (claim.id.startsWith(filter) && /^[.-]/.test(claim.id.slice(filter.length))) ||
  file === filter ||
  file.startsWith(`${filter.replace(/\/$/, '')}/`);

/**
 * The claims that a selection means, in their own order.
 *
 * @throws NothingSelectedError with the nearest names when a filter or tag matches nothing
 */
export const selectClaims = <T extends Candidate>(all: readonly T[], { filters, tags }: Selection): readonly T[] => {
  for (const filter of filters) {
    if (all.some((candidate) => matches(candidate, filter.replace(/^\.\//, '')))) continue;
    const names = [...all.map(({ claim }) => claim.id), ...new Set(all.map(({ file }) => file))];
    throw new NothingSelectedError(`No claim or spec file is called "${filter}".`, {
      hint: didYouMean(filter, names, '`kernspec list claims` shows them all.'),
    });
  }
  for (const tag of tags) {
    const known = [...new Set(all.flatMap(({ claim }) => claim.tags ?? []))];
    if (known.includes(tag)) continue;
    throw new NothingSelectedError(`No claim has the tag "${tag}".`, {
      hint: didYouMean(tag, known, `Tags: ${known.toSorted().join(', ')}.`),
    });
  }
  const selected = all.filter(
    (candidate) =>
      (filters.length === 0 || filters.some((filter) => matches(candidate, filter.replace(/^\.\//, '')))) &&
      tags.every((tag) => candidate.claim.tags?.includes(tag)),
  );
  if (selected.length === 0) {
    throw new NothingSelectedError('No claim matches all of these filters and tags.', {
      hint: 'Leave one out; `kernspec list claims` shows them all.',
    });
  }
  return selected;
};
