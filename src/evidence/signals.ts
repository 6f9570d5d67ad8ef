/** Signal names by number, as x86-64 has them; the same on arm64. (signal(7), include/uapi/asm-generic/signal.h) */
const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** The kernel's own first real-time signal; the C library keeps 32 and 33 for itself. */
const firstRealTime = 32;

/** `SIGTERM` for 15, `SIGRTMIN+2` for 34 (counted as the kernel counts), `signal 99` for what is none. */
export const signalName = (number: number): string => {
  const name = names[number - 1];
  if (name !== undefined) return `SIG${name}`;
  return number >= firstRealTime && number <= 64 ? `SIGRTMIN+${number - firstRealTime}` : `signal ${number}`;
};

/** 15 for `SIGTERM` or `TERM`; undefined for an unknown name. */
export const signalNumber = (name: string): number | undefined => {
  const index = names.indexOf(name.replace(/^SIG/, ''));
  if (index >= 0) return index + 1;
  const realTime = /^(?:SIG)?RTMIN\+(\d+)$/.exec(name)?.[1];
  return realTime === undefined ? undefined : firstRealTime + Number(realTime);
};

/** The names in a mask of /proc/PID/status: 16 hexadecimal digits, bit n−1 stands for signal n. (proc_pid_status(5)) */
export const signalsInMask = (mask: string): ReadonlySet<string> => {
  const bits = BigInt(`0x${mask}`);
  const set = new Set<string>();
  for (let number = 1; number <= 64; number++) if ((bits >> BigInt(number - 1)) & 1n) set.add(signalName(number));
  return set;
};
