/**
 * The kernel's freezer, which holds all processes still while a machine is suspended: Documentation/power/freezing-of-tasks.rst.
 * SNAPSHOT_FREEZE of /dev/snapshot freezes all but the caller, who can look at them. (kernel/power/user.c)
 */
import { actor, kernelSource, spec } from '../../src/harness/index.ts';

/** ioctl(2) requests of kernel/power/user.c and include/uapi/linux/suspend_ioctls.h. */
const [freeze, unfreeze] = ['0x3301', '0x3302'];

for (const { signal, ends } of [
  { signal: 'USR1', ends: 'exit 6' },
  { signal: 'KILL', ends: 'SIGKILL' },
]) {
  spec(
    {
      id: `machine.freezer.sig${signal.toLowerCase()}-waits-for-the-thaw`,
      statement: `While user space is frozen as for a suspend, a process is in state D, and SIG${signal} to it waits until it is thawed.`,
      sources: [kernelSource('kernel/freezer.c', '__refrigerator'), kernelSource('kernel/signal.c', 'get_signal')],
      tags: ['machine', 'pending'],
      entries: signal === 'KILL' ? ['VMX-14', 'INT-08'] : ['VMX-14'],
      needs: ['CONFIG_HIBERNATION'],
    },
    async ({ guest, expect }) => {
      // From 35e4a69b2003 to a8d51efb5929 (7.0) a thaw complains that it restores a GFP mask which nobody has restricted.
      guest.foresee('warning');
      const fixture = await guest.process(
        // The processor time is enough for the child to have run many times over, could it run at all.
        actor(`fork child { on USR1 exit 6; open up; pause }; quietly { await up; until S child; open-file /dev/snapshot O_RDONLY > s };
          quietly { call ioctl $s ${freeze} 0 }; state child; kill child ${signal}; quietly { cpu-ms 200 }; state child; wait child WNOHANG;
          quietly { call ioctl $s ${unfreeze} 0 }; wait child; exit 0`),
      );
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript('main')).toEqual([
        'state child: D',
        `kill child ${signal}: 0`,
        'state child: D',
        'wait child WNOHANG: 0',
        `wait child: ${ends}`,
      ]);
    },
    [{ what: 'nobody is frozen', replace: [`ioctl $s ${freeze} 0`, 'getpid'] }],
  );
}
