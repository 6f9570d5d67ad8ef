import { parseRange } from '../kernels/range.ts';

/** A value together with the commit that brought it. */
interface Arm<T> {
  readonly value: T;
  readonly since?: { readonly commit: string; readonly title: string };
}

/** What a claim expects, by range of kernel versions. Exactly one range must have each version in it. */
export interface ByKernel<T> {
  readonly arms: readonly (Arm<T> & { readonly range: string })[];
}

/**
 * Values that differ between kernels: `byKernel({ '<5.14': 'ENOENT', '>=5.14': '0' })`. Ranges are those of
 * src/kernels/range.ts.
 *
 * @param since the commits behind the boundaries, by range
 * @throws an Error for a range that cannot be read: a mistake in a spec
 */
export const byKernel = <T>(
  values: Readonly<Record<string, T>>,
  since: Readonly<Record<string, { readonly commit: string; readonly title: string }>> = {},
): ByKernel<T> => ({
  arms: Object.entries(values).map(([range, value]) => {
    if (parseRange(range) === undefined) throw new Error(`byKernel: "${range}" is no range of kernel versions.`);
    const boundary = since[range];
    return { range, value, ...(boundary !== undefined && { since: boundary }) };
  }),
});

/**
 * What is expected of one version.
 *
 * @throws an Error when no arm, or more than one, has it: a mistake in the claim
 */
export const expectationFor = <T>({ arms }: ByKernel<T>, { version }: { readonly version: string }): T => {
  const [arm, ...others] = arms.filter(({ range }) => parseRange(range)?.has(version));
  if (arm === undefined) throw new Error(`No arm of byKernel has ${version} in it.`);
  if (others.length > 0)
    throw new Error(
      `${version} is in several arms of byKernel: ${[arm, ...others].map(({ range }) => range).join(', ')}.`,
    );
  return arm.value;
};

/** What is wrong with the arms, over the versions there are: gaps, overlaps, and arms that no version exercises. */
export const checkArms = (
  { arms }: ByKernel<unknown>,
  versions: readonly string[],
): { readonly problems: readonly string[]; readonly unexercised: readonly string[] } => ({
  problems: versions.flatMap((version) => {
    const count = arms.filter(({ range }) => parseRange(range)?.has(version)).length;
    if (count === 1) return [];
    return [`${version} is in ${count === 0 ? 'no arm' : `${count} arms`}.`];
  }),
  unexercised: arms
    .filter(({ range }) => !versions.some((version) => parseRange(range)?.has(version)))
    .map(({ range }) => range),
});
