"""What a reading process can no longer do, tried by a process that is really confined, and by one that is not."""

from __future__ import annotations

import errno
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.text import PageText, TextOrigin
from bot.reading.pages.recognition import find_data
from bot.reading.reader import read_pdf
from bot.reading.sandbox import probe, process, syscalls, worker
from bot.reading.sandbox.probe import Confinement, confinement_in_force, ocr_lacks
from bot.reading.sandbox.process import Instruction, RecogniseOrder, StartOrder, decode, filter_program
from tests.bot.reading.papers import BODY
from tests.standalone import build_standalone

real = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64") or process.landlock_version() == 0,
    reason="this kernel cannot confine a process whole",
)
ATTEMPTS = """
import ctypes, json, os, socket, sys, threading
from pathlib import Path
from bot.reading.sandbox.process import StartOrder, confine
start = StartOrder.parse(sys.argv[1])
secret = Path(sys.argv[2])
if sys.argv[3] == "confined":
    confine(start)
parent = os.getppid()

def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")

def spawn():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

def opened(path, flags):
    os.close(os.open(path, flags))

def thread():
    ran = []
    one = threading.Thread(target=ran.append, args=(1,))
    one.start()
    one.join()
    assert ran

attempts = {
    "socket": lambda: socket.socket().close(),
    "socketpair": lambda: [end.close() for end in socket.socketpair()],
    "exec": lambda: os.execv("/no/such/program", ["x"]),
    "spawn": spawn,
    "fork": fork,
    "create": lambda: opened(f"{secret}.new", os.O_CREAT | os.O_WRONLY),
    "write": lambda: opened(secret, os.O_WRONLY),
    "empty": lambda: os.truncate(secret, 0),
    "rename": lambda: os.rename(secret, f"{secret}.moved"),
    "rights": lambda: os.chmod(f"{secret}.moved", 0o777),
    "delete": lambda: os.unlink(f"{secret}.moved"),
    "folder": lambda: os.mkdir(f"{secret}.folder"),
    "settings": lambda: opened("/etc/passwd", os.O_RDONLY),
    "neighbour": lambda: opened(Path(start.path).with_name("neighbour"), os.O_RDONLY),
    "environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
    "memory": lambda: opened(f"/proc/{parent}/mem", os.O_RDONLY),
    "signal": lambda: os.kill(parent, 0),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent)),
    "session": os.setsid,
    "pdf": lambda: opened(start.path, os.O_RDONLY),
    "code": lambda: __import__("bot.reading.sandbox.child"),
    "thread": thread,
    "nice": lambda: os.nice(1),
}
outcomes = {}
for name, attempt in attempts.items():
    try:
        attempt()
        outcomes[name] = 0
    except OSError as error:
        outcomes[name] = error.errno
sys.stdout.write(json.dumps(outcomes))
"""
NEEDED = ("pdf", "code", "thread", "nice")
REFUSED = (errno.EPERM, errno.EACCES)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "recueil.pdf"
    path.write_bytes(build_standalone([BODY]))
    (tmp_path / "neighbour").write_text("the settings of the bot")
    (tmp_path / "secret").write_text("a token")
    return path


def tried(document: Path, *, confined: bool, commands: bool = False) -> dict[str, int]:
    start = StartOrder(str(document), 1024**3, 60, commands=commands)
    command = [sys.executable, "-c", ATTEMPTS, start.argument(), str(document.with_name("secret")), "confined" if confined else "free"]
    done = subprocess.run(command, capture_output=True, check=True, start_new_session=not confined)
    outcomes: dict[str, int] = json.loads(done.stdout)
    return outcomes


@real
def test_a_confined_process_can_read_its_file_and_nothing_else(document: Path) -> None:
    outcomes = tried(document, confined=True)
    assert {name: outcomes[name] for name in NEEDED} == dict.fromkeys(NEEDED, 0)
    assert {name for name, code in outcomes.items() if code in REFUSED} == outcomes.keys() - set(NEEDED)
    assert document.with_name("secret").read_text() == "a token"


@real
def test_the_same_process_could_do_it_all_without(document: Path) -> None:
    outcomes = tried(document, confined=False)
    # No such program; and it leads its session already.
    assert outcomes.pop("exec") == errno.ENOENT
    assert outcomes.pop("session") == errno.EPERM
    # Some systems keep processes of one account from looking into each other.
    assert {name: code for name, code in outcomes.items() if name not in ("environment", "memory")} == {
        name: 0 for name in outcomes if name not in ("environment", "memory")
    }


