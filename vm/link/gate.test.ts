import { setImmediate } from 'node:timers/promises';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startOwned } from '../../src/base/process.ts';
import { Gate } from './gate.ts';

test('a greeting that came before anybody waited for it is heard', async () => {
  const guest = await startOwned(
    'sh',
    ['-c', 'echo gate >&3; echo said; read request <&3; echo settled >&3; read end'],
    {
      pipes: 1,
    },
  );
  try {
    const [stream] = guest.extra;
    if (stream === undefined) throw new Error('there is no stream');
    const gate = new Gate(stream, (ms, wait) => wait(ms));
    await once(guest.stdout, 'data');
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    await expect(gate.opened(2_000)).resolves.toBeUndefined();
    await expect(gate.settle(2_000)).resolves.toBeUndefined();
  } finally {
    guest.kill();
  }
});
