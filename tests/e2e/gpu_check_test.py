"""scripts/gpu-check, with-cuda and kernel-report on a machine without a GPU: a bundle of stand-ins."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from segue_process import Case

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

SEGUE = """#!/bin/sh
case $1 in
  config) [ -z "$NO_GPU" ] || { echo "segue: device cuda:0: no driver; use --device cpu" >&2; exit 4; } ;;
  bench) sleep "${BENCH_SECONDS:-0}"; echo '{"rows": ['; echo '{"share_of_floor": 0.7,'; echo "\\"difference_from_cpu\\": $DIFFERENCE}]}" ;;
esac
"""


class GpuCheck(Case):
    def bundle(self, **tests):
        """A folder like an unpacked gpu-bundle, with shell scripts in place of programs."""
        folder = self.folder / "segue-gpu"
        (folder / "bin").mkdir(parents=True)
        shutil.copy(SCRIPTS / "gpu-check", folder)
        self.script(folder / "with-cuda", '#!/bin/sh\nexec "$@"\n')
        self.script(folder / "segue", SEGUE)
        (folder / "VERSION").write_text('segue 1 "quoted" \\ \n')
        for name, text in tests.items():
            self.script(folder / "bin" / f"{name}_gpu_test", "#!/bin/sh\n" + text)
        return folder

    def script(self, path, text):
        path.write_text(text)
        path.chmod(0o755)

    def check(self, folder, *options, code=0, **environment):
        # No Python, so no peers; no nvidia-smi.
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("sh", "bash", "dirname", "cat", "date", "tr", "sed", "awk", "tail", "timeout", "mkdir", "mktemp", "rm",
                     "tee", "basename", "ls", "head", "grep", "sleep"):
            (tools / name).symlink_to(shutil.which(name))
        done = subprocess.run([folder / "gpu-check", "--out", self.folder / "out", *options], capture_output=True, text=True,
                              timeout=120, env={"PATH": str(tools), "DIFFERENCE": "1e-5", **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def report(self):
        document = json.loads((self.folder / "out" / "gpu-check.json").read_text())
        return document, {part["part"]: part for part in document["parts"]}

    def test_without_a_gpu_it_says_so_in_one_line_and_exits_4(self):
        done = self.check(self.bundle(), code=4, NO_GPU="1")
        self.assertEqual(done.stderr, "gpu-check: no GPU to check on (device cuda:0: no driver; use --device cpu)\n")
        self.assertFalse((self.folder / "out").exists())

    def test_every_part_is_reported(self):
        folder = self.bundle(good="echo '[  PASSED  ] 3 tests.'", skips="echo '[  SKIPPED ] 2 tests.'")
        done = self.check(folder)
        document, parts = self.report()
        self.assertEqual(document["version"], 'segue 1 "quoted" \\ ')
        self.assertFalse(document["failed"])
        self.assertEqual({name: part["status"] for name, part in parts.items()},
                         {"good_gpu_test": "ok", "skips_gpu_test": "skipped", "gpu_als_peers": "not run",
                          "gpu_search_peers": "not run", "als against the CPU": "ok", "search against the CPU": "ok",
                          "als sweep": "ok", "search sweep": "ok", "compute-sanitizer": "not run"})
        self.assertIn("3 tests", parts["good_gpu_test"]["detail"])
        self.assertEqual(parts["als sweep"]["detail"], {"rows": [{"share_of_floor": 0.7, "difference_from_cpu": 1e-5}]})
        self.assertEqual(done.stdout, (self.folder / "out" / "gpu-check.txt").read_text())
        self.assertIn("share of floor: 0.7", done.stdout)

    def test_what_fails_fails_the_whole_and_stops_nothing(self):
        self.check(self.bundle(bad="echo broken; exit 1", good="echo fine"), code=1)
        document, parts = self.report()
        self.assertTrue(document["failed"])
        self.assertEqual((parts["bad_gpu_test"]["status"], parts["bad_gpu_test"]["detail"]), ("failed", "broken"))
        self.assertEqual(parts["good_gpu_test"]["status"], "ok")

    def test_another_result_than_the_cpus_is_a_failure(self):
        for difference in ("0.002", "null"):
            with self.subTest(difference):
                folder = self.bundle()
                self.check(folder, code=1, DIFFERENCE=difference)
                self.assertEqual(self.report()[1]["als against the CPU"]["status"], "failed")
                shutil.rmtree(self.folder / "tools")
                shutil.rmtree(folder)

    def test_gpu_tests_that_hang_or_have_no_time_left_fail_the_whole(self):
        done = self.check(self.bundle(hangs="sleep 60", late="echo late"), "--seconds", "10", code=1)
        document, parts = self.report()
        self.assertTrue(document["failed"])
        self.assertEqual(parts["hangs_gpu_test"]["status"], "timed out")
        self.assertEqual(parts["late_gpu_test"]["status"], "not run")
        self.assertIn("\nFAILED: hangs_gpu_test (timed out); late_gpu_test (not run, no time was left);\n", done.stdout)
        self.assertIn("\nno time was left for: als against the CPU; search against the CPU; als sweep; search sweep;\n",
                      done.stdout)
        self.assertNotIn("nothing failed", done.stdout)

    def test_a_part_that_something_else_killed_has_not_timed_out(self):
        done = self.check(self.bundle(killed="kill -9 $$"), code=1)
        self.assertEqual(self.report()[1]["killed_gpu_test"]["status"], "failed")
        self.assertIn("\nFAILED: killed_gpu_test;\n", done.stdout)

    def test_a_part_that_exceeds_its_own_limit_fails_the_whole(self):
        folder = self.bundle(good="echo fine")
        script = (folder / "gpu-check").read_text()
        self.assertIn('"als sweep" 60 ', script)
        (folder / "gpu-check").write_text(script.replace('"als sweep" 60 ', '"als sweep" 1 '))
        done = self.check(folder, code=1, BENCH_SECONDS="2")
        document, parts = self.report()
        self.assertTrue(document["failed"])
        self.assertEqual((parts["als sweep"]["status"], parts["search sweep"]["status"]), ("timed out", "ok"))
        self.assertIn("\nFAILED: als sweep (timed out);\n", done.stdout)

    def test_benches_without_time_are_said_and_fail_nothing(self):
        done = self.check(self.bundle(good="echo fine"), "--seconds", "10", BENCH_SECONDS="60")
        document, parts = self.report()
        self.assertFalse(document["failed"])
        self.assertEqual([parts[name]["status"] for name in ("good_gpu_test", "als against the CPU", "als sweep")],
                         ["ok", "cut short", "not run"])
        self.assertIn("\nno time was left for: als against the CPU (cut short); search against the CPU; als sweep; "
                      "search sweep;\nnothing failed, ", done.stdout)

    def test_seconds_have_to_be_a_whole_number_above_0(self):
        folder = self.bundle(good="echo fine")
        for options in (["abc"], ["0"], ["-5"], ["1.5"], ["12s"], [""], []):
            with self.subTest(options):
                done = self.check(folder, "--seconds", *options, code=2)
                self.assertEqual((done.stdout, done.stderr), (
                    "", f"gpu-check: --seconds '{''.join(options)}': a whole number above 0 is expected, like 520\n"))
                self.assertFalse((self.folder / "out").exists())
                shutil.rmtree(self.folder / "tools")


class WithCuda(Case):
    def run_with(self, library, **environment):
        text = (SCRIPTS / "with-cuda").read_text().replace("@CUBLAS@", library)
        script = self.folder / "with-cuda"
        script.write_text(text)
        script.chmod(0o755)
        return subprocess.run([script, "sh", "-c", "echo ${LD_LIBRARY_PATH:-nothing}"], capture_output=True, text=True,
                              env={**os.environ, **environment})

    def test_a_library_is_found_where_cuda_is(self):
        (self.folder / "lib64").mkdir()
        (self.folder / "lib64" / "libsegue_none.so.7").touch()
        done = self.run_with("libsegue_none.so.7", CUDA_HOME=str(self.folder), LD_LIBRARY_PATH="/x")
        self.assertEqual(done.stdout, f"{self.folder}/lib64:/x\n")

    def test_the_program_runs_without_it(self):
        done = self.run_with("libsegue_none.so.7", CUDA_HOME=str(self.folder), LD_LIBRARY_PATH="")
        self.assertEqual((done.returncode, done.stdout), (0, "nothing\n"))


class KernelReport(unittest.TestCase):
    def test_it_reads_what_ptxas_says(self):
        loader = importlib.machinery.SourceFileLoader("kernel_report", str(SCRIPTS / "kernel-report"))
        report = importlib.util.module_from_spec(importlib.util.spec_from_loader("kernel_report", loader))
        loader.exec_module(report)
        kernels = report.parse("""\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z1ki' for 'sm_80'
ptxas info    : Function properties for _Z1ki
    16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 16 bytes cumulative stack size, 4640 bytes smem, 364 bytes cmem[0]
ptxas info    : Compiling entry function '_Z1ki' for 'sm_90'
ptxas info    : Function properties for _Z1ki
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers
""")
        self.assertEqual(kernels, {("_Z1ki", "80"): {"registers": 40, "shared": 4640, "stack": 16, "spills": 12},
                                   ("_Z1ki", "90"): {"registers": 32, "shared": 0, "stack": 0, "spills": 0}})
        self.assertEqual(report.shortened("void segue::cuda::(anonymous namespace)::solve<(int)8, float>(int, float*)"),
                         "solve<(int)8, float>")


if __name__ == "__main__":
    unittest.main()
