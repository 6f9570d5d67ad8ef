import { styleText } from 'node:util';
import { z } from 'zod';

/** What is the least that something could take: a part of it that is not ours, measured in the same rounds. */
const Limit = z.strictObject({
  what: z.string().meta({ description: 'what was measured beside it' }),
  median: z.number(),
});

/** What a figure should be, at most or at least. */
const Reach = z.strictObject({ atMost: z.number().optional(), atLeast: z.number().optional() });

export const Figure = z.strictObject({
  id: z.string(),
  what: z.string().meta({ description: 'what was measured, in words' }),
  unit: z.enum(['ms', 's', 'MB', '1/s', '×']),
  samples: z.array(z.number()).min(1),
  median: z.number(),
  reach: Reach.optional(),
  limit: Limit.optional(),
});
export type Figure = z.infer<typeof Figure>;

/** The result of `kernspec bench --json`: figures of one run, to be compared with one another. */
export const BenchRecord = z.strictObject({
  schema: z.literal(1),
  started: z.iso.datetime(),
  environment: z.strictObject({
    kernspec: z.string(),
    node: z.string(),
    qemu: z.string(),
    accel: z.enum(['kvm', 'tcg']),
    accelReason: z.string(),
    kernel: z.string().meta({ description: 'release of the guest' }),
    hostKernel: z.string(),
    cpuModel: z.string(),
    cpus: z.number(),
    memoryMiB: z.number(),
    load: z.number().meta({ description: 'load average of the last minute, when the run began' }),
  }),
  figures: z.array(Figure),
});
export type BenchRecord = z.infer<typeof BenchRecord>;

/** The middle one; of an even number, the mean of the two in the middle. */
export const median = (samples: readonly number[]): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = sorted.length % 2 === 1 ? sorted.slice(middle) : sorted.slice(middle - 1);
  return sorted.length % 2 === 1 ? low : (low + high) / 2;
};

/** @param samples at least one */
export const figure = (
  id: string,
  what: string,
  unit: Figure['unit'],
  samples: readonly number[],
  more: Pick<Figure, 'reach' | 'limit'> = {},
): Figure => ({ id, what, unit, samples: [...samples], median: median(samples), ...more });

interface Timed {
  readonly ms: number;
  readonly verdicts: number;
}

/** What one more verdict costs, by two runs that differ in nothing but how many they have. */
export const secondsPerFurther = (few: Timed, many: Timed): number =>
  (many.ms - few.ms) / (many.verdicts - few.verdicts) / 1000;

/** Whether a figure is what it should be; undefined when nobody said. */
export const reached = ({ median: value, reach }: Figure): boolean | undefined =>
  reach === undefined ? undefined : value <= (reach.atMost ?? Infinity) && value >= (reach.atLeast ?? -Infinity);

const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const barWidth = 24;

/** A bar of a figure; the part that its limit alone takes is darker. */
const bar = ({ median: value, limit }: Figure, longest: number): string => {
  const cells = (part: number): number => Math.round((barWidth * part) / longest);
  const dark = Math.min(cells(limit?.median ?? 0), cells(value));
  return `${'█'.repeat(dark)}${'▒'.repeat(Math.max(1, cells(value)) - dark)}`.padEnd(barWidth);
};

/** Figures as people see them: medians with bars on one scale for each unit, beside limits and what is to be reached. */
export const benchTable = ({ figures, environment }: BenchRecord, { color }: { readonly color: boolean }): string => {
  const paint = (format: 'green' | 'red' | 'gray', text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const longest = (unit: Figure['unit']): number =>
    Math.max(...figures.filter((other) => other.unit === unit).map(({ median: value }) => value));
  const width = Math.max(...figures.map(({ what }) => what.length));
  const verdict = (one: Figure): string => {
    const { reach } = one;
    if (reach === undefined) return '';
    const met = reached(one) === true;
    const wanted = reach.atMost === undefined ? `≥ ${reach.atLeast ?? ''}` : `≤ ${reach.atMost}`;
    return paint(met ? 'green' : 'red', `${met ? '✓' : '✗'} ${wanted} ${one.unit}`);
  };
  const limitText = ({ limit, median: value }: Figure): string =>
    limit === undefined ? '' : paint('gray', `${number(value / limit.median)} × ${limit.what}`);
  const lines = figures.map((one) =>
    [
      `  ${one.what.padEnd(width)}`,
      `${number(one.median).padStart(7)} ${one.unit.padEnd(3)}`,
      one.unit === 'ms' ? bar(one, longest('ms')) : ' '.repeat(barWidth),
      verdict(one),
      limitText(one),
    ]
      .join('  ')
      .trimEnd(),
  );
  const { kernel, accel, qemu, cpus, cpuModel, load } = environment;
  return [`${kernel} · ${accel} · ${qemu}`, `${cpus} × ${cpuModel} · load ${load.toFixed(1)}`, '', ...lines].join('\n');
};
