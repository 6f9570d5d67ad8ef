/** Machines under which nothing happens any more. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runsDir } from '../../../base/paths.ts';
import { fault, sound } from './faults.ts';

const forever = new Promise<void>(() => undefined);

fault('hang.clock.fault', 'The clock of the machine stands still.', async ({ guest }) => {
  await guest.exec("echo '1.00 1.00' > /tmp/uptime && mount --bind /tmp/uptime /proc/uptime");
  await forever;
});

sound('hang.clock.sound');

fault(
  'hang.silent.fault',
  'The sshd of the guest is stopped: nothing is answered, and nothing breaks.',
  async ({ guest }) => {
    await guest.exec('busybox killall -STOP dropbear');
  },
);

sound('hang.silent.sound');

fault('hang.bomb.fault', 'Processes fork without end.', async ({ guest }) => {
  await guest.exec("ulimit -u unlimited; bash -c 'bomb() { bomb | bomb & }; bomb; wait'");
  await forever;
});

sound('hang.bomb.sound');

fault('hang.spin.fault', 'The spec itself never looks up again.', () => {
  writeFileSync(join(runsDir(), 'spinning'), '');
  for (;;);
});

sound('hang.spin.sound');
