/** reboot(2), SysRq and Ctrl-Alt-Del where they mean the whole machine: reboot(2), kernel/reboot.c. */
import { actor, kernelSource, man, shell, spec } from '../../src/harness/index.ts';

const tags = ['machine'];
const restartWith = man('reboot(2)', 'LINUX_REBOOT_CMD_RESTART');

/** Magic numbers and commands of reboot(2). (include/uapi/linux/reboot.h) */
const magic = '0xfee1dead 0x28121969';

for (const { name, command, reason } of [
  { name: 'restart-restarts-it', command: '0x1234567', reason: 'guest-reset' },
  { name: 'power-off-ends-it', command: '0x4321fedc', reason: 'guest-shutdown' },
]) {
  spec(
    {
      id: `machine.reboot.${name}`,
      statement: `In the initial pid namespace, reboot(2) with ${command} is obeyed by the whole machine.`,
      sources: [restartWith, kernelSource('kernel/reboot.c', '__do_sys_reboot')],
      tags,
      entries: ['RBT-06', 'VMX-10'],
    },
    async ({ guest, expect }) => {
      guest.foresee('reboot');
      const fixture = guest.process(actor(`ready; call reboot ${magic} ${command} 0; ready`), { trace: false });
      expect(await guest.machineEnds(fixture)).toBe(`The guest ended by itself (${reason}).`);
    },
    [
      { what: 'a magic number is wrong', replace: ['0xfee1dead', '0xfee1deaf'] },
      {
        what: 'another command',
        replace: [command, command === '0x1234567' ? '0x4321fedc' : '0x1234567'],
      },
    ],
  );
}

spec(
  {
    id: 'machine.reboot.halt-stops-it',
    statement:
      'In the initial pid namespace, reboot(2) with LINUX_REBOOT_CMD_HALT says "System halted" and never returns.',
    sources: [man('reboot(2)', 'LINUX_REBOOT_CMD_HALT'), kernelSource('kernel/reboot.c', 'kernel_halt')],
    tags,
    entries: ['RBT-06', 'VMX-10'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor(`call reboot ${magic} 0xcdef0123 0; ready; pause`));
    expect(await guest.kernelSays(/reboot: System halted/)).toBe('reboot: System halted');
    expect(init.lines.filter((line) => line.includes('"ready"'))).toEqual([]);
  },
  [{ what: 'a magic number is wrong', replace: ['0xfee1dead', '0xfee1deaf'] }],
);

spec(
  {
    id: 'machine.ctrl-alt-del.enabled-restarts-at-once',
    statement: 'After reboot(2) with CAD_ON, Ctrl-Alt-Del restarts the machine at once; PID 1 gets no signal.',
    sources: [man('reboot(2)', 'LINUX_REBOOT_CMD_CAD_ON'), kernelSource('kernel/reboot.c', 'ctrl_alt_del')],
    tags,
    entries: ['VMX-08'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(actor('on INT; cad on; ready; pause'));
    await init.event({ ev: 'ready', pid: 1 });
    await guest.press('ctrl', 'alt', 'delete');
    expect(await guest.machineEnds()).toBe('The guest ended by itself (guest-reset).');
    expect(init.lines.filter((line) => line.includes('"signal"'))).toEqual([]);
  },
  [{ what: 'CAD is off', replace: ['cad on', 'cad off'] }],
);

spec(
  {
    id: 'machine.sysrq-c.panics',
    statement: 'SysRq c makes the kernel panic with "sysrq triggered crash".',
    sources: [kernelSource('drivers/tty/sysrq.c', 'sysrq_handle_crash')],
    tags,
    entries: ['VMX-04'],
  },
  async ({ guest, expect }) => {
    const init = await guest.machineInit(shell('dash', 'echo c > /proc/sysrq-trigger; exec sleep 100000'));
    expect(await init.panics()).toBe('Kernel panic - not syncing: sysrq triggered crash');
  },
  [{ what: 'nobody asks', replace: ['> /proc/sysrq-trigger', '> /dev/null'] }],
);
