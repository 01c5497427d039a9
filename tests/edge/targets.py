"""targets.py - exported networks on emulated processors: built without a C library, run by QEMU, instructions counted"""
import pathlib
import shutil
import subprocess

BOARD = pathlib.Path(__file__).resolve().parent / "board"
# No C library is linked, so gcc must not make calls of memcpy out of loops.
FREE = ["-O2", "-std=c99", "-ffreestanding", "-nostdlib", "-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections",
        "-fstack-usage", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-Wl,--gc-sections"]
ARM = ("arm-none-eabi-", "qemu-system-arm", "yield", [BOARD / "arm.c", f"-T{BOARD / 'arm.ld'}"])
RISCV = ("riscv64-unknown-elf-", "qemu-system-riscv32", ".word 0x0100000f", [BOARD / "riscv.c", f"-T{BOARD / 'riscv.ld'}"])

# Name -> toolchain, options of the compiler, those of QEMU.
TARGETS = {
    "m0": (ARM, ["-mcpu=cortex-m0", "-mthumb"], ["-M", "mps2-an385"]),
    "m3": (ARM, ["-mcpu=cortex-m3", "-mthumb"], ["-M", "mps2-an385"]),
    "m4f": (ARM, ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-mthumb"], ["-M", "mps2-an386"]),
    "m55": (ARM, ["-mcpu=cortex-m55", "-mfloat-abi=hard", "-mthumb"], ["-M", "mps3-an547"]),
    "rv32imac": (RISCV, ["-march=rv32imac", "-mabi=ilp32", "-mno-relax"], ["-M", "virt", "-bios", "none"]),
}


def missing():
    """What is not installed, as a sentence; "" if all is there."""
    wanted = sorted({tool for (prefix, qemu, _, _), _, _ in TARGETS.values() for tool in (prefix + "gcc", qemu)})
    absent = [tool for tool in wanted if not shutil.which(tool)]
    return f"these are not installed: {', '.join(absent)}" if absent else ""


def versions():
    """Compiler -> version."""
    compilers = sorted({prefix + "gcc" for (prefix, _, _, _), _, _ in TARGETS.values()})
    return {compiler: command([compiler, "-dumpversion"]).stdout.strip() for compiler in compilers}


def command(line):
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, line))}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def build_counter(folder):
    """QEMU's plug-in, which is made for this machine."""
    command(["cc", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", BOARD / "count.c", "-o", folder / "count.so"])
    return folder / "count.so"


# What the parity check and the start-up bring along.
AROUND = {"main", "samples", "classes", "outputs", "state", "hash_numbers", "hash_bytes", "begin", "start", "end", "fault", "vectors"}


def size(prefix, program):
    """Flash and RAM of what a program has of the network and the runtime, and of what the compiler has put between them."""
    symbols = [line.split() for line in command([prefix + "nm", "-S", program]).stdout.splitlines()]
    sized = [(int(s[1], 16), s[2].lower(), s[3]) for s in symbols if len(s) == 4]
    flash = sum(size for size, kind, name in sized if kind in "tr" and name.split(".")[0] not in AROUND)
    return flash, sum(size for size, kind, name in sized if kind in "bd")


def build(target, sources, include, to, more=()):
    (prefix, _, mark, board), flags, _ = TARGETS[target]
    command([prefix + "gcc", *FREE, *flags, f'-DEDGE_MARK=__asm__ volatile("{mark}" ::: "memory")', *more, f"-I{include}", *board, *sources,
             "-lgcc", "-o", to])
    return size(prefix, to)


def stack(program):
    """The frames of all functions of a network and the runtime in sum: no chain of calls can need more, as none calls itself."""
    lines = [line.split("\t") for file in program.parent.glob(f"{program.name}-*.su") for line in file.read_text().splitlines()
             if not file.name.endswith(("-arm.su", "-riscv.su", "_check.su"))]
    return sum(int(size) for _, size, kind in lines) if all(kind == "static" for _, _, kind in lines) else None


def run(target, program, counter):
    """The code it ends with, and instructions of each region."""
    (_, qemu, _, _), _, machine = TARGETS[target]
    done = subprocess.run([qemu, *machine, "-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config",
                           "enable=on,target=native", "-plugin", str(counter), "-kernel", str(program)], capture_output=True, text=True, timeout=60)
    return done.returncode, [int(line) for line in done.stderr.split() if line.isdigit()]
