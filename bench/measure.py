"""Running and measuring: programs on cores, the load, what the kernel says of both."""

import json
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from gateway import STARTER, Gateway, environment  # noqa: E402
from opa_server import OpaServer  # noqa: E402

BUILD = Path(os.environ.get("BENCH_BUILD", ROOT / "build" / "bench"))
SERVER_CORE, LOAD_CORE = 0, 1
LONG_S = 120
NOISY = 0.05  # of a core, taken by others


def on_core(core):
    return ["taskset", "-c", str(core)]


class BenchGateway(Gateway):
    """
    The program as tests start it, pinned, with the starter policy and nothing switched off. where: the member `policy`
    of its configuration, when it is not a folder.
    """

    def __init__(self, folder, steps=False, bundle=None, where=None, **options):
        options.setdefault("policy", "starter")
        self.where = {"bundle": str(bundle)} if bundle is not None else where
        env = {"SCIMWARD_STEP_TIMES": "1"} if steps else {}
        super().__init__(folder, wrapper=on_core(SERVER_CORE), env=env, **options)
        self.config.setdefault("listen", {}).setdefault("workers", 1)
        self.write_config()
        self.ready_s = 0.0

    def write_config(self):
        super().write_config()
        if self.where is not None:
            document = json.loads(self.config_path.read_text()) | {"policy": self.where}
            self.config_path.write_text(json.dumps(document, indent=1))

    def start(self, ready=True):
        begin = time.monotonic()
        super().start(ready)
        self.ready_s = time.monotonic() - begin
        self.log_reader = threading.Thread(target=self.keep_reading, daemon=True)
        self.log_reader.start()
        return self

    def keep_reading(self):
        """A pipe that nobody reads would stop the program."""
        process = self.process
        while process.poll() is None and self.read_log(0.5):
            pass

    def stop(self, seconds=LONG_S):
        if self.process is None:
            return 0
        self.drop_connections()
        self.process.terminate()
        code = self.process.wait(seconds)
        self.log_reader.join(5)
        self.process.stderr.close()
        self.process = None
        return code

    @property
    def pid(self):
        return self.process.pid

    @property
    def token(self):
        return self.tokens[self.sources[0]["name"]]


