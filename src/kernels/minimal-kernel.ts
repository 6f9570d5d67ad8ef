import { UsageError } from '../base/errors.ts';

/** A minimal kernel as a selector names it: `min:6.12`, `min:6.12+debug`. */
export interface MinimalKernel {
  readonly series: string;
  readonly debug: boolean;
}

export const isMinimalKernel = (selector: string): boolean => selector.startsWith('min:');

/** @throws UsageError for another form */
export const parseMinimalKernel = (selector: string): MinimalKernel => {
  const [, series, debug] = /^min:(\d+\.\d+|newest)(\+debug)?$/.exec(selector) ?? [];
  if (series === undefined)
    throw new UsageError(`"${selector}" names no minimal kernel.`, { hint: 'Write min:6.12 or min:6.12+debug.' });
  return { series, debug: debug !== undefined };
};
