import { UsageError } from '../base/errors.ts';

/** A kernel that somebody has on this computer, as a selector names it. */
export interface OwnKernel {
  /** Path of a bzImage or vmlinux. */
  readonly image: string;
  /** Directory with its modules, at any depth. */
  readonly modules?: string;
}

/** Whether a selector names a file and not a kernel of the archive: it has a slash, or is called like a kernel image. */
export const isOwnKernel = (selector: string): boolean =>
  !selector.startsWith('min:') && /\/|^bzImage|^vmlinu[xz]/.test(selector);

/**
 * Reads `./bzImage` and `./bzImage,modules=DIR`.
 *
 * @throws UsageError for another addition
 */
export const parseOwnKernel = (selector: string): OwnKernel => {
  const [image = '', ...additions] = selector.split(',');
  const modules = additions.map((addition) => /^modules=(.+)$/.exec(addition)?.[1]);
  const [directory, ...others] = modules;
  if (others.length > 0 || (additions.length > 0 && directory === undefined)) {
    throw new UsageError(`"${selector}" says more than where a kernel and its modules are.`, {
      hint: 'Write ./bzImage or ./bzImage,modules=DIR.',
    });
  }
  return { image, ...(directory !== undefined && { modules: directory }) };
};

/** `6.13.0` for `6.13.0-rc1+` and `6.13-rc1`: what ranges of versions are compared with. */
export const versionInRelease = (release: string): string => {
  const [, major = '0', minor = '0', point = '0'] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  return `${major}.${minor}.${point}`;
};
