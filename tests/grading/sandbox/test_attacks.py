"""What a submission may try to get marks that it did not earn, or to harm the machine.

Every attack is a submission to a course of one small lesson, graded by `s2s grade`'s engine with
the real sandbox. `ATTACKS` say what stands in the exercise's cell, which is wrong everywhere else;
`EDITS` change the notebook itself; `PROBES` all run in one submission and tell what they could do.
"""

import ast
import json
import os
import re
import socket
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from small_course import (
    CHECK,
    EXERCISE,
    LESSON,
    PREDICT,
    PREDICTION_CHECK,
    RIGHT,
    WAYS,
    WRITTEN,
    answered,
    cell_of,
    contents,
    course_in,
    hand_in,
    small_course,
    write,
)

from s2s_ref.grading import grade as engine
from s2s_ref.grading.release import release
from s2s_ref.grading.submissions import find_submissions

ANYTHING = "def encode_sentence(*_):\n    return [1, 2, 3]\n"
JSON = "application/json"
VERDICT = {
    "exercise": "start_here.encode_sentence",
    "passed": True,
    "headline": "passed",
    "mistake": "",
    "kind": "",
}

ATTACKS = {
    # ------------------------------------------------------------ find the answer elsewhere
    "import_the_reference": """
        from s2s_ref.exercises.start_here import encode_sentence as exercise
        encode_sentence = exercise.reference_encode_sentence
        """,
    "import_it_by_its_file": """
        import importlib.util, pathlib
        for place in ("/work", "/root", "/home", "/s2s", "/usr/lib/python3", "/tmp"):
            for path in pathlib.Path(place).rglob("start_here.py"):
                spec = importlib.util.spec_from_file_location("found", path)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                encode_sentence = module.reference_encode_sentence
        """,
    "read_any_notebook": """
        import json, pathlib
        for place in ("/work", "/root", "/home", "/s2s", "/tmp", "/srv", "/mnt"):
            for path in pathlib.Path(place).rglob("*.ipynb"):
                for cell in json.loads(path.read_text())["cells"]:
                    if "def encode_sentence" in "".join(cell["source"]):
                        exec("".join(cell["source"]))
        """,
    "look_for_it_in_memory": """
        import gc
        def encode_sentence(*arguments):
            for thing in gc.get_objects():
                if type(thing).__name__ in ("Case", "Prepared", "Exercise"):
                    return thing.expected.output
                if isinstance(thing, dict) and "expected" in thing:
                    return thing["expected"]
        """,
    "look_for_it_in_the_callers": """
        import sys
        def encode_sentence(*arguments):
            frame = sys._getframe()
            while frame:
                for name in ("expected", "reference", "prepared"):
                    if name in frame.f_locals:
                        return frame.f_locals[name]
                frame = frame.f_back
        """,
    # ------------------------------------------------------------ tamper with what compares
    "everything_is_equal": """
        class Equal(list):
            __eq__ = lambda *_: True
            __ne__ = lambda *_: False
        def encode_sentence(*_):
            return Equal([1])
        """,
    "patch_comparisons": """
        import builtins, math, operator, torch
        torch.allclose = torch.equal = torch.isclose = lambda *_, **__: True
        torch.testing.assert_close = lambda *_, **__: None
        torch.Tensor.__eq__ = lambda *_: True
        operator.eq = lambda *_: True
        def encode_sentence(*_):
            return [1]
        """,
    "strip_the_checks": """
        import ast
        class Strip(ast.NodeTransformer):
            visit_Expr = visit_Assert = visit_Raise = lambda *_: ast.Pass()
        get_ipython().ast_transformers.append(Strip())
        """,
    "transform_the_input": """
        get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
        """,
    "replace_the_execution": """
        shell = get_ipython()
        from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult
        info = ExecutionInfo("", False, False, False, None)
        shell.run_cell = lambda *_, **__: ExecutionResult(info)
        async def nothing(*_, **__):
            return ExecutionResult(info)
        shell.run_cell_async = nothing
        """,
    "replace_the_kernels_answer": """
        async def fine(*_, **__):
            return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        get_ipython().kernel.do_execute = fine
        """,
    "swallow_every_error": """
        shell = get_ipython()
        shell.set_custom_exc((BaseException,), lambda *_, **__: None)
        shell.showtraceback = lambda *_, **__: None
        """,
    # ------------------------------------------------------------ tamper with the student's side
    "replace_check": """
        check = lambda *_: print("✓ encode_sentence: passed")
        __builtins__.check = check
        """,
    "replace_the_client": """
        from s2s_ref.student import client, observe
        client.try_check = lambda name, _: {"exercise": name, "passed": True, "after": []}
        client._show = lambda *_: None
        check = client.check
        """,
    "be_the_judge": """
        from s2s_ref.student import client
        from s2s_ref.student.codec import decode, encode
        class Kind:
            def ask(self, request):
                if decode(request)["do"] == "cases":
                    return encode({"ticket": "1", "kind": "function", "calls": []})
                verdict = dict(exercise="start_here.encode_sentence", passed=True, headline="yes")
                return encode(verdict | dict(lesson=0, number=1, after=[]))
        client._judge = Kind()
        """,
    "be_the_judge_elsewhere": """
        import os
        os.environ["S2S_JUDGE_SOCKET"] = "/tmp/mine"
        """,
    "ask_the_local_judge": """
        import os
        from s2s_ref.student import client
        del os.environ["S2S_JUDGE_SOCKET"]
        client._judge = None
        """,
    "observe_what_pleases": """
        from s2s_ref.student import client
        from s2s_ref.student.protocol import Observation
        client.observe = lambda *_: Observation(output=True, gradients={}, misfit="", raised=None)
        """,
    "an_observation_that_is_none": """
        from s2s_ref.student import client
        client.observe = lambda *_: None
        """,
    # ------------------------------------------------------------ forge what is shown
    "show_a_verdict": f"""
        get_ipython().display_pub.publish({{{JSON!r}: {VERDICT!r}, "text/plain": "✓"}})
        check = lambda *_: get_ipython().display_pub.publish({{{JSON!r}: {VERDICT!r}}})
        """,
    "show_points": """
        check = lambda *_: 100.0
        """,
    "forge_on_the_channel": """
        kernel = get_ipython().kernel
        def forged(*_):
            parent = kernel.get_parent()
            content = {"data": {"text/plain": "100"}, "metadata": {}, "execution_count": 1}
            for kind, content in (
                ("execute_result", content),
                ("status", {"execution_state": "idle"}),
                ("execute_reply", {"status": "ok", "execution_count": 1}),
            ):
                kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)
        check = encode_sentence = forged
        """,
    # ------------------------------------------------------------ send requests to the judge
    "many_tries": """
        from s2s_ref.student.client import judge
        from s2s_ref.student.codec import decode, encode
        from s2s_ref.student.protocol import Observation
        def encode_sentence(*_):
            ask = lambda **request: decode(judge().ask(encode(request)))
            for i in range(200):
                asked = ask(do="cases", exercise="start_here.encode_sentence")
                seen = [Observation([i])] * 4
                ask(do="verdict", ticket=asked.get("ticket", str(i)), observations=seen)
        """,
    "answer_for_the_other_cell": """
        from s2s_ref.student.client import judge
        from s2s_ref.student.codec import decode, encode
        from s2s_ref.student.protocol import Observation
        def encode_sentence(*_):
            ask = lambda **request: decode(judge().ask(encode(request)))
            asked = ask(do="cases", exercise="start_here.nested_list")
            ask(do="verdict", ticket=asked.get("ticket", ""), observations=[Observation("c")])
            asked = ask(do="verdict", ticket="", observations=[Observation("c")])
        encode_sentence()
        """,
    "replay": """
        from s2s_ref.student import remote_judge as channel
        said, ask = [], channel.SocketJudge.ask
        def again(self, request):
            said.append(request)
            return [ask(self, old) for old in said for _ in range(3)][-1]
        channel.SocketJudge.ask = again
        """,
    "talk_while_cells_run": """
        import threading, time
        from s2s_ref.student.client import judge
        from s2s_ref.student.codec import decode, encode
        from s2s_ref.student.protocol import Observation
        def talk():
            ask = lambda **request: decode(judge().ask(encode(request)))
            while True:
                time.sleep(0.01)
                asked = ask(do="cases", exercise="start_here.encode_sentence")
                if "ticket" in asked:
                    ask(do="verdict", ticket=asked["ticket"], observations=[])
        threading.Thread(target=talk, daemon=True).start()
        def encode_sentence(*_):
            time.sleep(0.3)
        """,
    "messages_of_another_make": """
        import os, pickle, socket
        def shout(data):
            with socket.socket(socket.AF_UNIX) as wire:
                wire.connect(os.environ["S2S_JUDGE_SOCKET"])
                wire.sendall(data)
                wire.shutdown(socket.SHUT_WR)
        class Evil:
            def __reduce__(self):
                return os.system, ("touch /tmp/s2s-was-here",)
        def encode_sentence(*_):
            data = pickle.dumps(Evil())
            shout(len(data).to_bytes(8, "big") + data)
            shout((2**60).to_bytes(8, "big"))
            shout(b"")
            shout((100).to_bytes(8, "big") + b"{" * 100)
        """,
    # ------------------------------------------------------------ end before the verdict
    "end_the_cell": """
        def encode_sentence(*_):
            raise SystemExit(0)
        """,
    "end_the_kernel": """
        import os
        def encode_sentence(*_):
            os._exit(0)
        """,
    "interrupt": """
        def encode_sentence(*_):
            raise KeyboardInterrupt
        """,
}

