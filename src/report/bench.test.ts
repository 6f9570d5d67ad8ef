import { expect, test } from 'vitest';
import { BenchRecord, benchTable, figure, median, reached, secondsPerFurther } from './bench.ts';

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
])('the median of %j is %d', (samples, expected) => expect(median(samples)).toBe(expected));

test.each([
  [{ atMost: 250 }, 250, true],
  [{ atMost: 250 }, 251, false],
  [{ atLeast: 12 }, 11.9, false],
  [{ atLeast: 12 }, 12, true],
])('%j is met by %d: %s', (reach, value, expected) =>
  expect(reached(figure('x', 'x', 'ms', [value], { reach }))).toBe(expected),
);

test('what a further verdict costs is what two runs differ by', () => {
  expect(secondsPerFurther({ ms: 12_000, verdicts: 40 }, { ms: 78_600, verdicts: 706 })).toBe(0.1);
});

const record: BenchRecord = {
  schema: 1,
  started: '2026-11-24T00:00:00.000Z',
  environment: {
    kernspec: '0.1.0',
    node: 'v20',
    qemu: 'QEMU emulator version 7.2',
    accel: 'tcg',
    accelReason: 'asked for',
    kernel: '7.3.4',
    hostKernel: '6.1',
    cpuModel: 'A CPU',
    cpus: 2,
    memoryMiB: 1,
    load: 0.24,
  },
  figures: [
    figure('boot', 'cold boot', 'ms', [4000, 4200, 4100]),
    figure('clone', 'clone', 'ms', [400], { reach: { atMost: 250 }, limit: { what: 'handshake', median: 200 } }),
    figure('ratio', 'boot : clone', '×', [12.5], { reach: { atLeast: 12 } }),
  ],
};

test('figures as a table: bars of one unit on one scale, what is missed is marked', () => {
  expect(benchTable(BenchRecord.parse(record), { color: false }).split('\n')).toEqual([
    '7.3.4 · tcg · QEMU emulator version 7.2',
    '2 × A CPU · load 0.2',
    '',
    '  cold boot        4100 ms   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒',
    '  clone             400 ms   █▒                        ✗ ≤ 250 ms  2.00 × handshake',
    '  boot : clone     12.5 ×                              ✓ ≥ 12 ×',
  ]);
});
