/** Freezing by cgroup v2: cgroup.freeze, cgroup.events. (cgroups(7), Documentation/admin-guide/cgroup-v2.rst) */
import { actor, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const freezer = [man('cgroups(7)'), kernelSource('kernel/cgroup/freezer.c', 'cgroup_do_freeze')];
const tags = ['cgroup', 'container'];
const group = '/sys/fs/cgroup/spec';

tells(
  {
    id: 'cgroup.freeze.holds-and-lets-go',
    statement:
      'A frozen process is shown in state S and does nothing; a signal with a handler waits until it is thawed; the parent is told nothing.',
    sources: freezer,
    tags,
    entries: ['CGR-04', 'PRC-05'],
  },
  {
    script: `quietly { block CHLD; mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1 }; until-frozen ${group}; state child; kill child USR1; field ${group}/cgroup.events frozen; wait child WNOHANG|WUNTRACED; pending; write ${group}/cgroup.freeze 0; wait child; quietly { rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        'state child: S',
        'kill child USR1: 0',
        `field ${group}/cgroup.events frozen: 1`,
        'wait child WNOHANG|WUNTRACED: 0',
        'pending: none',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait child: exit 6',
      ],
    },
  },
  [{ what: 'the signal has no handler', replace: ['on USR1 exit 6', 'mask'] }],
);

for (const signal of ['KILL', 'TERM']) {
  tells(
    {
      id: `cgroup.freeze.sig${signal.toLowerCase()}-ends-a-frozen-process`,
      statement: `A frozen process dies at once of SIG${signal}${signal === 'TERM' ? ' without a handler' : ''}, without being thawed.`,
      sources: [...freezer, kernelSource('kernel/signal.c', 'do_freezer_trap')],
      tags,
      entries: ['CGR-05'],
    },
    {
      script:
        `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group} }; kill child ${signal}; wait child; field ${group}/cgroup.freeze 1; quietly { write ${group}/cgroup.freeze 0; rmdir ${group} }; exit 0`.replace(
          `field ${group}/cgroup.freeze 1; `,
          '',
        ),
      says: { main: [`kill child ${signal}: 0`, `wait child: SIG${signal}`] },
    },
    [
      {
        what: 'it is thawed and ends by itself',
        replace: [
          `kill child ${signal};`,
          `write ${group}/cgroup.freeze 0; open end; until Z child; kill child ${signal};`,
        ],
      },
    ],
  );
}

const old = '/run/freezer';

for (const { signal, ends } of [
  { signal: 'USR1', ends: 'exit 6' },
  { signal: 'KILL', ends: 'SIGKILL' },
]) {
  spec(
    {
      id: `cgroup.freeze-v1.sig${signal.toLowerCase()}-waits-for-the-thaw`,
      statement: `A process that is frozen by the freezer of cgroup v1 is in state D, and SIG${signal} to it waits until it is thawed.`,
      sources: [
        kernelSource('kernel/cgroup/legacy_freezer.c', 'freezer_apply_state'),
        kernelSource('kernel/freezer.c', '__refrigerator'),
      ],
      tags: ['pending', ...tags],
      entries: signal === 'KILL' ? ['CGR-11', 'INT-08'] : ['CGR-11'],
      needs: ['CONFIG_CGROUP_FREEZER'],
    },
    async ({ guest, expect }) => {
      // Long after it is unmounted, every process still has a line for it in /proc/PID/cgroup.
      guest.spend();
      await guest.exec(`mkdir -p ${old} && mount -t cgroup -o freezer freezer ${old}`);
      const fixture = await guest.process(
        // The processor time is enough for the child to have run many times over, could it run at all.
        actor(`quietly { mkdir ${old}/spec }; fork child { on USR1 exit 6; quietly { write ${old}/spec/cgroup.procs 0 }; open up; pause }; quietly { await up; until S child };
          quietly { write ${old}/spec/freezer.state FROZEN; until D child }; read ${old}/spec/freezer.state; kill child ${signal}; quietly { cpu-ms 200 }; state child; wait child WNOHANG;
          quietly { write ${old}/spec/freezer.state THAWED }; wait child; quietly { rmdir ${old}/spec }; exit 0`),
      );
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript('main')).toEqual([
        `read ${old}/spec/freezer.state: FROZEN`,
        `kill child ${signal}: 0`,
        'state child: D',
        'wait child WNOHANG: 0',
        `wait child: ${ends}`,
      ]);
    },
    [
      {
        what: 'it is thawed before',
        replace: [
          `; kill child ${signal};`,
          `; quietly { write ${old}/spec/freezer.state THAWED }; kill child ${signal};`,
        ],
      },
    ],
  );
}

tells(
  {
    id: 'cgroup.freeze.stop-is-seen-after-the-thaw',
    statement: 'A SIGSTOP to a frozen process is seen when it is thawed, not before.',
    sources: freezer,
    tags: ['job', ...tags],
    entries: ['CGR-10'],
  },
  {
    script: `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group}; kill child STOP }; wait child WUNTRACED|WNOHANG; quietly { write ${group}/cgroup.freeze 0 }; wait child WUNTRACED; quietly { kill child CONT; open end }; wait child; quietly { rmdir ${group} }; exit 0`,
    says: { main: ['wait child WUNTRACED|WNOHANG: 0', 'wait child: stopped by SIGSTOP', 'wait child: exit 5'] },
  },
  [
    {
      what: 'it is continued before the thaw',
      replace: ['kill child STOP }', 'kill child STOP; kill child CONT; open end }'],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.stop-and-continue-leave-it-running',
    statement: 'A frozen process that gets SIGSTOP and then SIGCONT runs on when it is thawed, without having stopped.',
    sources: [...freezer, kernelSource('kernel/signal.c', 'prepare_signal')],
    tags: ['job', ...tags],
    entries: ['CGR-10'],
  },
  {
    script: `quietly { block CHLD; mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group} }; kill child STOP; kill child CONT; field ${group}/cgroup.events frozen; quietly { write ${group}/cgroup.freeze 0; open end }; wait child WUNTRACED; quietly { rmdir ${group} }; exit 0`,
    says: {
      main: [
        'kill child STOP: 0',
        'kill child CONT: 0',
        `field ${group}/cgroup.events frozen: 1`,
        'wait child: exit 5',
      ],
    },
  },
  [
    { what: 'it is not continued', replace: ['kill child CONT;', 'kill child 0;'] },
    { what: 'it is stopped again', replace: ['kill child CONT;', 'kill child CONT; kill child STOP;'] },
  ],
);

tells(
  {
    id: 'cgroup.events.zombies-do-not-populate',
    statement:
      'A zombie does not keep its cgroup populated: events says 0, cgroup.procs is empty, rmdir(2) succeeds, and /proc/PID/cgroup still has its path.',
    sources: [man('cgroups(7)', 'cgroup.events'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_task_exit')],
    tags: ['zombie', ...tags],
    entries: ['CGR-06'],
  },
  {
    // Since 6.19 a task leaves its cgroup when it has run for the last time, an instant after it became a zombie.
    script: `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; field ${group}/cgroup.events populated; quietly { watch ${group}/cgroup.events > e }; open end; until Z child; quietly { await-change $e }; field ${group}/cgroup.events populated; read ${group}/cgroup.procs; read /proc/@child/cgroup; rmdir ${group}; wait child; exit 0`,
    says: {
      main: [
        `field ${group}/cgroup.events populated: 1`,
        'until Z child: Z',
        `field ${group}/cgroup.events populated: 0`,
        `read ${group}/cgroup.procs: `,
        'read /proc/@child/cgroup: 0::/spec',
        `rmdir ${group}: 0`,
        'wait child: exit 5',
      ],
    },
  },
  [{ what: 'the child stays', replace: ['open end; until Z child; quietly { await-change $e };', 'until S child;'] }],
);

tells(
  {
    id: 'cgroup.freeze.reaches-the-subtree',
    statement:
      'Freezing a cgroup freezes those below it: they are told to be frozen, and cannot be thawed by themselves before their ancestor.',
    sources: freezer,
    tags,
    entries: ['CGR-04'],
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below }; fork a { quietly { write ${group}/below/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      quietly { write ${group}/cgroup.freeze 1 }; until-frozen ${group}; field ${group}/below/cgroup.events frozen; read ${group}/below/cgroup.freeze;
      quietly { write ${group}/below/cgroup.freeze 1; write ${group}/below/cgroup.freeze 0; kill a USR1 }; field ${group}/below/cgroup.events frozen; wait a WNOHANG;
      write ${group}/cgroup.freeze 0; wait a; quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        `field ${group}/below/cgroup.events frozen: 1`,
        `read ${group}/below/cgroup.freeze: 0`,
        `field ${group}/below/cgroup.events frozen: 1`,
        'wait a WNOHANG: 0',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait a: exit 6',
      ],
    },
  },
  [
    {
      what: 'the one below is frozen itself',
      replace: [
        `write ${group}/below/cgroup.freeze 1; write ${group}/below/cgroup.freeze 0; kill`,
        `write ${group}/below/cgroup.freeze 1; kill`,
      ],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.of-its-own-outlasts-that-of-its-ancestor',
    statement: 'A cgroup that is frozen itself stays so when its frozen ancestor is thawed.',
    sources: freezer,
    tags,
    entries: ['CGR-04'],
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below }; fork a { quietly { write ${group}/below/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      quietly { write ${group}/below/cgroup.freeze 1; until-frozen ${group}/below; write ${group}/cgroup.freeze 1; until-frozen ${group}; write ${group}/cgroup.freeze 0; kill a USR1 };
      field ${group}/cgroup.events frozen; field ${group}/below/cgroup.events frozen; wait a WNOHANG; write ${group}/below/cgroup.freeze 0; wait a; field ${group}/below/cgroup.events frozen;
      quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `field ${group}/cgroup.events frozen: 0`,
        `field ${group}/below/cgroup.events frozen: 1`,
        'wait a WNOHANG: 0',
        `write ${group}/below/cgroup.freeze 0: 0`,
        'wait a: exit 6',
        `field ${group}/below/cgroup.events frozen: 0`,
      ],
    },
  },
  [
    {
      what: 'it is not frozen itself',
      replace: [`write ${group}/below/cgroup.freeze 1; until-frozen ${group}/below; `, ''],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.moving-in-freezes-and-moving-out-thaws',
    statement: 'A process that is moved into a frozen cgroup is frozen; moved out of it, it goes on.',
    sources: [...freezer, kernelSource('kernel/cgroup/freezer.c', 'cgroup_freezer_migrate_task')],
    tags,
    entries: ['CGR-04'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/cgroup.freeze 1 }; fork a { quietly { on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      write ${group}/cgroup.procs @a; until-frozen ${group}; kill a USR1; wait a WNOHANG; write /sys/fs/cgroup/cgroup.procs @a; wait a;
      quietly { write ${group}/cgroup.freeze 0; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `write ${group}/cgroup.procs @a: 0`,
        `until-frozen ${group}: frozen`,
        'kill a USR1: 0',
        'wait a WNOHANG: 0',
        'write /sys/fs/cgroup/cgroup.procs @a: 0',
        'wait a: exit 6',
      ],
    },
  },
  [
    {
      what: 'it stays there',
      replace: [`write /sys/fs/cgroup/cgroup.procs @a`, `write ${group}/cgroup.procs @a; kill a KILL`],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.child-is-born-frozen',
    statement: 'A process that is cloned into a frozen cgroup does nothing before the thaw.',
    sources: [...freezer, kernelSource('kernel/cgroup/cgroup.c', 'cgroup_post_fork')],
    tags: ['clone', ...tags],
    entries: ['CGR-04'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/cgroup.freeze 1; open-file ${group} O_RDONLY > dir }; clone a CLONE_INTO_CGROUP cgroup $dir { exit 5 };
      until-frozen ${group}; wait a WNOHANG; write ${group}/cgroup.freeze 0; wait a; quietly { rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        'wait a WNOHANG: 0',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait a: exit 5',
      ],
    },
  },
  [{ what: 'the cgroup is not frozen', replace: ['cgroup.freeze 1;', 'cgroup.freeze 0;'] }],
);

tells(
  {
    id: 'cgroup.events.changes-are-told-by-poll',
    statement:
      'poll(2) of cgroup.events tells POLLPRI and POLLERR after populated or frozen has changed, until it is read again.',
    sources: [man('cgroups(7)', 'cgroup.events'), kernelSource('kernel/cgroup/freezer.c', 'cgroup_update_frozen')],
    tags,
  },
  {
    script: `quietly { mkdir ${group}; watch ${group}/cgroup.events > a }; poll $a; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { await-change $a }; poll $a;
      quietly { watch ${group}/cgroup.events > b }; poll $b; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group}; await-change $b }; poll $b;
      quietly { write ${group}/cgroup.freeze 0; open end; wait child; rmdir ${group} }; exit 0`,
    says: {
      main: [
        'poll $a: POLLIN',
        'poll $a: POLLIN POLLPRI POLLERR',
        'poll $b: POLLIN',
        'poll $b: POLLIN POLLPRI POLLERR',
      ],
    },
  },
  [
    {
      what: 'nobody enters',
      replace: [
        `write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { await-change $a }`,
        `mask }; open up; await end; exit 5 }; await up`,
      ],
    },
    {
      what: 'nothing is frozen',
      replace: [`write ${group}/cgroup.freeze 1; until-frozen ${group}; await-change $b`, 'mask'],
    },
  ],
);
