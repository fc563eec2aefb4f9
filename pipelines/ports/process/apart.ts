import { existsSync } from "node:fs";

const perl = "/usr/bin/perl";

/** How a program can be put apart: as one's own user in a namespace of its own, or by rights of root, which sudo may give. */
export type ApartMode = "user" | "root" | "sudo";

/** What a program that runs apart sees of this machine. */
export interface ApartPlaces {
  /** A folder of its own, the only one that it may write to; what it wants in /tmp goes to `tmp` there. */
  scratch: string;
  /** Folders that it finds empty, and files and sockets that it cannot read; what is not there is passed over. */
  hidden: readonly string[];
  /** Paths that it needs: a folder that has one is not hidden. */
  needed: readonly string[];
  user: { uid: number; gid: number };
}

/**
 * The command line that runs a program where it sees no process but its own, so that it cannot read a token in /proc or take hold of
 * whoever has it, writes nothing outside of its scratch folder, and gains no rights by any program that it starts. null where no
 * kernel can do that. A program that a signal ended is told as exit code 128 and the signal's number. The environment is that of
 * the caller; sudo gives none.
 */
export function runsApart(
  mode: ApartMode,
  places: ApartPlaces,
  [program, ...args]: readonly [string, ...string[]],
): [string, ...string[]] | null {
  const calls = systemCalls[process.arch];
  if (process.platform !== "linux" || calls === undefined || !existsSync(perl)) return null;
  const { scratch, user, needed } = places;
  const isNeeded = (folder: string) => needed.some((path) => `${path}/`.startsWith(`${folder}/`));
  const hidden = [...new Set(places.hidden)].filter((path) => !isNeeded(path));
  const given = [
    ...[mode, user.uid, user.gid, scratch, isNeeded("/tmp") ? "" : "/tmp"],
    ...[hidden.length, ...hidden, program, ...args],
  ];
  const command: [string, ...string[]] = [perl, "-e", script(calls), ...given.map(String)];
  return mode === "sudo" ? ["sudo", "-n", "--", ...command] : command;
}

interface SystemCalls {
  unshare: number;
  mount: number;
  prctl: number;
}

/** Their numbers by architecture; that of mount_setattr(2) is 442 on all. */
const systemCalls: Readonly<Partial<Record<NodeJS.Architecture, SystemCalls>>> = {
  x64: { unshare: 272, mount: 165, prctl: 157 },
  arm64: { unshare: 97, mount: 40, prctl: 167 },
};

/**
 * The constants are those of the manual pages unshare(2), mount(2), mount_setattr(2), prctl(2). Three processes: the first waits, the
 * second is the first of the namespace, with which all others there end, the third becomes the program.
 */
function script({ unshare, mount, prctl }: SystemCalls): string {
  return `
use strict;
my ($mode, $uid, $gid, $scratch, $tmp, $count, @command) = @ARGV;
my @hidden = splice @command, 0, $count;
$SIG{$_} = "IGNORE" for qw(TERM INT HUP);
sub ask { my ($what, @call) = @_; syscall(shift @call, @call) == 0 or die "cannot run the program apart: $what: $!\\n" }
sub mounted { my ($from, $to, $type, $flags, $data) = @_; ask("mount $to", ${mount}, $from . "", $to . "", $type . "", $flags + 0, $data . "") }
sub setting { my ($path, $deep, $set, $clear) = @_; my $attr = pack("Q4", $set, $clear, 0, 0); ask("set $path", 442, -100, $path . "", $deep + 0, $attr, 32) }
sub wrote { my ($file, $text) = @_; my $to; open($to, ">", $file) && print($to $text) && close($to) or die "cannot run the program apart: $file: $!\\n" }
sub ended { my ($status) = @_; exit(($status & 127) ? 128 + ($status & 127) : $status >> 8) }
ask("unshare", ${unshare}, 0x28020000 | ($mode eq "user" ? 0x10000000 : 0));
if ($mode eq "user") {
  wrote("/proc/self/setgroups", "deny");
  wrote("/proc/self/uid_map", "$uid $uid 1");
  wrote("/proc/self/gid_map", "$gid $gid 1");
}
my $first = fork() // die "cannot run the program apart: $!\\n";
if ($first) { waitpid($first, 0); ended($?) }
my $cwd = readlink("/proc/self/cwd");
mounted("none", "/", "", 0x44000, "");
opendir(my $own, $scratch) or die "cannot run the program apart: $scratch: $!\\n";
my $fd = "/proc/self/fd/" . fileno($own);
mounted($scratch, $scratch, "", 0x1000, "");
closedir($own); opendir($own, $scratch); $fd = "/proc/self/fd/" . fileno($own);
setting("/", 0x8000, 1, 0);
setting($scratch, 0, 0, 1);
mounted("$fd/tmp", "/tmp", "", 0x1000, "") if $tmp;
for my $path (@hidden) {
  if (-d $path) { mounted("none", $path, "tmpfs", 6, "mode=755,size=1m") } elsif (-e $path) { mounted("/dev/null", $path, "", 0x1000, "") }
}
if (!-d "$scratch/work") {
  my $made = "";
  for (split m{/}, substr($scratch, 1)) { $made .= "/$_"; mkdir $made }
  mounted($fd, $scratch, "", 0x1000, "");
}
for my $path (@hidden) { setting($path, 0, 1, 0) if -d $path }
mounted("none", "/dev/shm", "tmpfs", 6, "mode=1777") if -d "/dev/shm";
mounted("proc", "/proc", "proc", 14, "");
closedir($own);
syscall(${prctl}, 24, $_, 0, 0, 0) for 0 .. 63;
if ($mode ne "user" && $uid) { $) = "$gid $gid"; $( = $gid; $< = $uid; $> = $uid; die "cannot run the program apart: it is still root\\n" if $< != $uid || $> != $uid }
ask("set no new rights", ${prctl}, 38, 1, 0, 0, 0);
syscall(${prctl}, 1, 9, 0, 0, 0);
chdir($cwd) or die "cannot run the program apart: $cwd: $!\\n";
my $program = fork() // die "cannot run the program apart: $!\\n";
if (!$program) {
  $SIG{$_} = "DEFAULT" for qw(TERM INT HUP);
  exec { $command[0] } @command or do { print STDERR "cannot start $command[0]: $!\\n"; exit 127 };
}
while (1) { my $gone = wait(); ended($?) if $gone == $program; exit 1 if $gone < 0 }
`;
}
