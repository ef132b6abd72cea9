"""scripts/install-packages against made-up dpkg-query, apt-get, sudo and id: nothing is installed."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ("bash", "dirname", "env", "grep", "readlink", "sed")  # what the script itself may use


class InstallPackagesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.bin = pathlib.Path(directory.name)
        for tool in TOOLS:
            path = next(pathlib.Path(p) / tool for p in ("/usr/bin", "/bin") if (pathlib.Path(p) / tool).exists())
            (self.bin / tool).symlink_to(path)
        self.log = self.bin / "log"
        self.log.write_text("")
        lines = (ROOT / "scripts/packages.txt").read_text().splitlines()
        self.wanted = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
        self.fake("id", "echo 0")
        self.fake("apt-get", f'echo "apt-get $*" >> {self.log}')
        self.fake("sudo", f'echo "sudo" >> {self.log}; exec "$@"')
        self.installed(self.wanted)

    def fake(self, name, body):
        path = self.bin / name
        path.write_text(f"#!{self.bin}/bash\n{body}\n")
        path.chmod(0o755)

    def installed(self, packages, removed=()):
        lines = [f"echo '{name} installed'" for name in packages] + [f"echo '{name} config-files'" for name in removed]
        self.fake("dpkg-query", "\n".join(lines) + ("" if len(packages) == len(self.wanted) else "\nexit 1"))

    def run_script(self, *arguments):
        return subprocess.run(
            [ROOT / "scripts/install-packages", *arguments], env={**os.environ, "PATH": str(self.bin)}, capture_output=True, text=True
        )

    def calls(self):
        return self.log.read_text().splitlines()

    def test_nothing_missing_means_nothing_done(self):
        result = self.run_script()
        self.assertEqual((result.returncode, result.stdout, result.stderr, self.calls()), (0, "", "", []))

    def test_only_what_is_missing_is_installed_after_one_update(self):
        self.installed(self.wanted[2:])
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(len(self.calls()), 2)
        self.assertTrue(self.calls()[0].endswith(" update"))
        self.assertTrue(self.calls()[1].endswith(" ".join(["--no-install-recommends", *self.wanted[:2]])), self.calls())

    def test_a_removed_package_whose_settings_remain_is_missing(self):
        self.installed(self.wanted[1:], removed=self.wanted[:1])
        self.assertEqual(self.run_script("--list").stdout.split(), self.wanted[:1])
        self.assertEqual(self.calls(), [])

    def test_users_go_through_sudo(self):
        self.fake("id", "echo 1000")
        self.installed(self.wanted[1:])
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls().count("sudo"), 2)

    def test_without_sudo_the_command_for_root_is_shown(self):
        self.fake("id", "echo 1000")
        (self.bin / "sudo").unlink()
        self.installed(self.wanted[1:])
        result = self.run_script()
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"as root: apt-get install --no-install-recommends {self.wanted[0]}", result.stderr)

    def test_a_failed_update_does_not_stop_an_install_that_works(self):
        self.fake("apt-get", f'echo "apt-get $*" >> {self.log}; case "$*" in *update) exit 100 ;; esac')
        self.installed(self.wanted[1:])
        self.assertEqual(self.run_script().returncode, 0)

    def test_a_failed_install_is_an_error(self):
        self.fake("apt-get", 'case "$*" in *install*) exit 100 ;; esac')
        self.installed(self.wanted[1:])
        result = self.run_script()
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"could not install: {self.wanted[0]}", result.stderr)

    def test_another_system_is_told_what_to_do(self):
        (self.bin / "dpkg-query").unlink()
        result = self.run_script()
        self.assertEqual(result.returncode, 3)
        self.assertIn("PACKAGES=present", result.stderr)

    def test_a_debian_without_apt_is_told_what_to_do(self):
        (self.bin / "apt-get").unlink()
        self.installed(self.wanted[1:])
        result = self.run_script()
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"install by hand: {self.wanted[0]}", result.stderr)

    def test_an_unknown_option_is_misuse(self):
        self.assertEqual(self.run_script("--force").returncode, 2)


if __name__ == "__main__":
    unittest.main()
