/** Major, minor and point release; without the last, a series. */
export type Version = readonly [major: number, minor: number, point?: number];

/** `6.12` or `6.12.117`; undefined for anything else. */
export const parseVersion = (text: string): Version | undefined => {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', point] = match;
  return point === undefined ? [Number(major), Number(minor)] : [Number(major), Number(minor), Number(point)];
};

/** Negative, zero or positive as `a` is older than, equal to, or newer than `b`. Where one of them is a series, only series are compared. */
export const compareVersions = (a: Version, b: Version): number =>
  a[0] - b[0] || a[1] - b[1] || (a[2] === undefined || b[2] === undefined ? 0 : a[2] - b[2]);

/** `6.12.118` for `6.12.118-rt`: the version of a kernel that is named with its flavour. */
export const withoutFlavour = (name: string): string => name.replace(/-[a-z]+$/, '');

/** Compares what has a version, oldest first: for sorting. A flavour has no say. */
export const byVersion = (a: { readonly version: string }, b: { readonly version: string }): number =>
  compareVersions(parseVersion(withoutFlavour(a.version)) ?? [0, 0], parseVersion(withoutFlavour(b.version)) ?? [0, 0]);

/** Whether a series is newer than another one. */
export const isNewerSeries = (series: string, known: string): boolean =>
  byVersion({ version: series }, { version: known }) > 0;

/** `6.12` for `6.12.117`. */
export const seriesOf = (version: string): string => version.split('.').slice(0, 2).join('.');
