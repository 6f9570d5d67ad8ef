/** Kernels that break under a spec, each in its own way; between them a spec that holds on a machine in order. */
import { actor } from '../../../harness/index.ts';
import { fault, sound } from './faults.ts';

const forever = new Promise<void>(() => undefined);

sound('machine.a0.sound');

fault('machine.a1.crash', 'The kernel crashes.', async ({ guest }) => {
  await guest.exec('echo c > /proc/sysrq-trigger');
});

sound('machine.a2.sound');

fault('machine.b1.reboot', 'The machine reboots.', async ({ guest }) => {
  await guest.exec('busybox reboot -f');
});

sound('machine.b2.sound');

fault('machine.c1.link', 'The sshd of the guest ends.', async ({ guest }) => {
  await guest.exec('kill -KILL $(cat /run/dropbear.pid) $PPID');
  await forever;
});

sound('machine.c2.sound');

for (const [letter, kind, line] of [
  ['d', 'warning', 'WARNING: CPU: 0 PID: 1 at kernel/signal.c:1 send_signal+0x1/0x2'],
  ['e', 'oops', 'BUG: kernel NULL pointer dereference, address: 0000000000000000'],
  ['f', 'rcu-stall', 'rcu: INFO: rcu_sched self-detected stall on CPU'],
  ['g', 'soft-lockup', 'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [actor:1]'],
  ['h', 'hung-task', 'INFO: task actor:1 blocked for more than 120 seconds.'],
] as const) {
  fault(`machine.${letter}1.${kind}`, 'The kernel reports trouble.', async ({ guest }) => {
    await guest.exec(`echo '<0>${line}' > /dev/kmsg`);
    await guest.kernelSays(/(WARNING|BUG|INFO): /);
  });
  sound(`machine.${letter}2.sound`);
}

fault('machine.i1.memory', 'The memory of the machine is used up.', async ({ guest }) => {
  const hog = await guest.process(actor('ready; hog 2000; pause'));
  await hog.ended();
});

sound('machine.i2.sound');
