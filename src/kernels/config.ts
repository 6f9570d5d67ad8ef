/**
 * The options of a kernel's configuration that are on, with their values: `CONFIG_PID_NS` → `y`. An option that is off is not
 * in it. (Documentation/kbuild/kconfig.rst)
 */
export const parseConfig = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, option = '', value = '']) => [option, value]));
