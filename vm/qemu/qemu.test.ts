import { expect, test } from 'vitest';
import { withDeadline } from '../../src/base/deadline.ts';
import { startOwned } from '../../src/base/process.ts';
import { qemuArgv, shellQuoted } from './argv.ts';
import { Qmp, type QmpEvent } from './qmp.ts';

const argv = qemuArgv({
  name: 'kernspec-1-abc',
  accel: 'tcg',
  memoryMiB: 512,
  cpus: 1,
  origin: { kind: 'boot', kernel: '/k/vmlinuz', initramfs: '/i/guest.cpio', append: 'console=ttyS0 quiet' },
});
const valueOf = (option: string): string | undefined => argv[argv.indexOf(option) + 1];

test('the guest reaches nothing, is reached from here alone, and QEMU may do nothing else', () => {
  expect(valueOf('-netdev')).toBe('user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22');
  expect(valueOf('-sandbox')).toBe('on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny');
  expect(argv).toContain('-nodefaults');
  expect(argv).toContain('pvpanic-pci');
});

test('a command line that can be pasted', () => {
  expect(shellQuoted(argv)).toContain(`-append 'console=ttyS0 quiet'`);
});

test('talks to a real QEMU: commands, events, refusals, and its end', async () => {
  const program = ['-M', 'none', '-display', 'none', '-S', '-nodefaults'];
  const child = await startOwned(
    'qemu-system-x86_64',
    [...program, '-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'],
    { pipes: 1 },
  );
  const [stream] = child.extra;
  if (stream === undefined) throw new Error('no descriptor');
  const events: QmpEvent[] = [];
  const qmp = new Qmp(stream, (event) => events.push(event));
  await qmp.negotiate();
  expect(await qmp.execute('query-status')).toMatchObject({ running: false });
  expect(await qmp.human('info version')).toMatch(/^\d+\.\d+/);
  await expect(qmp.execute('no-such-command')).rejects.toThrow('QEMU refused a command: The command no-such-command');
  await qmp.execute('quit');
  await withDeadline({ what: "QEMU's end", ms: 5_000 }, child.exited);
  expect(events.map(({ event }) => event)).toContain('SHUTDOWN');
  await expect(qmp.execute('query-status', {}, 1_000)).rejects.toMatchObject({ name: 'LinkError' });
});