FILES = {
    "torch.py": "allclose = equal = lambda *_, **__: True\n",
    "sitecustomize.py": "import builtins; builtins.check = print\n",
    "s2s_ref/__init__.py": "__version__ = '0'\n",
    "s2s_ref/student.py": "check = hint = progress = print\n",
    "IPython/__init__.py": "raise SystemExit\n",
}


def without_the_checks(notebook):
    notebook.cells = [c for c in notebook.cells if c.id not in (CHECK, PREDICTION_CHECK)]


def checks_emptied(notebook):
    for name in (CHECK, PREDICTION_CHECK):
        cell_of(notebook, name).source = "pass"
        cell_of(notebook, name).outputs = [new_output("display_data", {JSON: VERDICT})]


def checks_tagged(notebook):
    for cell in notebook.cells:
        cell.metadata["tags"] = ["experiment", "skip-execution", "raises-exception"]


def checks_are_text(notebook):
    for name in (CHECK, PREDICTION_CHECK):
        cell_of(notebook, name).cell_type = "markdown"


def ids_swapped(notebook):
    one, other = cell_of(notebook, CHECK), cell_of(notebook, WRITTEN)
    one.metadata, other.metadata = other.metadata, one.metadata


def renamed_to_an_experiment(notebook):
    for name in (CHECK, PREDICTION_CHECK):
        cell_of(notebook, name).metadata.nbgrader.grade_id = "experiment-nested"


