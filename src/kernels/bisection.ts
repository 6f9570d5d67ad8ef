/** What is known of one version in the course of a bisection; undefined when nothing can be said of it. */
export type Behaviour = string | undefined;

export interface Bisected {
  /** The neighbours between which the behaviour changed; versions between them could not be judged. */
  readonly last: string;
  readonly first: string;
  readonly before: string;
  readonly after: string;
  readonly skipped: readonly string[];
  readonly steps: number;
}

/**
 * Finds two neighbours between which a behaviour changed, asking about as few versions as can be (log₂). What is like neither
 * end counts as changed.
 *
 * @param versions in order; the first is known to behave like `good`
 * @param ask how a version behaves
 * @returns the end that cannot be judged, or `same` when the ends do not differ
 */
export const bisect = async (
  versions: readonly string[],
  ask: (version: string) => Promise<Behaviour>,
): Promise<Bisected | 'same' | { readonly unjudged: string }> => {
  const [oldest, newest] = [versions[0], versions.at(-1)];
  if (oldest === undefined || newest === undefined || oldest === newest) return 'same';
  const known = new Map<string, Behaviour>();
  const behaviourOf = async (version: string): Promise<Behaviour> => {
    if (!known.has(version)) known.set(version, await ask(version));
    return known.get(version);
  };
  const before = await behaviourOf(oldest);
  const end = await behaviourOf(newest);
  if (before === undefined || end === undefined) return { unjudged: before === undefined ? oldest : newest };
  if (before === end) return 'same';
  let range = [...versions];
  while (range.length > 2) {
    const middle = range[Math.floor((range.length - 1) / 2)] ?? oldest;
    const candidate = middle === range[0] ? (range[1] ?? oldest) : middle;
    const behaviour = await behaviourOf(candidate);
    const at = range.indexOf(candidate);
    if (behaviour === undefined) range = range.filter((version) => version !== candidate);
    else range = behaviour === before ? range.slice(at) : range.slice(0, at + 1);
  }
  const [last = oldest, first = newest] = range;
  return {
    last,
    first,
    before,
    after: known.get(first) ?? end,
    skipped: versions.filter((version) => known.has(version) && known.get(version) === undefined),
    steps: known.size,
  };
};
