/** Stopping and continuing, process groups and sessions: signal(7), credentials(7), setpgid(2), setsid(2). */
import { actor, kernelSource, man, signalsTo, spec, tells } from '../../src/harness/index.ts';

const stop = [man('signal(7)'), kernelSource('kernel/signal.c', 'do_signal_stop')];
const cont = [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')];
const orphaned = [man('credentials(7)'), kernelSource('kernel/exit.c', 'kill_orphaned_pgrp')];
const tags = ['job'];

tells(
  {
    id: 'job.stop.stops-every-thread',
    statement: 'SIGSTOP stops every thread of a process; SIGCONT continues all.',
    sources: stop,
    tags: ['thread', ...tags],
    entries: ['JOB-01'],
  },
  {
    script: `fork child { thread other { await never }; quietly { call gettid > unused }; open up; await end; exit 5 }; await up; kill child STOP; wait child WUNTRACED; quietly { states child }; states child; kill child CONT; open end; wait child; exit 0`,
    says: {
      main: [
        'kill child STOP: 0',
        'wait child: stopped by SIGSTOP',
        'states child: TT',
        'kill child CONT: 0',
        'wait child: exit 5',
      ],
    },
  },
  [{ what: 'there is one thread', replace: ['thread other { await never };', ''] }],
);

tells(
  {
    id: 'job.stop.sigterm-waits-and-sigkill-does-not',
    statement: 'A stopped process dies of SIGTERM only when it is continued, of SIGKILL at once.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags,
    entries: ['JOB-01'],
  },
  {
    script: `fork a { pause }; quietly { kill a STOP; wait a WUNTRACED; kill a TERM }; state a; wait a WNOHANG; quietly { kill a CONT }; wait a; fork b { pause }; quietly { kill b STOP; wait b WUNTRACED; kill b KILL }; wait b; exit 0`,
    says: { main: ['state a: T', 'wait a WNOHANG: 0', 'wait a: SIGTERM', 'wait b: SIGKILL'] },
  },
  [{ what: 'it is SIGKILL', replace: ['kill a TERM', 'kill a KILL'] }],
);

for (const { how, prepare, sees } of [
  { how: 'blocked', prepare: 'block CONT', sees: 'pending: CONT' },
  { how: 'ignored', prepare: 'ignore CONT', sees: 'pending: none' },
]) {
  tells(
    {
      id: `job.continue.works-although-${how}`,
      statement: `SIGCONT continues a stopped process although it is ${how}${how === 'blocked' ? ', and stays pending' : ''}.`,
      sources: cont,
      tags,
      entries: ['JOB-02'],
    },
    {
      script: `fork child { quietly { ${prepare}; kill self STOP }; pending; exit 5 }; wait child WUNTRACED; kill child CONT; wait child; exit 0`,
      says: { child: [sees], main: ['wait child: stopped by SIGSTOP', 'kill child CONT: 0', 'wait child: exit 5'] },
    },
    [{ what: 'it is the other way', replace: [prepare, how === 'blocked' ? 'ignore CONT' : 'block CONT'] }],
  );
}

tells(
  {
    id: 'job.continue.runs-the-handler',
    statement: 'A caught SIGCONT continues the process, and then its handler runs.',
    sources: cont,
    tags,
    entries: ['JOB-02'],
  },
  {
    script: `fork child { quietly { on CONT }; kill self STOP; exit 5 }; wait child WUNTRACED; kill child CONT; wait child; exit 0`,
    says: {
      child: ['signal CONT: SI_USER from parent', 'kill self STOP: 0'],
      main: ['wait child: stopped by SIGSTOP', 'kill child CONT: 0', 'wait child: exit 5'],
    },
  },
  [{ what: 'no handler', replace: ['quietly { on CONT }; kill', 'kill'] }],
);

for (const signal of ['TSTP', 'TTIN', 'TTOU']) {
  tells(
    {
      id: `job.orphaned.sig${signal.toLowerCase()}-is-discarded`,
      statement: `In an orphaned process group SIG${signal} at its default does not stop; SIGSTOP does.`,
      sources: [
        man('setpgid(2)'),
        kernelSource('kernel/signal.c', 'get_signal'),
        kernelSource('kernel/exit.c', 'is_current_pgrp_orphaned'),
      ],
      tags,
      entries: ['JOB-03'],
    },
    {
      script: `fork child { quietly { setsid; kill self ${signal} }; say alive; quietly { kill self STOP }; exit 5 }; wait child WUNTRACED; quietly { kill child CONT }; wait child; exit 0`,
      says: { main: ['wait child: stopped by SIGSTOP', 'wait child: exit 5'] },
    },
    [{ what: 'the group is not orphaned', replace: ['setsid; kill', 'setpgid; kill'] }],
  );
}

tells(
  {
    id: 'job.orphaned.stopped-group-gets-sighup-and-sigcont',
    statement:
      'When an exit orphans a process group with a stopped member, its members get SIGHUP and SIGCONT from the kernel.',
    sources: orphaned,
    tags,
    entries: ['JOB-04', 'INF-01'],
  },
  {
    script: `quietly { subreaper }; fork leader { quietly { setsid }; fork member { quietly { setpgid; on HUP; on CONT }; open up; kill self STOP; exit 5 }; await up; until T member; exit 0 }; wait leader; wait any; exit 0`,
    says: {
      member: ['signal CONT: SI_KERNEL', 'signal HUP: SI_KERNEL', 'kill self STOP: 0'],
      leader: ['until T member: T'],
      main: ['wait leader: exit 0', 'wait: exit 5'],
    },
  },
  [
    {
      what: 'its parent stays',
      replace: [
        'until T member; exit 0 }; wait leader; wait any; exit 0',
        'until T member; quietly { kill member CONT; wait member }; exit 0 }; wait leader; wait any; exit 0',
      ],
    },
  ],
);

spec(
  {
    id: 'job.orphaned.all-members-get-sighup-then-sigcont',
    statement:
      'When a process group with one stopped member becomes orphaned, every member gets SIGHUP and then SIGCONT, those that run with the others.',
    sources: orphaned,
    tags: ['trace', ...tags],
    entries: ['JOB-04'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`quietly { subreaper }; fork leader { quietly { setsid };
          fork runner { quietly { setpgid; block HUP CONT }; fork stopped { kill self STOP; pending; exit 1 }; quietly { until T stopped }; open up; await dead; pending; wait stopped; exit 5 };
          await up; exit 0 };
        wait leader; open dead; wait any; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript('runner')).toEqual(['pending: HUP CONT', 'wait stopped: exit 1']);
    expect(fixture.transcript('stopped')).toEqual(['kill self STOP: 0', 'pending: HUP CONT']);
    expect(fixture.transcript()).toEqual(['wait leader: exit 0', 'wait: exit 5']);
    const trace = await fixture.kernelTrace();
    const ofTheKernel = (who: string): readonly number[] =>
      signalsTo(trace, fixture.seen({ who })[0]?.pid ?? 0)
        .filter(({ code }) => code === 128)
        .map(({ sig }) => sig);
    expect([ofTheKernel('runner'), ofTheKernel('stopped')]).toEqual([
      [1, 18],
      [1, 18],
    ]);
  },
  [
    {
      what: 'nobody is stopped',
      replace: [
        'fork stopped { kill self STOP; pending; exit 1 }; quietly { until T stopped }',
        'fork stopped { await dead; pending; exit 1 }; quietly { until S stopped }',
      ],
    },
    {
      what: 'the other one has a group of its own',
      replace: ['fork stopped { kill', 'fork stopped { quietly { setpgid }; kill'],
    },
  ],
);

tells(
  {
    id: 'job.orphaned.by-the-end-of-a-member',
    statement:
      'The end of the one member whose parent is outside orphans a process group, too: stopped members that are left get SIGHUP and SIGCONT.',
    sources: [kernelSource('kernel/exit.c', 'exit_notify'), ...orphaned],
    tags,
    entries: ['JOB-04'],
  },
  {
    script: `quietly { subreaper }; fork leader { quietly { setsid }; fork first { quietly { setpgid }; fork member { quietly { on HUP; on CONT }; open up; kill self STOP; exit 5 }; await up; until T member; exit 1 }; wait first; await over; exit 0 };
      wait any; open over; wait leader; exit 0`,
    says: {
      member: ['signal CONT: SI_KERNEL', 'signal HUP: SI_KERNEL', 'kill self STOP: 0'],
      first: ['until T member: T'],
      leader: ['wait first: exit 1'],
      main: ['wait: exit 5', 'wait leader: exit 0'],
    },
  },
  [
    {
      what: 'the member is not stopped',
      replace: ['kill self STOP; exit 5 }; await up; until T member', 'exit 5 }; await up; until Z member'],
    },
  ],
);

tells(
  {
    id: 'job.orphaned.running-group-gets-nothing',
    statement: 'A process group without stopped members that becomes orphaned gets no signal.',
    sources: orphaned,
    tags,
    entries: ['JOB-04'],
  },
  {
    script: `quietly { subreaper }; fork leader { quietly { setsid }; fork member { quietly { setpgid; block HUP CONT }; open up; await dead; pending; exit 5 }; await up; exit 0 }; wait leader; open dead; wait any; exit 0`,
    says: { member: ['pending: none'], main: ['wait leader: exit 0', 'wait: exit 5'] },
  },
  [
    {
      what: 'somebody in it is stopped',
      replace: [
        'open up; await dead;',
        'fork stopped { kill self STOP; exit 1 }; until T stopped; open up; await dead;',
      ],
    },
  ],
);

tells(
  {
    id: 'job.orphaned.child-of-a-namespace-init-is-not',
    statement:
      'A group whose member has a namespace init of the same session as parent is not orphaned: SIGTSTP stops it.',
    sources: [kernelSource('kernel/exit.c', 'will_become_orphaned_pgrp')],
    tags: ['container', ...tags],
    entries: ['JOB-05'],
  },
  {
    as: 'init',
    script: `quietly { setsid }; fork child { quietly { setpgid; kill self TSTP }; exit 5 }; wait child WUNTRACED; quietly { kill child CONT }; wait child; exit 0`,
    says: { main: ['wait child: stopped by SIGTSTP', 'wait child: exit 5'] },
  },
  [{ what: 'it has a session of its own', replace: ['{ setpgid; kill', '{ setsid; kill'] }],
);

tells(
  {
    id: 'job.session.leader-cannot-make-another',
    statement:
      'setsid(2) by the leader of a group is EPERM, by another process it makes a session and a group of its own.',
    sources: [man('setsid(2)', 'ERRORS'), kernelSource('kernel/sys.c', 'ksys_setsid')],
    tags,
    entries: ['JOB-13'],
  },
  {
    as: 'init',
    script: `fork a { quietly { setpgid }; setsid; exit 0 }; wait a; fork b { setsid; ids; setsid; exit 0 }; wait b; exit 0`,
    says: {
      a: ['setsid: EPERM'],
      b: ['setsid: 0', 'ids: ppid 1 pgrp 3 sid 3', 'setsid: EPERM'],
      main: ['wait a: exit 0', 'wait b: exit 0'],
    },
  },
  [{ what: 'it is no leader', replace: ['{ quietly { setpgid }; setsid', '{ setsid'] }],
);

tells(
  {
    id: 'job.group.setpgid-rules',
    statement:
      'setpgid(2) of a child after its execve(2) is EACCES, of a session leader EPERM, of a stranger ESRCH, to a group of another session EPERM.',
    sources: [man('setpgid(2)', 'ERRORS'), kernelSource('kernel/sys.c', '__do_sys_setpgid')],
    tags,
    entries: ['JOB-13'],
  },
  {
    script: `fork a { exec-actor { open up; pause } }; await up; setpgid a a; fork b { quietly { setsid }; open up2; pause }; await up2; setpgid b b; setpgid 1 1; fork c { pause }; setpgid c b; setpgid c c; setpgid c -1; exit 0`,
    says: {
      main: [
        'setpgid a a: EACCES',
        'setpgid b b: EPERM',
        'setpgid 1 1: ESRCH',
        'setpgid c b: EPERM',
        'setpgid c c: 0',
        'setpgid c -1: EINVAL',
      ],
    },
  },
  [{ what: 'it has not called execve', replace: ['exec-actor { open up; pause }', 'open up; pause'] }],
);
