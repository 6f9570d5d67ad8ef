import { UsageError } from '../base/errors.ts';
import { didYouMean } from '../base/nearest.ts';
import { parseRange } from './range.ts';
import { byVersion, parseVersion, seriesOf } from './version.ts';

interface Offered {
  readonly version: string;
  /** `cloud`, `rt` */
  readonly flavour: string;
}

/** Named sets of selectors, such as `default`. */
export type Sets = Readonly<Record<string, readonly string[]>>;

/** The words of selectors. */
export interface Vocabulary {
  readonly sets: Sets;
  /** The first is the usual one: it is meant where none is named. */
  readonly flavours: readonly string[];
}

/** The newest version of every series, oldest series first. */
const newestOfEachSeries = <T extends Offered>(offers: readonly T[]): readonly T[] => {
  const newest = new Map<string, T>();
  for (const offer of offers.toSorted(byVersion)) newest.set(seriesOf(offer.version), offer);
  return [...newest.values()].toSorted(byVersion);
};

/** @param selector without a flavour; undefined comes of one that means nothing */
const meant = <T extends Offered>(selector: string, offers: readonly T[], sets: Sets): readonly T[] | undefined => {
  const series = newestOfEachSeries(offers);
  if (selector === 'all') return series;
  if (selector === 'newest') return series.slice(-1);
  if (selector === 'oldest') return series.slice(0, 1);
  const set = sets[selector];
  if (set !== undefined) return set.flatMap((member) => meant(member, offers, sets) ?? []);
  const range = parseRange(selector);
  if (range === undefined) return undefined;
  const found = (isExact(selector) ? offers : series).filter(({ version }) => range.has(version));
  return found.length === 0 ? undefined : found;
};

const isExact = (selector: string): boolean => parseVersion(selector)?.length === 3;

const one = <T extends Offered>(
  selector: string,
  offers: readonly T[],
  { sets, flavours }: Vocabulary,
): readonly T[] => {
  const named = flavours.find((flavour) => selector.endsWith(`-${flavour}`));
  const suffix = named === undefined ? '' : `-${named}`;
  const bare = selector.slice(0, selector.length - suffix.length);
  const ofFlavour = offers.filter(({ flavour }) => flavour === (named ?? flavours[0]));
  const found = meant(bare, ofFlavour, sets);
  if (found !== undefined) return found;
  const series = newestOfEachSeries(ofFlavour).map(({ version }) => seriesOf(version));
  const candidates = isExact(bare)
    ? ofFlavour.map(({ version }) => version)
    : [...Object.keys(sets), 'all', 'newest', 'oldest', ...series];
  throw new UsageError(`No kernel on offer is meant by "${selector}".`, {
    hint: didYouMean(
      selector,
      candidates.map((candidate) => `${candidate}${suffix}`),
      `Series on offer: ${series.join(' ')}, each with ${flavours
        .slice(1)
        .map((flavour) => `-${flavour}`)
        .join(' or ')} as well.`,
    ),
  });
};

/**
 * The kernels that the selectors mean, oldest first, each once: a series or a range means the newest version of each of
 * its series, an exact version means that one. With a flavour behind it (`6.12-rt`) a selector means kernels of that flavour.
 *
 * @throws UsageError with the nearest names for a selector that means nothing
 */
export const selectVersions = <T extends Offered>(
  selectors: readonly string[],
  offers: readonly T[],
  vocabulary: Vocabulary,
): readonly T[] => [...new Set(selectors.flatMap((selector) => one(selector, offers, vocabulary)))].toSorted(byVersion);
