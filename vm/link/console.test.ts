import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { failureOnConsole } from '../failure.ts';
import { Console } from './console.ts';

const consoleWith = (...lines: string[]) => {
  const stream = new PassThrough();
  const console = new Console(stream);
  for (const line of lines) stream.write(`${line}\r\n`);
  return { stream, console };
};

test('finds a line of the past and one of the future', async () => {
  const { stream, console } = consoleWith('booting', 'kernspec-ready 1 network');
  expect(await console.until('The ready line', /^kernspec-ready/, 1_000)).toBe('kernspec-ready 1 network');
  const later = console.until('The login', /^login/, 1_000);
  stream.write('login:\n');
  expect(await later).toBe('login:');
});

test('a line that does not come: the error shows what came instead', async () => {
  const { console } = consoleWith('booting', 'still booting');
  await expect(console.until('The ready line', /^ready/, 20)).rejects.toMatchObject({
    message: 'The ready line did not come within 20 ms.',
    details: expect.stringContaining('still booting') as string,
  });
});

test('what the kernel says in the middle of a line is a line of its own', async () => {
  const { console } = consoleWith(
    'ended with 137[    7.791901] IPv6: link becomes ready',
    '',
    '{"pid":1,"wh[    8.000001] one',
    '[    8.000002] two',
    'o":"main"}',
    '[    9.000000] a whole one',
  );
  await console.until('The last line', /a whole one/, 1_000);
  expect(console.tail().map(({ text }) => text)).toEqual([
    '[    7.791901] IPv6: link becomes ready',
    'ended with 137',
    '[    8.000001] one',
    '[    8.000002] two',
    '{"pid":1,"who":"main"}',
    '[    9.000000] a whole one',
  ]);
});

test('a line that the kernel interrupts and nobody ends is kept', async () => {
  const { stream, console } = consoleWith('firmware[    0.000000] Linux version');
  for (let second = 1; second <= 30; second++) stream.write(`[   ${String(second).padStart(2)}.000000] booting\n`);
  stream.write('ready\nlast[   40.000000] Kernel panic\n');
  expect(await console.until('ready', /^ready$/, 1_000)).toBe('ready');
  stream.end();
  expect(await console.until('last', /^last$/, 1_000)).toBe('last');
  expect(console.tail(100).filter(({ text }) => text === 'firmware')).toHaveLength(1);
});

test('a flood does not fill our memory: the newest lines are kept', async () => {
  const { stream, console } = consoleWith();
  for (let number = 0; number < 20_000; number++) stream.write(`line ${number}\n`);
  await console.until('The last line', /^line 19999$/, 5_000);
  expect(console.tail(100_000).length).toBeLessThanOrEqual(8_000);
  expect(console.tail(1)[0]?.text).toBe('line 19999');
});

test.each([
  ['[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs', 'panic'],
  ['[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000000', 'oops'],
  ['[    1.0] Oops: 0002 [#1] PREEMPT SMP', 'oops'],
  ['[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]', 'soft-lockup'],
  ['[    1.0] INFO: task init:1 blocked for more than 120 seconds.', 'hung-task'],
  ['[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU', 'rcu-stall'],
  ['[    1.0] Out of memory: Killed process 7 (node)', 'out-of-memory'],
  ['[    1.0] Memory cgroup out of memory: Killed process 7 (node)', undefined],
  ['[    1.0] WARNING: CPU: 0 PID: 1 at kernel/signal.c:100 send_signal+0x1/0x2', 'warning'],
  ['[    1.0] WARNING: kernel/exit.c:903 at do_exit+0x1/0x2, CPU#0: sh/1', 'warning'],
  ['[    1.0] a quiet line', undefined],
])('%s', (line, kind) => expect(failureOnConsole(line)).toBe(kind));
