/** The table of signal(7) "Standard signals": what each of the 64 does to a process that has chosen nothing. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const sources = [man('signal(7)', 'Standard signals'), kernelSource('include/linux/signal.h', 'sig_kernel_ignore')];

const standard: Readonly<Record<string, readonly string[]>> = {
  terminate: ['HUP', 'INT', 'KILL', 'USR1', 'USR2', 'PIPE', 'ALRM', 'TERM', 'STKFLT', 'VTALRM', 'PROF', 'IO', 'PWR'],
  core: ['QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'XCPU', 'XFSZ', 'SYS'],
  ignore: ['CHLD', 'CONT', 'URG', 'WINCH'],
  stop: ['STOP', 'TSTP', 'TTIN', 'TTOU'],
};

/** In a group that is not orphaned, where the stop signals of terminals stop: the child's parent is of the same session, in another group. (JOB-03) */
const sendTo = (signal: string): string =>
  `fork child { quietly { setpgid; limit RLIMIT_CORE 0; call kill self ${signal} }; exit 7 }`;

for (const [action, signals] of Object.entries(standard)) {
  for (const signal of signals) {
    const outcome = action === 'ignore' ? 'exit 7' : action === 'stop' ? `stopped by SIG${signal}` : `SIG${signal}`;
    tells(
      {
        id: `signal.default.sig${signal.toLowerCase()}-${action === 'core' ? 'terminates-with-core' : `${action}s`}`,
        statement: `By default SIG${signal} ${
          {
            terminate: 'ends the process',
            core: 'ends the process and may dump core',
            ignore: 'is ignored',
            stop: 'stops the process',
          }[action] ?? ''
        }.`,
        sources,
        tags: ['default-action'],
        entries: ['SIG-15'],
      },
      {
        script: `${sendTo(signal)}; wait child WUNTRACED; quietly { kill child KILL }; exit 0`,
        says: { main: [`wait child: ${outcome}`] },
      },
      [
        {
          what: `it is ${signal === 'CHLD' || signal === 'STOP' ? 'SIGHUP' : 'another one'}`,
          replace: [`kill self ${signal}`, `kill self ${action === 'ignore' || action === 'stop' ? 'HUP' : 'CHLD'}`],
        },
      ],
    );
  }
}

tells(
  {
    id: 'signal.default.real-time-signals-terminate',
    statement: 'By default each real-time signal ends the process, 32 and 33 with them.',
    sources: [man('signal(7)', 'Real-time signals'), kernelSource('kernel/signal.c', 'get_signal')],
    tags: ['default-action'],
    entries: ['SIG-15', 'RT-02'],
  },
  {
    script: `${Array.from({ length: 33 }, (_, index) => `fork child { quietly { call kill self ${index + 32} }; exit 7 }; wait child`).join('; ')}; exit 0`,
    says: { main: Array.from({ length: 33 }, (_, index) => `wait child: SIG${index + 32}`) },
  },
  [{ what: 'one of them is SIGCHLD', replace: ['kill self 40', 'kill self 17'] }],
);

tells(
  {
    id: 'signal.default.core-actions-set-wcoredump',
    statement:
      'With a core limit and a core that can be written, a signal whose default is to dump core sets WCOREDUMP.',
    sources: [man('core(5)'), man('wait(2)', 'WCOREDUMP'), kernelSource('kernel/signal.c', 'get_signal')],
    tags: ['default-action', 'core'],
    entries: ['COR-01', 'WAI-02'],
  },
  {
    script: `quietly { chdir /tmp }; fork child { quietly { limit RLIMIT_CORE -1; kill self QUIT }; exit 7 }; wait child; exit 0`,
    says: { main: ['wait child: SIGQUIT (core dumped)'] },
  },
  [{ what: 'the limit is 0', replace: ['RLIMIT_CORE -1', 'RLIMIT_CORE 0'] }],
);
