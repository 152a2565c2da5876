# SPDX-License-Identifier: Apache-2.0
"""What the compiler makes of the core and of a mutant of it: the same code is the same core in other words."""

import hashlib
import pathlib
import subprocess

FLAGS = ["-std=c11", "-O2", "-D_GNU_SOURCE", "-w"]


class Objects:
    def __init__(self, core: pathlib.Path, folder: pathlib.Path):
        self.flags = [*FLAGS, *(f"-I{path}" for path in [core, *sorted(core.rglob("*"))] if path.is_dir())]
        folder.mkdir(parents=True, exist_ok=True)
        self.out = folder / "object.o"
        self.users = {}  # of a file: the sources that it is compiled in
        self.sound = {}
        for source in sorted(core.rglob("*.c")):
            for used in self._uses(source):
                self.users.setdefault(used, []).append(source)
            self.sound[source] = self._compile(source)

    def _run(self, *arguments):
        return subprocess.run(["cc", *self.flags, *arguments], capture_output=True, text=True, check=False)

    def _uses(self, source):
        made = self._run("-MM", str(source))
        if made.returncode != 0:
            raise SystemExit(f"mutants: {source} does not compile:\n{made.stderr}")
        return {pathlib.Path(path) for path in made.stdout.replace("\\\n", " ").split(":", 1)[1].split()}

    def _compile(self, source):
        made = self._run("-c", str(source), "-o", str(self.out))
        return hashlib.sha256(self.out.read_bytes()).hexdigest() if made.returncode == 0 else None

    def compare(self, changed: pathlib.Path):
        """After a file was changed: None where it does not compile, "" where the code is the same, else what is
        different in it."""
        differs = []
        for source in self.users.get(changed, []):
            made = self._compile(source)
            if made is None:
                return None
            if made != self.sound[source]:
                differs.append(f"{source.name} {made}")
        return " ".join(differs)