@real
def test_where_programs_are_needed_only_programs_are_allowed(document: Path) -> None:
    outcomes = tried(document, confined=True, commands=True)
    assert (outcomes["spawn"], outcomes["fork"], outcomes["exec"]) == (0, 0, errno.ENOENT)
    assert {name for name, code in outcomes.items() if code in REFUSED} == outcomes.keys() - {*NEEDED, "spawn", "fork", "exec"}


@real
@pytest.mark.usefixtures("with_ocr")
def test_the_tesseract_command_works_in_confinement(document: Path) -> None:
    script = """
import shutil, sys
from bot.reading.sandbox.process import StartOrder, confine
start = StartOrder.parse(sys.argv[1])
confine(start)
import pypdfium2
from bot.reading.pages.recognition import Raster, TesseractCommand
bitmap = pypdfium2.PdfDocument(start.path)[0].render(scale=150 / 72, grayscale=True)
raster = Raster(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, 150)
sys.stdout.write(TesseractCommand(shutil.which("tesseract"), start.data).read(raster).text)
"""
    if not any((Path(folder) / "tesseract").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        pytest.skip("no tesseract command on this machine")
    start = StartOrder(str(document), 1024**3, 60, data=find_data(), commands=True)
    done = subprocess.run([sys.executable, "-c", script, start.argument()], capture_output=True, check=True, text=True)
    assert "traitement algorithmique" in done.stdout


@pytest.mark.usefixtures("with_ocr")
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.usefixtures("started_readers")
async def test_recognition_data_in_a_place_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, relative: bool) -> None:
    data = find_data({})
    assert data is not None
    kept, named = tmp_path / "kept", tmp_path / "named"
    kept.mkdir()
    named.mkdir()
    shutil.copyfile(data / "fra.traineddata", kept / "data")
    (named / "fra.traineddata").symlink_to(kept / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TESSDATA_PREFIX", "named" if relative else str(named))
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(build_standalone([BODY], scanned=True))
    assert (await read_pdf(scan)).ocr_pages == (1,)


def test_a_checkout_under_another_name_keeps_its_settings_out_of_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A development install through a link puts that link on the path, and Landlock adds up what is allowed by any name."""
    checkout = Path(process.__file__).resolve().parents[3]
    link = tmp_path / "link"
    link.symlink_to(checkout)
    monkeypatch.setattr(sys, "path", [*sys.path, str(link)])
    allowed = process._needed(StartOrder("/recueil.pdf", 1, 1))
    assert {rights for path, rights in allowed.items() if path.resolve() == checkout} == {process.READ_DIR}


def test_folders_of_the_environment_open_no_more_than_they_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is in the root folder: `.` there is everything."""
    monkeypatch.chdir("/")
    monkeypatch.setenv("LD_LIBRARY_PATH", f".::{tmp_path / 'lib'}")
    monkeypatch.setenv("PATH", f"/usr/bin:.:{tmp_path / 'bin'}")
    allowed = {path.resolve() for path in process._needed(StartOrder("/recueil.pdf", 1, 1, data=tmp_path, commands=True))}
    assert {tmp_path / "lib", tmp_path / "bin", tmp_path / "fra.traineddata"} < allowed
    assert allowed.isdisjoint({Path("/"), tmp_path})


@real
def test_what_is_in_force_is_found_out_by_trying() -> None:
    found = confinement_in_force()
    assert found.complete
    assert found.missing == ()


LISTING = """
import sys
sys.addaudithook(lambda event, given: event in EVENTS and sys.stderr.write(f"listed {given[0]}\\n"))
EVENTS = ("os.listdir", "os.scandir", "glob.glob", "pathlib.Path.glob", "pathlib.Path.rglob")
from bot.reading.sandbox import child
child.run(child.main)
"""


@pytest.mark.usefixtures("with_ocr")
def test_who_recognises_looks_into_no_folder_that_it_is_not_granted(document: Path) -> None:
    """Python 3.12 lists the folder before a pattern, others do not: where it may not, no scan was read."""
    document.write_bytes(build_standalone([BODY], scanned=True))
    start = StartOrder(str(document), 1024**3, 60, data=find_data())
    with subprocess.Popen(
        [sys.executable, "-P", "-c", LISTING, start.argument()],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdin.write(RecogniseOrder(1).line())
        reader.stdin.flush()
        reader.stdout.readline()
        page = reader.stdout.readline()
        reader.stdin.close()
        listed = {Path(line.removeprefix("listed ")) for line in reader.stderr.read().decode().splitlines() if line.startswith("listed ")}
    assert listed, "its own code, at least"
    granted = [place for place, rights in process._needed(start).items() if rights & process.READ_DIR]
    assert [folder for folder in listed if not any(folder.is_relative_to(place) for place in granted)] == []
    read = decode(page)
    assert isinstance(read, PageText)
    assert read.origin is TextOrigin.OCR


@real
@pytest.mark.usefixtures("with_ocr", "started_readers")
async def test_a_reading_process_that_may_not_recognise_is_told_from_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await ocr_lacks() is None
    # What Python 3.12 did: the process looks for something in the root folder before it recognises.
    code = "import os; from bot.reading.sandbox import child; child.find_ocr = lambda _: os.listdir('/'); child.run(child.main)"
    monkeypatch.setattr(worker, "child_command", lambda _, start: (sys.executable, "-s", "-P", "-c", code, start.argument()))
    lacks = await ocr_lacks()
    assert lacks is not None
    why = "its confinement refuses what the reading process needs (PermissionError: [Errno 13] Permission denied: '/')"
    assert lacks.says == f"a reading process could not recognise a scan ({why})"
    with capture_logs() as logs:
        assert (await read_pdf(probe.SCAN)).unreadable_pages == (1,)
    assert [line["why"] for line in logs if line["event"] == "page.not_recognised"] == [why]


def test_what_is_missing_makes_it_incomplete() -> None:
    assert not Confinement(True, True, True, False, True, ("the kernel has no Landlock",)).complete


MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
ALLOWED, KILLED, REFUSED_BY_FILTER, UNKNOWN = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


def decided(filter_: list[Instruction], architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would answer: `struct seccomp_data` is the number, the architecture, an address and six arguments of 64 bits."""
    words = {0: number, 4: architecture} | {16 + 8 * index: value & 0xFFFFFFFF for index, value in enumerate(arguments)}
    accumulator, position = 0, 0
    while True:
        code, if_true, if_false, operand = filter_[position]
        position += 1
        match code:
            case 0x20:
                accumulator = words[operand]
            case 0x15:
                position += if_true if accumulator == operand else if_false
            case 0x25:
                position += if_true if accumulator > operand else if_false
            case 0x45:
                position += if_true if accumulator & operand else if_false
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"no such instruction: {code:#x}")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_call_by_call(machine: str) -> None:
    architecture, column = MACHINES[machine]
    closed, with_commands = filter_program(machine, 4321, commands=False), filter_program(machine, 4321, commands=True)

    def number(name: str) -> int:
        groups = (syscalls.NETWORK, syscalls.PROGRAMS, syscalls.FILES, syscalls.OTHERS, syscalls.SYSTEM, syscalls.LOOKED_AT)
        found = next(group[name][column] for group in groups if name in group)
        assert found is not None
        return found

    def answer(name: str, *arguments: int, filter_: list[Instruction] = closed) -> int:
        return decided(filter_, architecture, number(name), *arguments)

    for group in (syscalls.NETWORK, syscalls.FILES, syscalls.OTHERS, syscalls.SYSTEM):
        for numbers in group.values():
            if (one := numbers[column]) is not None:
                assert decided(closed, architecture, one) == decided(with_commands, architecture, one) == REFUSED_BY_FILTER
    assert answer("execve") == REFUSED_BY_FILTER
    assert answer("execve", filter_=with_commands) == ALLOWED
    assert answer("clone", 0x3D0F00) == ALLOWED, "a thread"
    assert answer("clone", 17) == REFUSED_BY_FILTER, "a process"
    assert answer("clone", 17, filter_=with_commands) == ALLOWED
    assert answer("clone3") == UNKNOWN
    assert answer("openat", 0, 0, 0o2000000) == ALLOWED, "for reading, closed at exec"
    for flags in (0o1, 0o2, 0o101, 0o1000, 0o102):
        assert answer("openat", 0, 0, flags) == REFUSED_BY_FILTER
    assert answer("openat2") == UNKNOWN
    assert answer("kill", 4321) == answer("tgkill", 4321, 4322) == ALLOWED
    assert answer("kill", 1) == answer("tgkill", 1, 1) == answer("kill", -1) == REFUSED_BY_FILTER
    assert answer("setpriority", 0, 0) == ALLOWED
    assert answer("setpriority", 0, 1) == REFUSED_BY_FILTER
    assert answer("prlimit64", 0) == ALLOWED
    assert answer("prlimit64", 1) == REFUSED_BY_FILTER
    assert answer("ioctl", 0, 0x5412) == REFUSED_BY_FILTER
    assert answer("ioctl", 0, 0x5401) == ALLOWED
    # Calls newer than the list, and those of the x32 interface.
    assert decided(closed, architecture, 463) == decided(closed, architecture, 0x40000000 + 41) == UNKNOWN
    assert decided(closed, 0x40000003, 1) == KILLED, "calls of a 32-bit program"
    assert decided(closed, architecture, {"x86_64": 0, "aarch64": 63}[machine]) == ALLOWED, "read"
