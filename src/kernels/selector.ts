import { UsageError } from '../base/errors.ts';
import { didYouMean } from '../base/nearest.ts';
import { parseRange } from './range.ts';
import { byVersion, parseVersion, seriesOf } from './version.ts';

interface Versioned {
  readonly version: string;
}

/** The newest version of every series, oldest series first. */
const newestOfEachSeries = <T extends Versioned>(offers: readonly T[]): readonly T[] => {
  const newest = new Map<string, T>();
  for (const offer of offers.toSorted(byVersion)) newest.set(seriesOf(offer.version), offer);
  return [...newest.values()].toSorted(byVersion);
};

const one = <T extends Versioned>(selector: string, offers: readonly T[], sets: Sets): readonly T[] => {
  const series = newestOfEachSeries(offers);
  if (selector === 'all') return series;
  if (selector === 'newest') return series.slice(-1);
  if (selector === 'oldest') return series.slice(0, 1);
  const set = sets[selector];
  if (set !== undefined) return set.flatMap((member) => one(member, offers, sets));
  const exact = parseVersion(selector)?.length === 3;
  const range = parseRange(selector);
  const found = range === undefined ? [] : (exact ? offers : series).filter(({ version }) => range.has(version));
  if (found.length > 0) return found;
  const names = [...Object.keys(sets), 'all', 'newest', 'oldest', ...series.map(({ version }) => seriesOf(version))];
  const candidates = exact ? offers.map(({ version }) => version) : names;
  throw new UsageError(`No kernel on offer is meant by "${selector}".`, {
    hint: didYouMean(
      selector,
      candidates,
      `Series on offer: ${series.map(({ version }) => seriesOf(version)).join(' ')}.`,
    ),
  });
};

/** Named sets of selectors, such as `default`. */
export type Sets = Readonly<Record<string, readonly string[]>>;

/**
 * The kernels that the selectors mean, oldest first, each once: a series or a range means the newest version of each of
 * its series, an exact version means that one.
 *
 * @throws UsageError with the nearest names for a selector that means nothing
 */
export const selectVersions = <T extends Versioned>(
  selectors: readonly string[],
  offers: readonly T[],
  sets: Sets,
): readonly T[] => [...new Set(selectors.flatMap((selector) => one(selector, offers, sets)))].toSorted(byVersion);
