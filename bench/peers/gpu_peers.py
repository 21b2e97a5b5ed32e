"""What gpu_als_peers.py and gpu_search_peers.py share: Segue's runs, peers that may be missing, time, tables."""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import processor


class Missing(Exception):
    """A peer cannot run here; the message says why."""


def require(*modules):
    """The modules, imported.  Raises Missing."""
    imported = []
    for name in modules:
        try:
            imported.append(importlib.import_module(name))
        except Exception as error:  # a broken CUDA library raises whatever it likes
            raise Missing(f"{name} cannot be imported ({type(error).__name__}: {first_line(error)})") from error
    return imported[0] if len(imported) == 1 else imported


def first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def torch_device(device):
    """torch and its name of Segue's device.  Raises Missing."""
    torch = require("torch")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise Missing("torch sees no GPU")
    return torch, torch.device(device)


def synchronizer(device):
    """A function that waits for the GPU, by whichever library is there; for libraries that only queue work."""
    if device.startswith("cuda"):
        for module, wait in (("torch", lambda m: m.cuda.synchronize), ("cupy", lambda m: m.cuda.runtime.deviceSynchronize)):
            try:
                return wait(require(module))
            except Missing:
                pass
    return lambda: None


def release():
    """Gives back what the libraries keep of the GPU's memory."""
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_available():
        sys.modules["torch"].cuda.empty_cache()
    if "cupy" in sys.modules:
        sys.modules["cupy"].get_default_memory_pool().free_all_blocks()


class Clock:
    """How much of --limit is left."""

    def __init__(self, limit):
        self.end = time.monotonic() + limit

    def require(self, what):
        if time.monotonic() > self.end:
            raise Missing(f"no time left for {what} (--limit)")


def run_segue(program, kind, options):
    """`segue bench KIND` as JSON.  Exits with Segue's own message and code where it fails."""
    command = [str(program), "bench", kind, "--json", "--quiet"]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def measure_peers(peers, wanted, clock):
    """{name: result or the reason why there is none}. `peers` are functions that return a result or raise Missing."""
    results = {}
    for name, measure in peers.items():
        if name not in wanted:
            continue
        try:
            clock.require(name)
            results[name] = measure()
        except Missing as missing:
            results[name] = {"missing": str(missing)}
        except Exception as error:  # out of memory, a kernel that is not there: the others still run
            results[name] = {"missing": f"failed: {type(error).__name__}: {first_line(error)}"}
        release()
        print(f"{name}: {outcome(results[name])}", file=sys.stderr, flush=True)
    return results


def outcome(result):
    if "missing" in result:
        return result["missing"]
    return f"{statistics.median(result['seconds']):.4g} s"


def seconds_text(seconds):
    return f"{statistics.median(seconds):.4g} | {min(seconds):.4g}–{max(seconds):.4g}"


def heading(title, report):
    ceilings = report["ceilings"]
    return [
        f"# {title}",
        "",
        f"{report['device_name']}; host {processor()}; {time.strftime('%Y-%m-%d', time.gmtime())}; Segue "
        f"{report['segue']}. Ceilings in the same run: copy {ceilings['copy_bytes_per_second']['median'] / 1e9:.4g} GB/s, "
        f"product {ceilings['product_flops']['median'] / 1e12:.4g} TFLOP/s ({ceilings['product_flops']['what']}).",
        "",
    ]


def missing_lines(results):
    lines = [f"- {name}: {result['missing']}" for name, result in results.items() if "missing" in result]
    return ["", "Not measured:", "", *lines] if lines else []


def write(out, lines, document):
    text = "\n".join(lines) + "\n"
    print(text)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_name(out.name + ".md").write_text(text)
        out.with_name(out.name + ".json").write_text(json.dumps(document, indent=1) + "\n")


def parser(description, peers):
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--segue", type=Path, required=True, help="the segue program")
    made.add_argument("--device", default="cuda:0", help="cuda:N; cpu to try the script (default: %(default)s)")
    made.add_argument("--peers", default=",".join(peers), type=lambda text: chosen(text, peers),
                      help="of %(default)s (default: all)")
    made.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="no peer starts after this")
    made.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return made


def chosen(text, peers):
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in peers]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(peers)}")
    return names
