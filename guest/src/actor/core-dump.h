/* What a core dump leaves behind: the file, and what a pidfd tells. (core(5), elf(5)) */
#ifndef KERNSPEC_ACTOR_CORE_DUMP_H
#define KERNSPEC_ACTOR_CORE_DUMP_H

#include "files.h"
#include "processes.h"
#include <elf.h>
#include <sys/ioctl.h>
#include <sys/procfs.h>

struct core_notes {
  int threads;
  int signal, code;
  pid_t first;
};

/* The notes of a core: a prstatus for each thread, the siginfo of the signal behind that of the first. */
static void walk_notes(const char *note, const char *end, struct core_notes *found) {
  while (note + sizeof(Elf64_Nhdr) <= end) {
    const Elf64_Nhdr *header = (const Elf64_Nhdr *)note;
    const char *content = note + sizeof *header + ((header->n_namesz + 3) & ~3U);
    if (content + header->n_descsz > end) return;
    if (header->n_type == NT_PRSTATUS) {
      const struct elf_prstatus *status = (const struct elf_prstatus *)content;
      if (found->threads++ == 0) found->first = status->pr_pid, found->signal = status->pr_cursig;
    }
    if (header->n_type == NT_SIGINFO) found->code = ((const siginfo_t *)content)->si_code;
    note = content + ((header->n_descsz + 3) & ~3U);
  }
}

/*
 * core-file PATH: what a file says as a core dump: `QUIT SI_USER of worker, 3 threads, 0600 of 0`, with `truncated` where memory is
 * announced that is not there. The event has `size`.
 */
static void do_core_file(char **words, int count, char *block) {
  (void)block;
  struct stat stat;
  char text[256] = "", code[128] = "";
  int fd = open(path_of(words[1]), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &stat) < 0) {
    report(words, count, -1);
    return;
  }
  const char *core = stat.st_size == 0 ? MAP_FAILED : mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)core;
  if (core == MAP_FAILED || (size_t)stat.st_size < sizeof *header || memcmp(core, ELFMAG, SELFMAG) != 0 ||
      header->e_type != ET_CORE) {
    report_text(words, count, "no core");
    return;
  }
  struct core_notes notes = {.threads = 0};
  bool whole = true;
  for (int i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *part = (const Elf64_Phdr *)(core + header->e_phoff) + i;
    if ((const char *)(part + 1) > core + stat.st_size || part->p_offset + part->p_filesz > (size_t)stat.st_size)
      whole = false;
    else if (part->p_type == PT_NOTE)
      walk_notes(core + part->p_offset, core + part->p_offset + part->p_filesz, &notes);
  }
  siginfo_t info = {.si_signo = notes.signal, .si_code = notes.code};
  append_signal(text, sizeof text, notes.signal);
  append_origin(code, sizeof code, &info);
  code[strcspn(code, " ")] = '\0';
  snprintf(text + strlen(text), sizeof text - strlen(text), " %s of %s, %d thread%s, %04o of %u%s", code,
           *name_of(notes.first) == '\0' ? "another" : name_of(notes.first), notes.threads, notes.threads == 1 ? "" : "s",
           stat.st_mode & 07777, stat.st_uid, whole ? "" : ", truncated");
  munmap((void *)core, (size_t)stat.st_size);
  struct line line;
  open_report(&line, words, count);
  line_number(&line, "result", 0);
  line_string(&line, "text", text);
  line_number(&line, "size", stat.st_size);
  event_close(&line);
}

/* Made by `clone NAME CLONE_PIDFD`; the layout up to the fields of 6.16. (include/uapi/linux/pidfd.h) */
struct dump_information {
  uint64_t mask, cgroup;
  uint32_t ids[11];
  int32_t exit_code;
  uint32_t coredump_mask, coredump_signal;
};

/* dump-info PIDFD: PIDFD_GET_INFO, asked for PIDFD_INFO_EXIT and PIDFD_INFO_COREDUMP: `exit 131, dump 1`, `exit 9` */
static void do_dump_info(char **words, int count, char *block) {
  (void)block;
  struct dump_information info = {.mask = 0x18};
  char text[64] = "";
  if (ioctl((int)value_of(words[1]), _IOWR(0xff, 11, struct dump_information), &info) < 0) {
    report(words, count, -1);
    return;
  }
  if (info.mask & 0x8) append(text, sizeof text, "exit "), append_number(text, sizeof text, info.exit_code);
  if (info.mask & 0x10) append(text, sizeof text, ", dump "), append_number(text, sizeof text, info.coredump_mask);
  report_text(words, count, text);
}

/* exit-info PIDFD: PIDFD_GET_INFO, asked for PIDFD_INFO_EXIT: the status that wait(2) gives, or `not told` */
static void do_exit_info(char **words, int count, char *block) {
  (void)block;
  struct dump_information info = {.mask = 0x8};
  char text[64] = "";
  if (ioctl((int)value_of(words[1]), _IOWR(0xff, 11, struct dump_information), &info) < 0) {
    report(words, count, -1);
    return;
  }
  append(text, sizeof text, info.mask & 0x8 ? "status " : "not told");
  if (info.mask & 0x8) append_number(text, sizeof text, info.exit_code);
  report_text(words, count, text);
}

/*
 * pidfd-info PIDFD MASK [SIZE]: PIDFD_GET_INFO, asked for that: `mask 0x7, pid a, tgid a, ppid main, uid 1 2 3 3, gid …, status 0`,
 * and the words at 72 and 80, where they lie within SIZE: what the kernel supports stands in one of them since 6.19.
 */
static void do_pidfd_info(char **words, int count, char *block) {
  (void)block;
  union {
    struct dump_information info;
    uint64_t words[16];
  } answer = {.info.mask = (uint64_t)value_of(words[2])};
  size_t size = count > 3 ? (size_t)value_of(words[3]) : 64;
  if (ioctl((int)value_of(words[1]), _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, size), &answer) < 0) {
    report(words, count, -1);
    return;
  }
  static const char *const labels[] = {", pid ", ", tgid ", ", ppid ", ", uid "};
  char text[256] = "mask ";
  append_hexadecimal(text, sizeof text, answer.info.mask);
  /* Two by two the ids of users and groups: real, effective, saved, and those for files. */
  static const int order[] = {0, 1, 2, 3, 5, 7, 9, 4, 6, 8, 10};
  for (int at = 0; at < 11; at++) {
    uint32_t id = answer.info.ids[order[at]];
    const char *name = at < 3 ? name_of((pid_t)id) : "";
    append(text, sizeof text, at == 7 ? ", gid " : at > 3 ? " " : labels[at]);
    if (*name != '\0')
      append(text, sizeof text, name);
    else
      append_number(text, sizeof text, id);
  }
  append(text, sizeof text, ", status "), append_number(text, sizeof text, answer.info.exit_code);
  for (size_t at = 72; at <= 80 && at + 8 <= size; at += 8) {
    char word[32] = "";
    append_hexadecimal(word, sizeof word, answer.words[at / 8]);
    append(text, sizeof text, ", "), append_number(text, sizeof text, (long)at);
    append(text, sizeof text, ": "), append(text, sizeof text, word);
  }
  report_text(words, count, text);
}

static const struct verb core_dump_verbs[] = {
    {"core-file", 2, false, do_core_file},
    {"dump-info", 2, false, do_dump_info},
    {"exit-info", 2, false, do_exit_info},
    {"pidfd-info", 3, false, do_pidfd_info},
};

#endif