class Helper:
    """A program of bench/ that prints "port N"."""

    def __init__(self, name, *arguments, core=SERVER_CORE):
        self.process = subprocess.Popen(
            [*on_core(core), str(BUILD / name), *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        line = self.process.stdout.readline().decode()
        assert line.startswith("port "), f"{name} did not start"
        self.port = int(line.split()[1])
        self.pid = self.process.pid
        self.token = "none"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


# ---- what the kernel says ----


def rss_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def threads_us(pid):
    """CPU of each thread so far, by name, in µs."""
    times = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            spent = int((task / "schedstat").read_text().split()[0]) / 1000
        except OSError:  # it has just ended
            continue
        times[name] = times.get(name, 0.0) + spent
    return times


def core_busy_us(core):
    """All that this core has done for anybody, in µs; what a hypervisor took included."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
            return (user + nice + system + irq + softirq + steal) * 1e6 / os.sysconf("SC_CLK_TCK")
    raise AssertionError(f"no core {core}")


def own_us():
    """CPU of this program and of the loads that have ended."""
    all_of = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in all_of) * 1e6


class Spent:
    """CPU of a program, and what others took of its core and of the load's, over a with-block."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.begin = time.monotonic()
        self.load_before = core_busy_us(LOAD_CORE) - own_us()
        self.threads_before = threads_us(self.pid)
        self.core_before = core_busy_us(SERVER_CORE)
        return self

    def __exit__(self, *_):
        after = threads_us(self.pid)
        self.threads = {name: us - self.threads_before.get(name, 0.0) for name, us in after.items()}
        self.us = sum(self.threads.values())
        wall = (time.monotonic() - self.begin) * 1e6
        others = core_busy_us(SERVER_CORE) - self.core_before - self.us
        others_of_load = core_busy_us(LOAD_CORE) - own_us() - self.load_before
        self.others = max(0.0, others / wall)
        self.noise = max(self.others, others_of_load / wall)


# ---- load ----


def load(server, mode, tls=False, **options):
    """One run of bench_load. Errors end the benchmark: a number with errors in it is no number."""
    command = [*on_core(LOAD_CORE), str(BUILD / "bench_load"), "--port", str(server.port), "--token", server.token]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    if tls:
        command.append("--tls")
    with Spent(server.pid) as spent:
        result = subprocess.run([*command, mode], capture_output=True, text=True, timeout=LONG_S)
    if result.returncode != 0:
        raise SystemExit(f"bench: {mode} failed:\n{result.stdout}{result.stderr}")
    answer = json.loads(result.stdout)
    answer["cpu_us"] = spent.us / max(1, answer["all"])
    answer["threads_us"] = {name: us / max(1, answer["all"]) for name, us in spent.threads.items()}
    answer["others"] = spent.others
    answer["noise"] = spent.noise
    return answer


def noise_text(noise):
    return f"NOISY: others took {noise:.0%} of a core" if noise > NOISY else "quiet"


def metrics(gateway):
    """name with labels → value"""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(gateway.folder / "admin.sock"))
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
        reply = b""
        while chunk := connection.recv(65536):
            reply += chunk
    lines = [line for line in reply.decode().splitlines() if line.startswith("scimward_")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def step_parts(before, after, run):
    """
    CPU of one request by where it is spent, in µs. Steps by the program's own timers; what the worker
    does besides (sockets, HTTP, its loop) is its thread's time without the steps; the other threads whole.
    """
    parts = {}
    for name, value in after.items():
        if name.startswith("scimward_step_cpu_seconds_sum"):
            us = (value - before.get(name, 0.0)) * 1e6 / run["all"]
            if us > 0:
                parts[name.split('"')[1]] = us
    threads = run["threads_us"]
    known = sum(parts.values())
    parts["sockets, HTTP, loop (worker)"] = threads.get("worker", 0.0) - known
    for name in sorted(threads, key=threads.get, reverse=True):
        if name != "worker" and threads[name] >= 0.05:
            parts[f"thread {name}"] = threads[name]
    parts["all"] = sum(threads.values())
    return parts


def median_of(runs):
    """
    The median of each number, over the runs in which others left both cores alone; when there is none,
    over those that were about as quiet as the quietest.
    """
    quiet = [run for run in runs if run["noise"] <= max(NOISY, min(run["noise"] for run in runs) + NOISY)]
    result = dict(runs[0])
    for name, value in result.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            result[name] = statistics.median(run[name] for run in quiet)
    result["used"] = len(quiet)
    result["all_runs"] = [{"per_second": run["per_second"], "noise": round(run["noise"], 3)} for run in runs]
    return result


def make_certificate(folder):
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return {"certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}


# ---- decisions ----


def build_bundle(folder, source, entrypoint):
    """opa build of a folder of raw Rego and data, as the program does it by itself. Returns its path."""
    bundle = folder / f"{source.name}.tar.gz"
    subprocess.run(
        ["opa", "build", "-b", "-t", "plan", "-e", entrypoint, "--ignore", "*_test.rego", "--ignore", "in_*.json"]
        + ["-o", str(bundle), "."],
        cwd=source,
        check=True,
        capture_output=True,
        env=environment(),
    )
    return bundle


def run_bench(name, *arguments):
    command = [*on_core(SERVER_CORE), str(BUILD / name), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def bench_policy(bundle, entrypoint, inputs, rounds):
    output = run_bench("bench_policy", "--json", "--rounds", rounds, bundle, entrypoint, *inputs)
    return [json.loads(line) for line in output.splitlines()]


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Opa(OpaServer):
    """An OPA server on a core, which the load can be put on."""

    def __init__(self, folder, address, core=SERVER_CORE):
        super().__init__(folder, address, wrapper=on_core(core))
        self.port = None if self.is_local else int(address.split(":")[1])
        self.token = "none"

    @property
    def pid(self):
        return self.process.pid


def ask_opa(folder, source, path, inputs, seconds):
    """The same decisions by an OPA server over a unix socket; p50 in µs of each input."""
    address = folder / "opa.sock"
    files = [str(source / name) for name in ("users.rego", "data.json")]
    process = subprocess.Popen(
        [*on_core(SERVER_CORE), "opa", "run", "--server", "--log-level=error", "--addr", f"unix://{address}", *files],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(address))
        return [ask_opa_one(connection, path, file, seconds / len(inputs)) for file in inputs]
    finally:
        process.terminate()
        process.wait()


def ask_opa_one(connection, path, file, seconds):
    """p50 in µs. A bare socket: an HTTP library would be measured as well."""
    body = json.dumps({"input": json.loads(file.read_text())}, separators=(",", ":")).encode()
    head = f"POST /v1/data/{path} HTTP/1.1\r\nHost: opa\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.perf_counter_ns()
        connection.sendall(request)
        reply = connection.recv(65536)
        while b"\r\n\r\n" not in reply:
            reply += connection.recv(65536)
        times.append((time.perf_counter_ns() - begin) / 1000)
        assert b'"result"' in reply, reply[:300]
    return statistics.median(times[len(times) // 10 :])


# ---- the machine ----


def machine():
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "cores": os.cpu_count(),
        "cpu": model,
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
    }