def points_edited(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            about = {"points": 100, "checksum": "0", "grade": True, "solution": True}
            cell.metadata.nbgrader.update(about)


def metadata_of_another_make(notebook):
    for i, cell in enumerate(notebook.cells):
        cell.metadata = {"nbgrader": [None, "x", [], {"grade_id": 3}, {"grade": "yes"}][i % 5]}


def kernel_named(notebook):
    notebook.metadata.kernelspec = {"name": "bash; touch /tmp/s2s-was-here", "display_name": "x"}
    notebook.metadata.language_info = {"name": "bash"}


def exercise_copied_to_the_end(notebook):
    check = nbformat.from_dict({**cell_of(notebook, CHECK), "id": "copy"})
    notebook.cells += [new_code_cell("check = print"), check]


EDITS = [
    without_the_checks,
    checks_emptied,
    checks_tagged,
    checks_are_text,
    ids_swapped,
    renamed_to_an_experiment,
    points_edited,
    metadata_of_another_make,
    kernel_named,
    exercise_copied_to_the_end,
]

RIGHT_TOO = [points_edited, checks_tagged, checks_emptied, kernel_named, without_the_checks]
"""After these, right answers still get their marks."""

PROBES = '''
import ctypes, glob, json, os, pathlib, resource, signal, socket, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)

def denied(result):
    """Of a system call: 0 is success."""
    if result == -1:
        raise OSError(ctypes.get_errno(), "denied")
    return result

def connect(family, address):
    with socket.socket(family) as wire:
        wire.settimeout(2)
        wire.connect(address)

def outside(pattern):
    found = glob.glob(pattern)
    if not found:
        raise FileNotFoundError(pattern)
    return found

def open_descriptors():
    found = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if int(n) < 3]
    outside = [place for place in found if place.startswith("/") and place != "/dev/null"]
    if not outside:
        raise FileNotFoundError
    return outside

def names(text):
    found = [name for name in os.environ if name in text]
    if not found:
        raise KeyError
    return found

def rights():
    status = pathlib.Path("/proc/self/status").read_text()
    sets = [line.split()[1] for line in status.splitlines() if line.startswith("Cap")]
    if not any(int(value, 16) for value in sets):
        raise PermissionError
    return sets

def raise_limit():
    resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))

def fork_a_hundred():
    """More processes than there may be; each ends by itself."""
    children = []
    try:
        for _ in range(100):
            children.append(subprocess.Popen(["sleep", "5"]))
    finally:
        for child in children:
            child.kill()
            child.wait()
    return len(children)

def fill(folder):
    with open(f"{folder}/large", "wb") as file:
        for _ in range(200):
            file.write(b"x" * 2**20)

def allocate():
    return len(bytearray(3 * 2**30))

def others():
    here = [int(p) for p in os.listdir("/proc") if p.isdigit()]
    seen = [pathlib.Path(f"/proc/{p}/cmdline").read_bytes() for p in here]
    ours = (b"bwrap", b"ipykernel", b"fork_server")
    found = [c for c in seen if c and not any(name in c for name in ours)]
    if not found:
        raise ProcessLookupError
    return len(found)

PROBES = {
    "the course": lambda: outside(COURSE + "/*"),
    "the gradebook": lambda: open(COURSE + "/class/gradebook.db"),
    "the class's key": lambda: open(COURSE + "/class/judge.key"),
    "the package": lambda: outside(PACKAGE + "/checks"),
    "the staged package has checks": lambda: outside("/s2s/package/s2s_ref/checks*"),
    "the staged package has grading": lambda: outside("/s2s/package/s2s_ref/grading*"),
    "the staged package has this lesson": lambda: outside("/s2s/package/s2s_ref/rnn*"),
    "a home": lambda: outside("/home/*") + outside("/root/.*"),
    "passwords": lambda: open("/etc/shadow"),
    "other notebooks": lambda: outside("/s2s/work/*.ipynb"),
    "the environment": lambda: names(OUTER),
    "the environment of bwrap": lambda: open("/proc/1/environ").read().index("S2S_SECRET"),
    "descriptors": open_descriptors,
    "other processes": others,
    "the root of process 1": lambda: os.listdir("/proc/1/root" + COURSE),
    "other workspaces": lambda: outside("/tmp/s2s-workspaces-*/*/files*"),
    "the fork server's files": lambda: outside("/tmp/s2s-workspaces-*/fork*"),
    "other lessons": lambda: outside("/tmp/s2s-workspaces-*/lesson*"),
    "trace process 1": lambda: denied(libc.ptrace(16, 1, 0, 0)),
    "the mounts of process 1": lambda: denied(libc.setns(os.open("/proc/1/ns/user", 0), 0)),
    "rights": rights,
    "a network": lambda: connect(socket.AF_INET, ("198.51.100.1", 80)),
    "this machine's ports": lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)),
    "a name server": lambda: socket.getaddrinfo("example.org", 80),
    "an abstract socket": lambda: connect(socket.AF_UNIX, ABSTRACT),
    "raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "write into the package": lambda: open("/s2s/package/s2s_ref/state.py", "a"),
    "write into the system": lambda: open("/usr/bin/s2s-was-here", "w"),
    "write into Python": lambda: open(os.path.dirname(json.__file__) + "/was_here.py", "w"),
    "write at the root": lambda: open("/s2s-was-here", "w"),
    "write devices": lambda: open("/dev/s2s-was-here", "w"),
    "the disk": lambda: outside("/dev/[sv]d*") + outside("/dev/nvme*"),
    "the memory": lambda: open("/dev/mem"),
    "the kernel's memory": lambda: open("/proc/kcore", "rb").read(1),
    "the kernel's settings": lambda: open("/proc/sys/kernel/hostname", "w").write("x"),
    "be root": lambda: os.setuid(0),
    "a device file": lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)),
    "another root": lambda: os.chroot("/tmp"),
    "a mount": lambda: denied(libc.mount(b"/usr", b"/tmp", b"", 4096, None)),
    "no mount": lambda: denied(libc.umount2(b"/s2s/package", 2)),
    "a mount that can be written": lambda: denied(
        libc.mount(b"", b"/s2s/package", b"", 32 | 4096, None)
    ),
    "more namespaces": lambda: open("/proc/sys/user/max_user_namespaces", "w").write("9"),
    "nested namespaces": lambda: denied(libc.unshare(0x10000000)),
    "a network namespace": lambda: denied(libc.unshare(0x40000000)),
    "bwrap in bwrap": lambda: subprocess.run(
        ["bwrap", "--unshare-user", "--ro-bind", "/", "/", "true"], check=True
    ),
    "signal the grader": lambda: os.kill(GRADER, 0),
    "higher limits": raise_limit,
    "many processes": fork_a_hundred,
    "fill /tmp": lambda: fill("/tmp"),
    "fill the work folder": lambda: fill("/s2s/work"),
    "fill shared memory": lambda: fill("/dev/shm"),
    "allocate": allocate,
}
SAID = {}
for name, probe in PROBES.items():
    try:
        SAID[name] = f"it worked: {probe()!r}"[:200]
    except (OSError, MemoryError, KeyError, ValueError, subprocess.CalledProcessError):
        SAID[name] = "denied"
    except BaseException as error:
        SAID[name] = f"the probe is wrong: {error!r}"
    for place in ("/tmp", "/s2s/work", "/dev/shm"):
        pathlib.Path(place, "large").unlink(missing_ok=True)
print(json.dumps(SAID))
subprocess.Popen(
    ["sh", "-c", "sleep 8124 & sleep 8125"], start_new_session=True, stdout=subprocess.DEVNULL
)
'''


@pytest.fixture(scope="module")
def abstract():
    """Sockets of the machine that nothing inside may reach."""
    with socket.socket(socket.AF_UNIX) as unix, socket.socket() as inet:
        name = f"\0s2s-{os.getpid()}"
        unix.bind(name)
        unix.listen()
        inet.bind(("127.0.0.1", 0))
        inet.listen()
        yield {"ABSTRACT": name, "PORT": inet.getsockname()[1]}


def chosen(way, name):
    """Every attack runs in one way at least; the whole matrix is for `make test-scale`."""
    return way == WAYS[-1] or name in SLICE or bool(os.environ.get("S2S_SCALE"))


SLICE = ("probes", "forge_on_the_channel", "talk_while_cells_run", "wrong-checks_emptied")


def cases(names):
    return [(way, name) for way in WAYS for name in names if chosen(way, name)]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, abstract):
    """By way: the course after every attack was graded, the results, and what was there before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2S_SECRET", "a secret")
        made = {}
        for way in WAYS:
            course = course_in(way, tmp_path_factory.mktemp(way) / "course")
            hand_everything_in(small_course(course.root), abstract, way)
            before = contents(course.root)
            results = engine.grade(
                course, find_submissions(course), options=engine.GradingOptions(jobs=2)
            )
            made[way] = course, {r.student: r for r in results}, before
        yield made


def hand_everything_in(course, abstract, way):
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    right = answered(released, {EXERCISE: RIGHT, PREDICT: "nested_list = 'c'"})
    for name, code in ATTACKS.items():
        if chosen(way, name) and way != "unsafe":
            source = ANYTHING + textwrap.dedent(code)
            hand_in(course, name, answered(released, {EXERCISE: source}))
    for edits, wanted, notebook in (("wrong", EDITS, released), ("right", RIGHT_TOO, right)):
        for edit in wanted:
            if chosen(way, f"{edits}-{edit.__name__}"):
                edited = answered(notebook, {})
                edit(edited)
                hand_in(course, f"{edits}-{edit.__name__}", edited)
    for name, notebook in (("files", released), ("files_right", right)):
        path = hand_in(course, name, notebook)
        for file, text in FILES.items():
            write(text, path.parent / file)
    if way == "unsafe":
        return
    known = {
        "COURSE": str(course.root),
        "PACKAGE": str(Path(engine.__file__).parents[1]),
        "OUTER": [name for name in os.environ if name.startswith(("S2S_SECRET", "SSH", "PIP"))],
        "GRADER": os.getpid(),
        **abstract,
    }
    setting = "".join(f"{name} = {value!r}\n" for name, value in known.items())
    hand_in(course, "probes", answered(right, {EXERCISE: setting + PROBES + RIGHT}))


@pytest.mark.needs_sandbox
@pytest.mark.parametrize(("way", "name"), cases(ATTACKS))
def test_no_attack_is_given_a_point(attacked, way, name):
    _, results, _ = attacked[way]
    ast.parse(textwrap.dedent(ATTACKS[name]))
    assert (results[name].score, results[name].max_score, results[name].error) == (0, 3, "")
    assert not any(verdict["passed"] for verdict in results[name].verdicts)


@pytest.mark.parametrize(("way", "name"), cases([f"wrong-{edit.__name__}" for edit in EDITS]))
def test_no_edit_of_the_notebook_is_given_a_point(attacked, way, name):
    result = attacked[way][1][name]
    assert (result.score, result.max_score, result.error) == (0, 3, "")


@pytest.mark.parametrize(("way", "name"), cases([f"right-{edit.__name__}" for edit in RIGHT_TOO]))
def test_right_answers_in_an_edited_notebook_keep_their_points(attacked, way, name):
    result = attacked[way][1][name]
    assert (result.score, result.max_score, result.error) == (3, 3, "")


@pytest.mark.parametrize("way", WAYS)
def test_files_with_the_names_of_modules_change_nothing(attacked, way):
    _, results, _ = attacked[way]
    assert (results["files"].score, results["files_right"].score) == (0, 3)


def probes():
    return re.findall(r'^    "(.+?)": ', PROBES, re.MULTILINE)


@pytest.mark.needs_sandbox
@pytest.mark.parametrize(
    ("way", "name"),
    # With bwrap, process 1 is bwrap itself, which has no rights, so tracing it gains nothing.
    [(w, n) for w in WAYS for n in probes() if (w, n) != ("bwrap", "trace process 1")],
)
def test_no_probe_gets_anywhere(attacked, way, name):
    course, results, _ = attacked[way]
    notebook = nbformat.read(course.notebook(course.autograded / "probes", LESSON), as_version=4)
    cell = next(c for c in notebook.cells if c.source.startswith("COURSE ="))
    (text,) = [o.text for o in cell.outputs if o.get("name") == "stdout"]
    assert json.loads(text)[name] == "denied"
    assert results["probes"].score == 3


@pytest.mark.parametrize("way", WAYS)
def test_nothing_outside_was_touched(attacked, way):
    course, _, before = attacked[way]
    after = contents(course.root)
    assert {name: after.get(name) for name in before} == before
    new = {"/".join(name.split("/")[:2]) for name in after.keys() - before.keys()}
    assert new == {"class/autograded", "class/cache", "class/gradebook.db", "class/judge.key"}
    assert not Path("/tmp/s2s-was-here").exists()
    assert not Path("/usr/bin/s2s-was-here").exists()


@pytest.mark.needs_sandbox
def test_no_process_is_left(attacked):
    assert attacked
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if b"sleep\x008124" in command or b"sleep\x008125" in command:
            left.append(command)
    assert not left
